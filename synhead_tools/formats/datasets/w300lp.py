"""300W-LP and AFLW2000-3D as they are distributed: ``NAME.jpg`` and ``NAME.mat`` side by side.

300W-LP keeps them in the folders AFW, HELEN, IBUG, LFPW and their ``_Flip`` twins, AFLW2000-3D in one. Pictures of both
are 450 x 450 px. What `w300lp_mat` says of coordinates holds here: those of the files are MATLAB's, those of the
columns the project's, half a pixel less.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.datasets.label_columns import PictureFiles
from synhead_tools.formats.datasets.w300lp_boxes import AFLW2000, hopenet_box_xyxy, point_extent_xyxy
from synhead_tools.formats.datasets.w300lp_boxes import W300LP as W300LP_WIDENING
from synhead_tools.formats.datasets.w300lp_files import (
    SUBSETS,
    LabelledPictures,
    find_labelled_pictures,
    folder_counts,
    has_pair,
)
from synhead_tools.formats.datasets.w300lp_mat import MATLAB_OFFSET_PX, read_pose_mat
from synhead_tools.geometry.euler import rotmat_from_euler
from synhead_tools.geometry.quaternions import quat_xyzw_from_rotmat

LARGEST_ANGLE_DEG = 99.0
"""Beyond it Hopenet has no bins; papers leave such pictures (31 of AFLW2000-3D) out."""

BOX_POINTS = ("seen", "all")

_AFLW_POINTS = 21
_RIGHT_EYE, _LEFT_EYE, _NOSE_TIP, _RIGHT_MOUTH, _LEFT_MOUTH = slice(36, 42), slice(42, 48), 30, 48, 54


class W300LP(PictureFiles):
    """Every picture with a label file, in order of folder and name.

    Columns: ``image``, ``rotmat``, ``quat_xyzw``, ``euler_deg`` (convention 300w-lp, the file's numbers in degrees:
    pitch, yaw, roll), ``face_box_xyxy``, ``target_id`` (folder and name without suffix, as in Hopenet's lists) and, if
    every file has 68 points, ``landmarks68`` and ``points5``. The third coordinate of both is NaN: the files know no
    metres. The 68 points were fitted, hidden ones too, and nothing says which are hidden: there is no visibility.

    Parameters
    ----------
    root : path
        Folder to look through, with all folders in it but ``landmarks`` and ``Code``. Links to folders are not
        followed.
    labels : None
        For the sake of the common signature; must be None.
    within_99_deg : bool
        Leave out pictures of which an angle is beyond +-99 degrees.
    box_points : str
        Of which points the face box is made, see `w300lp_boxes`. ``"seen"`` leaves out those of AFLW2000-3D that AFLW
        does not see. ``"all"`` takes them where the files put them, at (-1, 452), as Hopenet's code and what follows it
        do: to repeat their scores, with boxes that for most pictures reach beyond the lower left corner. Where fewer
        than two points are seen it is the extent of ``pt3d_68``.

    Attributes
    ----------
    files : LabelledPictures
        What was found on the disk.

    Raises
    ------
    LabelFormatError
        There are no such pairs, or a label file is damaged or has no points to make a box of; names it.
    """

    def __init__(
        self,
        root: str | os.PathLike,
        labels: None = None,
        within_99_deg: bool = False,
        box_points: str = "seen",
    ) -> None:
        root = Path(root)
        if labels is not None:
            raise LabelFormatError(f"{root} has a label file beside each picture; leave out {labels}")
        if box_points not in BOX_POINTS:
            raise LabelFormatError(f"box_points is {box_points!r}; give one of {', '.join(BOX_POINTS)}")
        files = find_labelled_pictures(root)
        if not len(files):
            raise LabelFormatError(
                f"{root}: no NAME.jpg with a NAME.mat beside it; give a folder of 300W-LP or AFLW2000"
            )
        columns, self._has_21_points = _read_labels(files, box_points == "all")
        beyond = (np.abs(columns["euler_deg"]) > LARGEST_ANGLE_DEG).any(axis=1)
        kept = np.flatnonzero(~beyond) if within_99_deg else np.arange(len(files))
        if not len(kept):
            raise LabelFormatError(f"{root}: every picture has an angle beyond 99 degrees; open it with all of them")
        kept_columns = {name: column[kept] for name, column in columns.items()}
        super().__init__(root, kept_columns, [files.pictures[row] for row in kept])
        self.files, self._kept = files, kept
        self._beyond_99_deg = int(beyond.sum())
        self._within_99_deg, self._box_points = within_99_deg, box_points

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether `path` is a folder in which, or in whose AFW, HELEN, ... there is a .mat file beside its picture."""
        if not path.is_dir():
            return False
        return any(has_pair(folder) for folder in (path, *(path / name for name in SUBSETS)))

    def describe(self) -> dict[str, Any]:
        """Return what a score table has to say about this dataset."""
        crops = [
            crop.said
            for crop, there in ((AFLW2000, self._has_21_points.any()), (W300LP_WIDENING, not self._has_21_points.all()))
            if there
        ]
        points = "seen points only" if self._box_points == "seen" else "unseen points taken at (-1, 452)"
        return {
            "dataset": self._dataset(),
            "subset": self._subset(),
            "convention": "300w-lp",
            "calibrated": None,  # an orthographic fit knows no camera
            "crop": f"{' and '.join(crops)}, {points}",
            "frames": len(self),
            "target_labels_used": False,
        }

    def problems(self) -> list[str]:
        """One line for each kind of oddity: files without their twin, extreme angles, boxes outside the picture."""
        found = self.files.problems()
        if self._beyond_99_deg:
            done = "left out" if self._within_99_deg else "kept; within_99_deg leaves them out"
            found.append(f"{self._beyond_99_deg} pictures have an angle beyond +-99 degrees ({done})")
        if "landmarks68" not in self.columns:
            found.append("not every label file has 68 points, so there are no landmarks")
        try:
            height, width = self.read("image", [0]).shape[1:3]
        except LabelFormatError as error:
            return [*found, str(error)]
        left, top, right, bottom = self.read("face_box_xyxy").T
        outside = int(((left < 0) | (top < 0) | (right > width) | (bottom > height)).sum())
        if outside:
            found.append(f"{outside} face boxes reach beyond the picture, which is black there")
        return found

    def _dataset(self) -> str:
        name = self.path.resolve().name
        if {name, *folder_counts(self.files.names)} & set(SUBSETS):
            return "300W-LP"
        is_aflw = all(file.name.startswith("image") for file in self.files.label_files)
        return "AFLW2000-3D" if is_aflw and self._has_21_points.all() else f"{name} (as 300W-LP)"

    def _subset(self) -> str:
        counts = folder_counts([self.files.names[row] for row in self._kept])
        folders = ", ".join(f"{name} {count}" for name, count in counts.items() if name)
        if self._within_99_deg:
            angles = f"{self._beyond_99_deg} beyond +-99 degrees left out"
        else:
            angles = f"{self._beyond_99_deg} of them beyond +-99 degrees"
        return f"{len(self)} pictures{f' ({folders})' if folders else ''}, {angles}"


def _read_labels(files: LabelledPictures, with_unseen: bool) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns of all pictures, and for each (N,) whether its ``pt2d`` are AFLW's 21 points."""
    count = len(files)
    angles_rad, extents = np.empty((count, 3)), np.empty((count, 4))
    landmarks = np.full((count, 68, 3), np.nan, "f4")
    has_21, has_68 = np.zeros(count, bool), np.zeros(count, bool)
    for row, path in enumerate(files.label_files):
        found = read_pose_mat(path)
        angles_rad[row] = found["Pose_Para"][0, :3]
        points68 = found.get("pt3d_68")
        points = found.get("pt2d", points68)
        if points is None:
            raise LabelFormatError(f"{path} has neither pt2d nor pt3d_68, so no face box; drop the picture")
        has_21[row] = points.shape[1] == _AFLW_POINTS
        if points68 is None and not has_21[row]:
            points68 = points
        extents[row] = _extent(points[:2], points68, with_unseen, path)
        if points68 is not None:
            has_68[row] = True
            landmarks[row, :, :2] = points68[:2].T - MATLAB_OFFSET_PX
    rotmat = rotmat_from_euler(angles_rad, "300w-lp")
    boxes = np.where(has_21[:, None], hopenet_box_xyxy(extents, AFLW2000), hopenet_box_xyxy(extents, W300LP_WIDENING))
    columns = {
        "rotmat": rotmat,
        "quat_xyzw": quat_xyzw_from_rotmat(rotmat),
        "euler_deg": np.degrees(angles_rad),
        "face_box_xyxy": boxes.astype("f4"),
        "target_id": np.array([os.fsencode(name)[-64:] for name in files.names], "S64"),
    }
    if has_68.all():
        columns |= {"points5": _points5(landmarks), "landmarks68": landmarks}
    return columns, has_21


def _extent(points: np.ndarray, points68: np.ndarray | None, with_unseen: bool, path: Path) -> np.ndarray:
    extent = point_extent_xyxy(points, with_unseen)
    if extent is None and points68 is not None:
        extent = point_extent_xyxy(points68[:2], with_unseen)
    if extent is None:
        raise LabelFormatError(f"{path}: its points span no box; drop the picture")
    return extent


def _points5(landmarks68: np.ndarray) -> np.ndarray:
    """Right and left eye centre, nose tip, right and left mouth corner (N, 5, 3) of 68 points (N, 68, 3)."""
    return np.stack(
        [
            landmarks68[:, _RIGHT_EYE].mean(axis=1),
            landmarks68[:, _LEFT_EYE].mean(axis=1),
            *(landmarks68[:, point] for point in (_NOSE_TIP, _RIGHT_MOUTH, _LEFT_MOUTH)),
        ],
        axis=1,
    )
