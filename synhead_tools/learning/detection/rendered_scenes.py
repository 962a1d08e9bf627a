"""Rendered scenes (``synhead render --scenes``) as samples for the detector."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np

from synhead_tools.errors import TrainingError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.relative_depth import with_relative_depth
from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.mean_mesh import NOSE_POINT
from synhead_tools.learning.detection.scene_sample import SMALLEST_PX, SceneSample, check_sample

SHOWN_LEAST = 0.25
"""Faces of which others and the edge of the picture leave less than this are ignored."""

_NEEDED = ("image", "faces_count", "faces_box_xyxy", "faces_points5", "faces_points5_visibility")


class RenderedScenes:
    """Samples of a dataset of scenes, read when asked for: a `SceneSource`.

    Parameters
    ----------
    dataset : SampleSource
        With the columns ``image``, ``faces_count`` and the ``faces_...`` of boxes and points, as
        `synhead_tools.formats.sample` has them; ``faces_mesh``, ``faces_shown_fraction``, ``faces_rotmat`` and
        ``intrinsics`` are used where they are.
    with_mesh : bool
        Whether to read meshes.
    keep : bool
        Whether to hold what was read in memory: side x side x 3 bytes for each picture, for small sets that are read
        many times.

    Raises
    ------
    TrainingError
        The dataset is none of scenes.
    """

    def __init__(self, dataset: SampleSource, with_mesh: bool = True, keep: bool = False) -> None:
        missing = [name for name in _NEEDED if name not in dataset.columns]
        if missing:
            raise TrainingError(
                f"{dataset.describe().get('dataset', 'the dataset')} has no column {missing[0]!r}, so it is none of "
                "scenes; make one with synhead render --scenes"
            )
        self.dataset, self._lock = dataset, Lock()
        self._with_mesh = with_mesh and {"faces_mesh", "intrinsics"} <= set(dataset.columns)
        self._nose = int(load_face_mesh().points5[NOSE_POINT]) if self._with_mesh else 0
        self._kept: dict[int, SceneSample] | None = {} if keep else None

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> SceneSample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        if self._kept is None:
            return self._sample(index)
        if index not in self._kept:
            self._kept[index] = self._sample(index)
        return self._kept[index]

    def describe(self) -> dict[str, Any]:
        """What the dataset says of itself."""
        return self.dataset.describe()

    def _sample(self, index: int) -> SceneSample:
        count = int(self._read("faces_count", index))
        boxes = self._read("faces_box_xyxy", index)[:count]
        ignored = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0) < SMALLEST_PX
        if "faces_shown_fraction" in self.dataset.columns:
            ignored |= self._read("faces_shown_fraction", index)[:count] < SHOWN_LEAST
        known = "intrinsics" in self.dataset.columns
        intrinsics = np.asarray(self._read("intrinsics", index), float) if known else None
        mesh = None
        if self._with_mesh:
            mesh = with_relative_depth(self._read("faces_mesh", index)[:count], intrinsics, self._nose)
        has_rotmat = known and "faces_rotmat" in self.dataset.columns
        sample = SceneSample(
            image=self._read("image", index),
            boxes_xyxy=boxes.astype(np.float32),
            ignored=ignored,
            points5=self._read("faces_points5", index)[:count, :, :2].astype(np.float32),
            points5_visibility=self._read("faces_points5_visibility", index)[:count],
            mesh=None if mesh is None else mesh.astype(np.float32),
            rotmat=np.asarray(self._read("faces_rotmat", index)[:count], float) if has_rotmat else None,
            intrinsics=intrinsics,
        )
        return check_sample(sample, f"scene {index}")

    def _read(self, name: str, index: int) -> np.ndarray:
        with self._lock:  # batches are made by several threads, and readers keep files open between calls
            return self.dataset.read(name, [index])[0]
