"""Camera matrices from files: JSON as OpenCV and its users write calibrations, or the nine numbers as CSV."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synhead_tools.errors import LabelFormatError
from synhead_tools.input_files import read_input

_LIMIT_BYTES = 1 << 20
_ADVICE = "give JSON with camera_matrix, image_width and image_height, or a CSV of 3 x 3 numbers"
_MATRIX_NAMES = ("camera_matrix", "cameraMatrix", "K", "intrinsics", "intrinsic_matrix", "mtx")
_DISTORTION_NAMES = ("distortion_coefficients", "dist_coeffs", "distCoeffs", "distortion", "dist", "D")
_WIDTH_NAMES, _HEIGHT_NAMES = ("image_width", "width"), ("image_height", "height")


@dataclass(frozen=True)
class CameraFile:
    """What a file says of a camera.

    Attributes
    ----------
    fx, fy, cx, cy : float
        Pixels, (0, 0) the corner of the top-left pixel.
    width_px, height_px : int or None
        Size of its pictures, where it is stated.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width_px: int | None = None
    height_px: int | None = None

    def intrinsics_at(self, width_px: int, height_px: int) -> tuple[float, float, float, float]:
        """Return fx, fy, cx, cy for pictures of that size, which show the same.

        Raises
        ------
        LabelFormatError
            The file states a size of another shape.
        """
        if self.width_px is None or self.height_px is None:
            return (self.fx, self.fy, self.cx, self.cy)
        if self.width_px * height_px != self.height_px * width_px:
            raise LabelFormatError(
                f"the camera's pictures are {self.width_px} x {self.height_px}, of another shape than {width_px} x "
                f"{height_px}; ask for the same shape"
            )
        scale = width_px / self.width_px
        return (self.fx * scale, self.fy * scale, self.cx * scale, self.cy * scale)


def read_camera_file(path: str | Path) -> CameraFile:
    """Read a camera.

    OpenCV counts pixels from the centre of the top-left one: half a pixel is added to its principal point.

    Parameters
    ----------
    path : path
        ``.json``: a matrix under a usual name (``camera_matrix``, ``K``, ...), as rows, as nine numbers, or as
        OpenCV's FileStorage writes it (``{"rows": 3, "cols": 3, "data": [...]}``), and perhaps the size of the
        pictures. Anything else: three rows of three numbers, separated by commas, semicolons or blanks.

    Raises
    ------
    LabelFormatError
        It cannot be read, is no camera matrix, or states a distortion: pictures are drawn without any.
    """
    path = Path(path)
    text = read_input(path, _LIMIT_BYTES, LabelFormatError, _ADVICE).decode("utf-8-sig", "replace")
    fields = _json_fields(text, path) if path.suffix.lower() == ".json" else {"camera_matrix": _csv_rows(text)}
    matrix = _matrix(_first(fields, _MATRIX_NAMES), path)
    distortion = _numbers(_first(fields, _DISTORTION_NAMES))
    if any(distortion or ()):
        raise LabelFormatError(
            f"{path} states a distortion, and pictures are drawn without one; give the matrix of undistorted pictures"
        )
    width, height = (_size(_first(fields, names), path) for names in (_WIDTH_NAMES, _HEIGHT_NAMES))
    (fx, _, cx), (_, fy, cy), _ = matrix
    return CameraFile(fx, fy, cx + 0.5, cy + 0.5, width, height)


def _json_fields(text: str, path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LabelFormatError(f"{path} is not valid JSON ({error}); {_ADVICE}") from None
    if not isinstance(fields, dict):
        raise LabelFormatError(f"{path} holds no object; {_ADVICE}")
    return fields


def _csv_rows(text: str) -> list[list[str]]:
    rows = (line.replace(",", " ").replace(";", " ").split() for line in text.splitlines()[:100])
    return [row for row in rows if row]


def _first(fields: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if name in fields), None)


def _numbers(value: Any) -> list[float] | None:
    """All numbers of nested lists, or of a FileStorage matrix; None if there is something else."""
    if value is None:
        return None
    if isinstance(value, dict):
        value = value.get("data")
    flat = [value]
    for _ in range(3):
        flat = [item for part in flat for item in (part if isinstance(part, list) else [part])]
    try:
        return [float(item) for item in flat]
    except (TypeError, ValueError):
        return None


def _matrix(value: Any, path: Path) -> list[list[float]]:
    numbers = _numbers(value)
    if numbers is None or len(numbers) != 9 or not all(map(math.isfinite, numbers)):
        raise LabelFormatError(f"{path} has no camera matrix of 3 x 3 finite numbers; {_ADVICE}")
    rows = [numbers[0:3], numbers[3:6], numbers[6:9]]
    if min(rows[0][0], rows[1][1]) <= 0 or rows[2] != [0, 0, 1] or rows[1][0] != 0 or rows[0][1] != 0:
        raise LabelFormatError(f"{path}: {rows} is no camera matrix; give [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]")
    return rows


def _size(value: Any, path: Path) -> int | None:
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or value != int(value)
        or not 1 <= value <= 1 << 16
    ):
        raise LabelFormatError(f"{path}: picture size {value!r:.40} is no whole number of pixels; mend it")
    return int(value)
