"""Biwi+ labels and face boxes of the BIWI Kinect Head Pose Database, as published in ``.npz`` files.

The files hold ``images`` (``NN/frame_XXXXX_rgb.png``), ``pyr`` (pitch, yaw, roll in degrees, convention ``biwi+``) and
``bbox`` (x, y, width, height in px). Their array ``ids`` is one entry short of the others and is not read: the
sequence comes from the picture's name.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.label_columns import LabelColumns
from synhead_tools.geometry.boxes import xywh_to_xyxy
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat

PICTURE_SIZE = (480, 640)
"""Height and width in px of every BIWI colour picture."""

BIWI_INTRINSICS = np.array([[517.679, 0.0, 320.0], [0.0, 517.679, 240.5], [0.0, 0.0, 1.0]])
"""Camera matrix of ``rgb.cal``, its numbers taken as they are in coordinates with (0, 0) at the picture's corner.

``rgb.cal`` does not say where pixel coordinates start. That its depth counterpart has the principal point (320, 240),
half of 640 x 480, fits the corner and not the centre of the first pixel. Were it the centre, half a pixel would have
to be added, which turns the ray to a head by less than 0.06 degrees.
"""

LARGEST_BOX_PX = 10 * max(PICTURE_SIZE)
UNPACKED_BYTES_LIMIT = 256 << 20

_NAME = re.compile(r"(\d\d)/frame_(\d{5})_rgb\.png")
_FIRST_FRAME = "01/frame_00003_rgb.png"
_FIRST_PYR = {True: (-8.58916, -3.55111, 2.29379), False: (-7.70527, -3.05309, 1.99114)}
_SUBSETS = {15678: "Biwi+", 13219: "FSA-Net", 15636: "WHENet", 15666: "Dockerface"}


class BiwiPlusLabels(LabelColumns):
    """Labels and boxes of one Biwi+ ``.npz`` file; no pictures.

    Columns: ``rotmat``, ``quat_xyzw``, ``euler_deg`` (convention biwi+), ``intrinsics``, ``face_box_xyxy``,
    ``target_id`` (the picture's name), ``sequence`` (1 to 24) and ``frame_id`` (from the name). A box of x, y, w, h
    covers pixel columns x to x + w - 1, so that its edges are x and x + w.

    Parameters
    ----------
    path : path
        The ``.npz`` file.
    labels : None
        For the sake of the common signature; must be None.

    Attributes
    ----------
    calibrated : bool
        Whether rotations are of the RGB camera (True) or of the depth camera. Read off frame 01/frame_00003 where it
        is listed, else from the entry ``calibrated``, else from ``non_cal`` in the file's name.
    protocol : str
        ``"Biwi+"`` (all 15,678 frames), ``"FSA-Net"``, ``"WHENet"``, ``"Dockerface"`` or the file's name: whose
        choice of frames and boxes this is.

    Raises
    ------
    LabelFormatError
        The file is missing, damaged, holds pickled objects, or its arrays are not as above; names the row.
    """

    def __init__(self, path: str | os.PathLike, labels: None = None) -> None:
        path = Path(path)
        if labels is not None:
            raise LabelFormatError(f"{path} holds labels itself; leave out {labels}")
        arrays = _load_arrays(path)
        names, pyr, boxes = arrays["images"], arrays["pyr"], arrays["bbox"]
        _check_arrays(names, pyr, boxes, path)
        numbers = np.array([_sequence_and_frame(name, row, path) for row, name in enumerate(names)], "i4").reshape(
            -1, 2
        )
        rotmat = rotmat_from_euler(pyr, "biwi+")
        columns = {
            "rotmat": rotmat,
            "quat_xyzw": quat_xyzw_from_rotmat(rotmat),
            "euler_deg": pyr.astype("f8"),
            "intrinsics": np.tile(BIWI_INTRINSICS, (len(names), 1, 1)),
            "face_box_xyxy": xywh_to_xyxy(boxes).astype("f4"),
            "target_id": np.char.encode(names, "ascii").astype("S64"),
            "sequence": numbers[:, 0],
            "frame_id": numbers[:, 1],
        }
        super().__init__(path, columns)
        self.calibrated = _is_calibrated(names, pyr, arrays, path)
        self.protocol = _SUBSETS.get(len(names), path.stem)
        self._row_of = {name: row for row, name in enumerate(names.tolist())}

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether `path` is a ``.npz`` file with names, angles and boxes, or one too damaged to say."""
        if path.suffix.lower() != ".npz" or not path.is_file():
            return False
        try:
            with zipfile.ZipFile(path) as archive:
                return {f"{name}.npy" for name in ("images", "pyr", "bbox")} <= set(archive.namelist())
        except (OSError, ValueError, zipfile.BadZipFile):
            return True

    def row_of(self, name: str) -> int | None:
        """Row of the picture called `name` (``NN/frame_XXXXX_rgb.png``), or None if it is not listed."""
        return self._row_of.get(name)

    def describe(self) -> dict[str, Any]:
        """Return what a score table has to say about this dataset."""
        return {
            "dataset": "BIWI",
            "subset": f"{self.protocol}, {len(self)} frames of {len(np.unique(self.read('sequence')))} sequences",
            "convention": "biwi+",
            "calibrated": self.calibrated,
            "crop": f"{self.protocol} box",
            "frames": len(self),
            "target_labels_used": False,
        }


def _load_arrays(path: Path) -> Mapping[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > UNPACKED_BYTES_LIMIT:
            raise LabelFormatError(f"{path} unpacks to {unpacked} bytes, more than labels need; do not trust it")
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in ("images", "pyr", "bbox") if name not in archive]
            if missing:
                raise LabelFormatError(f"{path} has no {', '.join(missing)}; give a Biwi+ file with images, pyr, bbox")
            return {name: archive[name] for name in ("images", "pyr", "bbox", "calibrated") if name in archive}
    except LabelFormatError:
        raise
    except OSError as error:
        raise LabelFormatError(f"{path} cannot be read ({error.strerror or error}); give a Biwi+ .npz file") from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, EOFError, MemoryError, NotImplementedError) as error:
        raise LabelFormatError(
            f"{path} is not a plain .npz file ({' '.join(str(error).split())}); fetch it anew"
        ) from None
    except Exception as error:  # zlib.error and whatever a damaged archive makes of its headers
        raise LabelFormatError(f"{path} is damaged ({type(error).__name__}); fetch it anew") from None


def _check_arrays(names: np.ndarray, pyr: np.ndarray, boxes: np.ndarray, path: Path) -> None:
    count = len(names) if names.ndim == 1 else -1
    if names.dtype.kind != "U" or pyr.shape != (count, 3) or boxes.shape != (count, 4):
        shapes = f"images {names.shape}, pyr {pyr.shape}, bbox {boxes.shape}"
        raise LabelFormatError(f"{path}: {shapes} do not fit together; expected (N,), (N, 3), (N, 4)")
    if pyr.dtype.kind != "f" or boxes.dtype.kind not in "iuf":
        raise LabelFormatError(f"{path}: pyr is {pyr.dtype}, bbox is {boxes.dtype}; expected numbers")
    for name, good in {
        "pyr is not three finite angles": np.isfinite(pyr).all(axis=1) & (np.abs(pyr) <= 360).all(axis=1),
        "bbox is not a box of some size near the picture": (np.abs(boxes) <= LARGEST_BOX_PX).all(axis=1)
        & (boxes[:, 2:] > 0).all(axis=1),
    }.items():
        if not good.all():
            row = int(np.argmin(good))
            raise LabelFormatError(f"{path}: row {row} ({str(names[row])[:40]}): {name}; drop it")
    values, counts = np.unique(names, return_counts=True)
    if (counts > 1).any():
        raise LabelFormatError(f"{path}: picture {str(values[counts > 1][0])[:40]!r} is listed twice; drop one")


def _sequence_and_frame(name: str, row: int, path: Path) -> tuple[int, int]:
    match = _NAME.fullmatch(name)
    if not match or not name.isascii():
        raise LabelFormatError(f"{path}: row {row}: picture {str(name)[:40]!r} is not called NN/frame_XXXXX_rgb.png")
    return int(match[1]), int(match[2])


def _is_calibrated(names: np.ndarray, pyr: np.ndarray, arrays: Mapping[str, np.ndarray], path: Path) -> bool:
    for angles in pyr[names == _FIRST_FRAME]:
        for calibrated, known in _FIRST_PYR.items():
            if np.allclose(angles, known, atol=1e-3):
                return calibrated
    if "calibrated" in arrays:
        return bool(arrays["calibrated"].all())
    return "non_cal" not in path.stem.lower()
