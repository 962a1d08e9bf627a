"""The camera that pictures were taken with, as far as somebody says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.errors import PictureError
from synhead_tools.formats.camera_file import CameraFile


@dataclass(frozen=True)
class CameraChoice:
    """Intrinsics of pictures of any size; of one way to say them, at most.

    Attributes
    ----------
    intrinsics_px : tuple of 4 float, or None
        fx, fy, cx, cy of every picture, whatever its size; (0, 0) is the corner of the top-left pixel.
    file : CameraFile or None
        Scaled to the size of each picture.
    fov_x_deg : float or None
        Horizontal field of view of a centred camera with square pixels, degrees.

    Raises
    ------
    PictureError
        A number is none that a camera has, or more than one way is taken.
    """

    intrinsics_px: tuple[float, float, float, float] | None = None
    file: CameraFile | None = None
    fov_x_deg: float | None = None

    def __post_init__(self) -> None:
        given = [part for part in (self.intrinsics_px, self.file, self.fov_x_deg) if part is not None]
        if len(given) > 1:
            raise PictureError("intrinsics and a field of view say the same thing; give one of them")
        if self.fov_x_deg is not None and not 0 < self.fov_x_deg < 180:
            raise PictureError(f"field of view {self.fov_x_deg} degrees must lie between 0 and 180")
        if self.intrinsics_px is not None:
            numbers = np.asarray(self.intrinsics_px, float)
            if numbers.shape != (4,) or not np.isfinite(numbers).all() or not (numbers[:2] > 0).all():
                raise PictureError(f"intrinsics {self.intrinsics_px} must be fx, fy, cx, cy in px, fx and fy above 0")

    @property
    def is_known(self) -> bool:
        """Whether anybody said anything."""
        return any(part is not None for part in (self.intrinsics_px, self.file, self.fov_x_deg))

    def intrinsics(self, width_px: int, height_px: int) -> np.ndarray | None:
        """The camera matrix (3, 3) of upright pictures of that size; None where nothing is known.

        Raises
        ------
        LabelFormatError
            The camera file is of pictures of another shape.
        """
        if self.fov_x_deg is not None:
            focal_px = 0.5 * width_px / np.tan(np.radians(self.fov_x_deg) / 2)
            fx, fy, cx, cy = focal_px, focal_px, width_px / 2, height_px / 2
        elif self.file is not None:
            fx, fy, cx, cy = self.file.intrinsics_at(width_px, height_px)
        elif self.intrinsics_px is not None:
            fx, fy, cx, cy = self.intrinsics_px
        else:
            return None
        return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


UNKNOWN_CAMERA = CameraChoice()
