"""WIDER FACE's ``wider_easy_val.mat``, ``wider_medium_val.mat`` and ``wider_hard_val.mat``: which faces a score counts.

Cells by event: ``event_list`` (text), ``file_list`` (names without ``.jpg``), ``face_bbx_list`` (left, top, width,
height of all faces of a picture) and ``gt_list`` (numbers, from 1 on, of those that belong to the subset). Source:
eval_tools of the dataset (S. Yang et al., CVPR 2016).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.mat5 import CELLS_BYTES_LIMIT, cell_arrays
from synhead_tools.formats.face_annotations.annotations import FaceAnnotations
from synhead_tools.input_files import read_input

_LISTS = ("event_list", "file_list", "face_bbx_list", "gt_list")
_WANTED = "give WIDER FACE's wider_easy_val.mat, wider_medium_val.mat or wider_hard_val.mat"


def read_wider_subset(path: str | os.PathLike, annotations: FaceAnnotations) -> list[np.ndarray]:
    """Which faces of `annotations` belong to the subset.

    Faces are recognised by their boxes, since readers leave out those that have no area.

    Parameters
    ----------
    path : path
        The MATLAB file.
    annotations : FaceAnnotations
        Of ``wider_face_val_bbx_gt.txt``.

    Returns
    -------
    list of (n,) bool
        For each picture of `annotations`.

    Raises
    ------
    LabelFormatError
        The file is no such list, or it and `annotations` are of different pictures or faces.
    """
    path = Path(path)
    data = read_input(path, CELLS_BYTES_LIMIT, LabelFormatError, _WANTED)
    faces = _faces_of_pictures(cell_arrays(data, _LISTS, str(path)), path)
    masks, used = [], 0
    for picture in annotations.pictures:
        name = picture.name.rsplit(".", 1)[0]
        if name not in faces:
            raise LabelFormatError(f"{path} has no picture {name}; labels and subset must be of the same part of WIDER")
        wanted = faces[name]
        used += len(wanted)
        masks.append((picture.boxes_xyxy[:, None] == wanted[None]).all(axis=-1).any(axis=1))
        if masks[-1].sum() < len(np.unique(wanted, axis=0)):
            raise LabelFormatError(f"{path}: picture {name} has faces that {annotations.path.name} has not")
    if used == 0:
        raise LabelFormatError(f"{path} counts no face of {annotations.path.name}; {_WANTED}")
    return masks


def _faces_of_pictures(lists: dict[str, object], path: Path) -> dict[str, np.ndarray]:
    """Boxes xyxy (m, 4) float32 of the faces that count, by the picture's name without ending."""
    missing = [name for name in _LISTS if not isinstance(lists.get(name), list)]
    if missing:
        raise LabelFormatError(f"{path} has no list {missing[0]}; {_WANTED}")
    found = {}
    try:
        for event, files, boxes, counted in zip(*(lists[name] for name in _LISTS), strict=True):
            for name, box, rows in zip(files, boxes, counted, strict=True):
                found[f"{event}/{_text(name)}"] = _xyxy(box, rows)
    except (ValueError, TypeError, IndexError):
        raise LabelFormatError(f"{path}: its lists do not fit each other; {_WANTED}") from None
    return found


def _text(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError
    return name


def _xyxy(boxes: np.ndarray, rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows, float).ravel()
    if not np.isin(rows, np.arange(1, len(boxes) + 1)).all():
        raise IndexError
    chosen = np.asarray(boxes, np.float32).reshape(-1, 4)[rows.astype(int) - 1]
    chosen = chosen[(chosen[:, 2:] > 0).all(axis=1)]
    return np.concatenate([chosen[:, :2], chosen[:, :2] + chosen[:, 2:]], axis=1)
