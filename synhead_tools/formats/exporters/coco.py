"""COCO keypoints: ``annotations.json`` and ``images/``, one head per picture.

``bbox`` is x, y, width, height of the face box (of the head box where there is none), px, not clipped to the picture.
``keypoints`` are the five points; the 68 are ``face_kpts``, with ``face_box`` (again ``bbox``) and ``face_valid``, the
names of COCO-WholeBody, which mmpose's ``CocoWholeBodyFaceDataset`` reads. COCO counts keypoints from the centre of the
top-left pixel, half a pixel less than here (facebookresearch/detectron2 docs/tutorials/datasets.md); boxes are edges in
both. Visibility is COCO's: 2 visible, 1 hidden, 0 outside of the picture, which COCO calls not labelled and writes as
0, 0, 0. Where a dataset does not say whether its points are visible, those inside the picture get 2
(``info.visibility`` is then "unknown").

``head_pose`` is ours: ``rotmat`` (R_head_to_camera, row by row), ``quat_xyzw``, ``euler_deg`` in ``convention`` and in
its written order, and where they are known ``translation_m`` and ``intrinsics`` (row by row, (0, 0) the corner of the
top-left pixel).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, TextIO

import numpy as np

from synhead_tools.errors import ExportError
from synhead_tools.formats.exporters.blocks import (
    Progress,
    blocks,
    check_finite,
    json_value,
    no_progress,
    require_columns,
    sample_names,
    written_convention,
)
from synhead_tools.formats.exporters.export_folder import export_folder
from synhead_tools.formats.exporters.pictures import AS_STORED, PictureStyle
from synhead_tools.formats.sample import HIDDEN, OUTSIDE, VISIBLE, SampleSource
from synhead_tools.geometry.boxes import xyxy_to_xywh
from synhead_tools.geometry.conventions import get_convention
from synhead_tools.geometry.euler import euler_deg_from_rotmat
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat

FORMAT = "coco"
JSON_NAME = "annotations.json"
COLUMNS = ("image", "rotmat")
BOXES = ("face_box_xyxy", "head_box_xyxy")
POINTS = {"points5": "keypoints", "landmarks68": "face_kpts"}
OPTIONAL = ("points5_visibility", "landmarks68_visibility", "translation_m", "intrinsics", *BOXES, *POINTS)
FILES = r"images/(\d{6,}\.(png|jpg))?|annotations\.json"

POINT_NAMES = ["right_eye", "left_eye", "nose", "right_mouth_corner", "left_mouth_corner"]
"""The subject's right and left."""
SKELETON = [[1, 2], [1, 3], [2, 3], [3, 4], [3, 5], [4, 5]]
PIXEL_CENTRE_PX = 0.5

COCO_VISIBILITY = np.zeros(3, int)
COCO_VISIBILITY[[OUTSIDE, HIDDEN, VISIBLE]] = 0, 1, 2


def export(
    dataset: SampleSource,
    out: str | os.PathLike,
    *,
    pictures: PictureStyle = AS_STORED,
    overwrite: bool = False,
    progress: Progress = no_progress,
    convention: str | None = None,
) -> dict[str, Any]:
    """Write ``annotations.json`` and ``images/NNNNNN.png``; see the module for the fields.

    Parameters
    ----------
    dataset, out, pictures, overwrite, progress
        As `export_dataset`.
    convention : str, optional
        Euler convention of ``euler_deg``; the dataset's own by default.

    Raises
    ------
    ExportError
        No image, rotation or box, a box is not finite, or a visibility is none.
    OutputExistsError
        As `export_folder`.
    """
    box = next((name for name in BOXES if name in dataset.columns), BOXES[0])
    require_columns(dataset, (*COLUMNS, box), FORMAT)
    pictures, convention = pictures.settled("png"), written_convention(dataset, convention)
    columns = [*COLUMNS, *(name for name in OPTIONAL if name in dataset.columns)]
    size = dataset.read("image", np.arange(1)).shape[1:3]
    facts = {"format": FORMAT, "frames": len(dataset), "convention": convention, **pictures.facts(), "bbox": box}
    with export_folder(dataset, out, facts, FILES, overwrite) as folder:
        (folder / "images").mkdir()
        with (folder / JSON_NAME).open("w", encoding="utf-8", newline="") as file:
            _write_head(file, dataset, columns, facts, size)
            comma = ""
            for names, block in blocks(dataset, columns, pictures, progress):
                check_finite(block[box], names, box)
                for name, image in zip(names, block["image"], strict=True):
                    (folder / "images" / f"{name}.{pictures.format}").write_bytes(pictures.encode(image))
                for annotation in _annotations(names, block, box, convention):
                    file.write(f"{comma}\n{json.dumps(annotation, allow_nan=False)}")
                    comma = ","
            file.write("\n]}\n")
    return facts


def _write_head(
    file: TextIO, dataset: SampleSource, columns: list[str], facts: dict[str, Any], size: tuple[int, int]
) -> None:
    """Everything before the annotations, which come last so that they can be written while pictures are."""
    unknown = [name for name in POINTS if name in columns and f"{name}_visibility" not in columns]
    info = {
        "description": f"{dataset.describe().get('dataset')}: {dataset.describe().get('subset')}",
        "bbox": f"{facts['bbox']} as x, y, width, height; not clipped",
        "visibility": "unknown" if unknown else "known",
        "convention": facts["convention"],
        "convention_spec": get_convention(facts["convention"]).spec,
    }
    category = {"id": 1, "name": "face", "supercategory": "person"}
    if "points5" in columns:
        category |= {"keypoints": POINT_NAMES, "skeleton": SKELETON}
    head = json.dumps({"info": info, "licenses": [], "categories": [category]})
    file.write(f'{head[:-1]}, "images": [')
    comma = ""
    for row in range(len(dataset)):
        name = sample_names(np.array([row]), len(dataset))[0]
        entry = {"id": row + 1, "file_name": f"images/{name}.{facts['picture_format']}"}
        file.write(f"{comma}\n{json.dumps({**entry, 'width': size[1], 'height': size[0]})}")
        comma = ","
    file.write('\n], "annotations": [')


def _annotations(names: list[str], block: dict[str, np.ndarray], box: str, convention: str) -> Iterator[dict[str, Any]]:
    """One annotation per sample of a block."""
    boxes = {name: xyxy_to_xywh(block[name]) for name in BOXES if name in block}
    points = {field: _keypoints(name, block) for name, field in POINTS.items() if name in block}
    pose = {
        "rotmat": block["rotmat"].reshape(-1, 9),
        "quat_xyzw": quat_xyzw_from_rotmat(block["rotmat"]),
        "euler_deg": euler_deg_from_rotmat(block["rotmat"], convention) + 0.0,
    }
    pose |= {name: block[name].reshape(len(names), -1) for name in ("translation_m", "intrinsics") if name in block}
    for index, name in enumerate(names):
        number = int(name) + 1
        annotation = {"id": number, "image_id": number, "category_id": 1, "iscrowd": 0, "segmentation": []}
        annotation |= {"bbox": json_value(boxes[box][index]), "area": float(np.prod(boxes[box][index, 2:]))}
        if "keypoints" in points:
            annotation["num_keypoints"] = int((points["keypoints"][index, 2::3] > 0).sum())
        annotation |= {field: _triples(values[index]) for field, values in points.items()}
        if "face_kpts" in points:
            annotation["face_box"] = annotation["bbox"]
            annotation["face_valid"] = bool((points["face_kpts"][index, 2::3] > 0).any())
        if "head_box_xyxy" in boxes and box != "head_box_xyxy":
            annotation["head_box"] = json_value(boxes["head_box_xyxy"][index])
        said = {field: json_value(values[index]) for field, values in pose.items()}
        yield {**annotation, "head_pose": {**said, "convention": convention}}


def _keypoints(name: str, block: dict[str, np.ndarray]) -> np.ndarray:
    """x, y, v, x, y, v, ... of n samples: float array (n, 3 N)."""
    xy = block[name][..., :2].astype(float)
    height, width = block["image"].shape[1:3]
    if f"{name}_visibility" in block:
        codes = block[f"{name}_visibility"]
        if codes.max() > VISIBLE:
            raise ExportError(f"{name}_visibility holds {codes.max()}; expected 0 outside, 1 hidden, 2 visible")
        seen = COCO_VISIBILITY[codes]
    else:
        seen = np.where(((xy >= 0) & (xy < (width, height))).all(axis=-1), 2, 0)
    seen = np.where(np.isfinite(xy).all(axis=-1), seen, 0)
    keypoints = np.concatenate([xy - PIXEL_CENTRE_PX, seen[..., None]], axis=-1)
    keypoints[seen == 0] = 0
    return keypoints.reshape(len(xy), -1)


def _triples(flat: np.ndarray) -> list[float | int]:
    """The same as JSON has it, visibility as whole numbers."""
    values = json_value(flat.astype("f4"))
    values[2::3] = [int(v) for v in values[2::3]]
    return values
