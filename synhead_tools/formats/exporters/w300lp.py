"""Files in the layout of 300W-LP and AFLW2000-3D: ``NNNNNN.jpg`` with ``NNNNNN.mat``, and ``files.txt`` naming them.

Coordinates are MATLAB's, as in those datasets: the centre of the top-left pixel is (1, 1), half a pixel more than
here. A ``.mat`` file holds, all float64 but ``roi``:

- ``Pose_Para`` (1, 7): pitch, yaw, roll in radians in the convention ``300w-lp``; then tx, ty in px, tz in px, and the
  scale in px per micrometre of the weak perspective that takes the Basel face model's vertices v, in micrometres, y up
  and z out of the face, to the picture: s R v + t, with y counted upwards as ``height + 1 - y``. Its origin lies
  `MODEL_ORIGIN_M` from ours. tz is arbitrary under weak perspective and 0 here. Without ``translation_m`` and
  ``intrinsics`` only the three angles are there, (1, 3).
- ``pt2d`` (2, 68): x and y of the iBUG points. Those outside the picture or hidden are given, too.
- ``pt3d_68`` (3, 68): the same and z, px, towards the viewer, relative to the model's origin; only with
  ``translation_m`` and ``intrinsics``.
- ``roi`` (1, 4): left, top, right, bottom of the picture in the one it was cut from; here the picture itself.

Sources: YadiraF/face3d (weak perspective and its units), zhangxuan1918/FaceFusion landmarks_util (MATLAB's 1 and the
direction of y).
"""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np

from synhead_tools.formats.datasets.w300lp_mat import MATLAB_OFFSET_PX
from synhead_tools.formats.exporters.blocks import Progress, blocks, check_finite, no_progress, require_columns
from synhead_tools.formats.exporters.export_folder import export_folder
from synhead_tools.formats.exporters.pictures import AS_STORED, PictureStyle
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.geometry.projection import project_points

FORMAT = "300w-lp"
CONVENTION = "300w-lp"
COLUMNS = ("image", "rotmat", "landmarks68")
CAMERA_COLUMNS = ("translation_m", "intrinsics")
FILES = r"\d{6,}\.(jpg|png|mat)|files\.txt"

EYE_CONTOUR_M = np.array([0.0, 0.002, -0.010])
"""Middle of the twelve points of the eyes' contours in the head frame, metres, as on the bundled heads."""

MODEL_ORIGIN_M = EYE_CONTOUR_M + (0.0, 0.026, 0.093)
"""Origin of the Basel face model in the head frame, metres: 26 mm below and 93 mm behind those twelve points.

Measured on ``Pose_Para`` and ``pt3d_68`` of 15 pictures of AFLW2000-3D, which agree within 4 mm.
"""

_MAT_TEXT = b"MATLAB 5.0 MAT-file, written by synhead".ljust(116)


def export(
    dataset: SampleSource,
    out: str | os.PathLike,
    *,
    pictures: PictureStyle = AS_STORED,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Write a picture (JPEG unless PNG is asked for) and a ``.mat`` file per sample; see the module for what is in it.

    Raises
    ------
    ExportError
        No image, rotation or 68 points, or a point is not finite.
    OutputExistsError
        As `export_folder`.
    """
    require_columns(dataset, COLUMNS, FORMAT)
    pictures = pictures.settled("jpg")
    camera = CAMERA_COLUMNS if all(name in dataset.columns for name in CAMERA_COLUMNS) else ()
    facts = {"format": FORMAT, "frames": len(dataset), "convention": CONVENTION, **pictures.facts()}
    with (
        export_folder(dataset, out, facts, FILES, overwrite) as folder,
        (folder / "files.txt").open("w", encoding="ascii", newline="") as listed,
    ):
        for names, block in blocks(dataset, (*COLUMNS, *camera), pictures, progress):
            check_finite(block["landmarks68"][..., :2], names, "landmarks68")
            for name, image, variables in zip(names, block["image"], _variables(block), strict=True):
                (folder / f"{name}.{pictures.format}").write_bytes(pictures.encode(image))
                (folder / f"{name}.mat").write_bytes(mat_file(variables))
            listed.writelines(f"{name}\n" for name in names)
    return facts


def _variables(block: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """What goes into the ``.mat`` file of each sample of a block."""
    count, height, width = block["image"].shape[:3]
    points = block["landmarks68"].astype(float)
    points_px = np.swapaxes(points[..., :2] + MATLAB_OFFSET_PX, 1, 2)
    angles_rad = euler_from_rotmat(block["rotmat"], CONVENTION) + 0.0
    roi = np.array([[1, 1, width, height]], np.int32)
    found = [{"Pose_Para": angles_rad[[row]], "pt2d": points_px[row], "roi": roi} for row in range(count)]
    if "intrinsics" not in block:
        return found
    origin_px, origin_m = project_points(MODEL_ORIGIN_M[None], *(block[name] for name in ("rotmat", *CAMERA_COLUMNS)))
    focal_px, origin_m = block["intrinsics"][:, 0, 0], origin_m[:, 0]
    origin_px = origin_px[:, 0] + MATLAB_OFFSET_PX
    shift_and_scale = np.stack(
        [origin_px[:, 0], height + 1 - origin_px[:, 1], np.zeros(count), focal_px / origin_m * 1e-6], axis=-1
    )
    towards_px = (origin_m[:, None] - points[..., 2]) * (focal_px / origin_m)[:, None]
    for row, variables in enumerate(found):
        variables["Pose_Para"] = np.concatenate([angles_rad[row], shift_and_scale[row]])[None]
        variables["pt3d_68"] = np.concatenate([points_px[row], towards_px[None, row]])
    return found


def mat_file(variables: dict[str, np.ndarray]) -> bytes:
    """A MATLAB 5 file of these arrays; SciPy's text at its beginning has the date in it, ours always says the same."""
    from scipy.io import savemat

    file = io.BytesIO()
    savemat(file, variables)
    file.getbuffer()[: len(_MAT_TEXT)] = _MAT_TEXT
    return file.getvalue()
