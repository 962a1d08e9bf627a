"""Camera and place: how large pictures are, what the lens sees, and where in them the head lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.geometry.boxes import FACE_BOX_CENTRE_M, FACE_BOX_SIDE_M
from synhead_tools.rendering.looks.streams import stream
from synhead_tools.rendering.scene import Camera

#: Width of the picture over the face box, by name. ``wide`` leaves room for crops of 1.5 boxes that are shifted and
#: turned. ``hopenet`` is what its 300W-LP loader cuts out: the box of the landmarks (some 0.14 m x 0.12 m) enlarged by
#: 0.6 k at the sides and below and 2 k above, k 0.2 to 0.4, which is a square of some 0.2 m.
CROPS: Mapping[str, float] = MappingProxyType(
    {"biwi+": 1.0, "hopenet": 0.9, "tight": 1.2, "wide": 1.7, "portrait": 2.4, "bust": 3.4}
)

#: Face boxes of up to so many pixels are drawn at level of detail 0, 1; larger ones at 2. Measured against pictures of
#: level 1 with 16 times the pixels: with a face box of 75 px level 0 comes within 0.1 dB of level 1 (36.8 and 36.9 dB),
#: with 150 px within 0.9 dB; level 2, whose triangles are smaller than samples, stays 1 to 2 dB behind at both.
DETAIL_UP_TO_PX = (100.0, 400.0)

#: Where a head is put: ``centre``, on the optical axis but for jitter; ``anywhere``, evenly, with its face box inside.
PLACES = ("centre", "anywhere")


@dataclass(frozen=True)
class Framing:
    """The camera of every sample of a plan, and the law of the head's place before it.

    Parameters are those of `synhead_tools.rendering.plan.RenderPlan` of the same names.

    Raises
    ------
    PlanError
        A value is out of its range, or two say the same thing.
    """

    size_px: int | tuple[int, int]
    distance_m: float
    picture_to_box: float
    fov_deg: float | None
    intrinsics: tuple[float, float, float, float] | None
    distance_jitter: float
    offset_jitter: float
    place: str

    def __post_init__(self) -> None:
        if self.place not in PLACES:
            raise PlanError(f"unknown place {self.place!r}; known: {', '.join(PLACES)}")
        if self.place == "anywhere" and self.offset_jitter:
            raise PlanError("place 'anywhere' already moves heads; leave offset_jitter at 0")
        if self.fov_deg is not None and self.intrinsics is not None:
            raise PlanError("both fov_deg and intrinsics are given; give one of them")
        if self.fov_deg is not None and not 1 <= self.fov_deg <= 150:
            raise PlanError(f"fov_deg is {self.fov_deg!r}; give 1 to 150 degrees")
        if self.intrinsics is not None and len(self.intrinsics) != 4:
            raise PlanError(f"intrinsics are {self.intrinsics!r}; give fx, fy, cx, cy in pixels")
        width, height = self.width_height_px
        for name, size in (("width", width), ("height", height)):
            if int(size) != size or not 8 <= size <= 4096:
                raise PlanError(f"size_px has {name} {size!r}; give whole numbers from 8 to 4096")
        _ = self.camera

    @property
    def width_height_px(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return (self.size_px, self.size_px) if np.isscalar(self.size_px) else tuple(self.size_px)

    @cached_property
    def camera(self) -> Camera:
        """The camera: given, of a field of view, or such that the face box has its share of the width."""
        width, height = self.width_height_px
        if self.intrinsics is not None:
            fx, fy, cx, cy = self.intrinsics
            return Camera(width, height, [[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
        if self.fov_deg is not None:
            focal_px = width / 2 / float(np.tan(np.radians(self.fov_deg) / 2))
        else:
            focal_px = width / self.picture_to_box / FACE_BOX_SIDE_M * self.distance_m
        return Camera(width, height, [[focal_px, 0, width / 2], [0, focal_px, height / 2], [0, 0, 1]])

    @property
    def is_fixed(self) -> bool:
        """Whether the head is always at the same place."""
        return self.place == "centre" and not self.distance_jitter and not self.offset_jitter

    def translation_m(self, rotmat: np.ndarray, seed: int) -> np.ndarray:
        """Draw the position (3,), metres, camera frame, of a sample's head at its rotation (3, 3)."""
        if self.is_fixed:
            return np.array([0.0, 0.0, self.distance_m])
        rng = stream(seed, "place")
        along, right, down = rng.uniform(-1, 1, 3)
        distance_m = self.distance_m * (1 + self.distance_jitter * along)
        if self.place == "anywhere":
            return self._anywhere_m(rotmat, distance_m, (right, down))
        width = self.width_height_px[0]
        offset_px = self.offset_jitter * width * np.array([right, down])
        return np.array([*offset_px * distance_m / np.diag(self.camera.intrinsics)[:2], distance_m])

    def _anywhere_m(self, rotmat: np.ndarray, distance_m: float, shares: tuple[float, float]) -> np.ndarray:
        """Position at which the middle of the face box lies at these shares, -1 to 1, of the room it has."""
        matrix, size = self.camera.intrinsics, self.width_height_px
        half_px = 0.5 * FACE_BOX_SIDE_M * matrix[0, 0] / distance_m
        centre_m = [float((row * FACE_BOX_CENTRE_M).sum()) for row in np.asarray(rotmat, np.float64)]
        depth_m, position = centre_m[2] + distance_m, [0.0, 0.0, distance_m]
        for axis in (0, 1):
            room_px = max(size[axis] / 2 - half_px, 0.0)  # none for a box that is larger than the picture
            centre_px = size[axis] / 2 + shares[axis] * room_px
            position[axis] = (centre_px - matrix[axis, 2]) / matrix[axis, axis] * depth_m - centre_m[axis]
        return np.array(position)


def detail_for(framing: Framing) -> int:
    """The coarsest level of detail, 0 to 2, that pictures cannot tell from finer ones: by the size of the face box."""
    box_px = FACE_BOX_SIDE_M * framing.camera.intrinsics[0, 0] / framing.distance_m
    return int(np.searchsorted(DETAIL_UP_TO_PX, box_px))
