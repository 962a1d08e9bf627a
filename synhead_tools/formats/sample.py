"""The sample: which columns a dataset may have, with type, shape, unit and meaning, and how any dataset is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np

from synhead_tools.errors import ShardError
from synhead_tools.geometry.quaternions import rotmat_from_quat_xyzw

SCHEMA_VERSION = 1
"""Version of the table below; a reader refuses any other."""

ROTATION_TOLERANCE = 1e-5
"""Largest allowed deviation of R R^T from identity, and of a quaternion's norm from one."""

FACES_MOST = 12
"""Room for so many faces in each sample of a dataset of scenes; places that are not taken hold 0."""

FACE_MESH_VERTICES = 1024
"""Vertices of the dense face mesh, `synhead_tools.heads.face_mesh`."""

OUTSIDE, HIDDEN, VISIBLE = 0, 1, 2
"""Codes of the visibility columns: outside of the picture, in it but covered, seen."""


@dataclass(frozen=True)
class Column:
    """One column of the schema: an array whose first axis counts the samples.

    Attributes
    ----------
    name : str
        Name in shards, in memory and in ``labels.parquet``.
    dtype : str
        NumPy type, little-endian: ``"u1"``, ``"f8"``, ``"S16"``.
    shape_tail : tuple of int or str
        Shape of one sample; ``"H"`` and ``"W"`` stand for the picture's height and width.
    unit : str
        Unit of the values, ``"1"`` for none.
    meaning : str
        What the values are: frame, order, range.
    dense : bool
        Whether a sample's values are too many to be read with the labels.
    """

    name: str
    dtype: str
    shape_tail: tuple[int | str, ...]
    unit: str
    meaning: str
    dense: bool = False

    @property
    def is_picture(self) -> bool:
        """Whether one sample is a grid of pixels (height first)."""
        return self.shape_tail[:2] == ("H", "W")


_TABLE = (
    Column(
        "image",
        "u1",
        ("H", "W", 3),
        "sRGB",
        "RGB over black, colour premultiplied by alpha; in a composed dataset over a background",
    ),
    Column("alpha", "u1", ("H", "W"), "1/255", "coverage by the head; picture + (1 - alpha) * background composites"),
    Column("region", "u1", ("H", "W"), "id", "region of the nearest surface, 0 background"),
    Column("depth_m", "f4", ("H", "W"), "m", "distance along the optical axis, 0 where there is no surface"),
    Column("rotmat", "f8", (3, 3), "1", "R_head_to_camera: x_camera = R x_head + t"),
    Column("quat_xyzw", "f8", (4,), "1", "the same rotation as a unit quaternion, scalar last"),
    Column("translation_m", "f8", (3,), "m", "head origin in the camera frame"),
    Column("intrinsics", "f8", (3, 3), "px", "camera matrix; (0, 0) is the corner of the top-left pixel"),
    Column("euler_deg", "f8", (3,), "deg", "the same rotation in the dataset's Euler convention, its written order"),
    Column("face_box_xyxy", "f4", (4,), "px", "square face box: left, top, right, bottom edge"),
    Column("tight_face_box_xyxy", "f4", (4,), "px", "tight box around the whole face, seen or not, not clipped"),
    Column("head_box_xyxy", "f4", (4,), "px", "tight box around the visible head: left, top, right, bottom edge"),
    Column("points5", "f4", (5, 3), "px, px, m", "subject's right eye, left eye, nose, right and left mouth corner"),
    Column("points5_visibility", "u1", (5,), "1", "0 outside the picture, 1 hidden, 2 visible"),
    Column("landmarks68", "f4", (68, 3), "px, px, m", "68 points in iBUG order: x, y and depth"),
    Column("landmarks68_visibility", "u1", (68,), "1", "0 outside the picture, 1 hidden, 2 visible"),
    Column("head_id", "S16", (), "name", "head the sample was rendered from"),
    Column("expression", "S16", (), "name", "facial expression"),
    Column("expression_coefficients", "f4", (52,), "1", "ARKit's coefficients in their documented order, 0 to 1"),
    Column("body_follow", "f8", (), "1", "share of the head's turn that the body follows, 0 to 1"),
    Column("track_id", "i4", (), "id", "motion track the pose comes from, -1 none"),
    Column("frame_id", "i4", (), "id", "frame within the track, or running number"),
    Column("seed", "u8", (), "1", "seed of everything random in the sample"),
    Column("light_direction", "f8", (4, 3), "1", "unit vectors towards directional lights, camera frame; 0 for none"),
    Column("light_colour", "f8", (4, 3), "1", "their linear RGB; 1 lights a white matt surface that faces it to 1"),
    Column("light_ambient", "f8", (2, 3), "1", "hemisphere light on normals that point up, and down; linear RGB"),
    Column("light_sh", "f8", (9, 3), "1", "what white reflects of the surroundings, in 9 spherical harmonics"),
    Column("environment", "S64", (), "name", "map of the surroundings that lights the head"),
    Column("environment_turn_deg", "f8", (), "deg", "its turn about the vertical; positive takes what is ahead right"),
    Column("environment_level", "f8", (), "1", "its brightness: what a white surface reflects of it on average"),
    Column("background_file", "S64", (), "name", "picture the image is composed over"),
    Column("skin_tint", "f4", (3,), "1", "factor on the linear RGB of the skin"),
    Column("hair_tint", "f4", (3,), "1", "factor on the linear RGB of hair, brows and lashes"),
    Column("glasses", "S16", (), "name", "glasses put on for this sample, empty for none"),
    Column("glasses_rgb", "f4", (3,), "1", "linear RGB of their frame"),
    Column("occluder", "S16", (), "name", "what is held before the head, empty for nothing"),
    Column("occluder_place", "f4", (3, 4), "1, m", "rotation and translation that take it into the head frame"),
    Column("occluder_rgb", "f4", (3,), "1", "its linear RGB"),
    Column("infrared", "f4", (6,), "1", "1 infrared, 0 not; exposure; fall-off; noise; lamp right of, below the axis"),
    Column("sensor", "f4", (6,), "1, px", "gain of red, green, blue; shot noise; read noise; sigma of the blur in px"),
    Column(
        "visible_fraction",
        "f4",
        (),
        "1",
        "visible area of the face over its area from the front at that distance; may exceed 1",
    ),
    Column("sequence", "i4", (), "id", "sequence of a foreign dataset the sample belongs to"),
    Column("target_id", "S64", (), "name", "target frame the sample was matched to, or is"),
    Column(
        "in_plane_deg",
        "f8",
        (),
        "deg",
        "turn of the picture about its principal point, R_turned = Rz(turn) R; clockwise positive",
    ),
    Column("residual_deg", "f8", (), "deg", "geodesic distance to the target frame's rotation that is left"),
    Column("instance", "u1", ("H", "W"), "id", "which face's head a pixel shows, 1 the first; 0 none"),
    Column("faces_count", "u1", (), "1", "heads in the picture, the nearest first; those after them hold 0"),
    Column("faces_head_id", "S16", (FACES_MOST,), "name", "heads they were rendered from"),
    Column("faces_seed", "u8", (FACES_MOST,), "1", "seeds of everything random about them"),
    Column("faces_rotmat", "f8", (FACES_MOST, 3, 3), "1", "R_head_to_camera of each"),
    Column("faces_translation_m", "f8", (FACES_MOST, 3), "m", "head origins in the camera frame"),
    Column("faces_box_xyxy", "f4", (FACES_MOST, 4), "px", "tight boxes around whole faces, seen or not, not clipped"),
    Column("faces_points5", "f4", (FACES_MOST, 5, 3), "px, px, m", "as points5"),
    Column("faces_points5_visibility", "u1", (FACES_MOST, 5), "1", "0 outside the picture, 1 hidden, 2 visible"),
    Column("faces_landmarks68", "f4", (FACES_MOST, 68, 3), "px, px, m", "as landmarks68"),
    Column("faces_landmarks68_visibility", "u1", (FACES_MOST, 68), "1", "0 outside the picture, 1 hidden, 2 visible"),
    Column("faces_expression_coefficients", "f4", (FACES_MOST, 52), "1", "as expression_coefficients"),
    Column(
        "faces_shown_fraction",
        "f4",
        (FACES_MOST,),
        "1",
        "part of what the pose shows of the face that is in the picture and not covered by others; 0 from behind",
    ),
    Column("faces_mesh", "f4", (FACES_MOST, FACE_MESH_VERTICES, 3), "px, px, m", "dense face mesh: x, y, depth", True),
)

COLUMNS: Mapping[str, Column] = MappingProxyType({column.name: column for column in _TABLE})
"""Every column a dataset may have, by name, in the order in which shards store them."""

LIGHT_COLUMNS = tuple(name for name in COLUMNS if name.startswith(("light_", "environment")))
"""Names of the columns that say from where, in the camera frame, light falls."""

PICTURE_COLUMNS = tuple(column.name for column in _TABLE if column.is_picture)
"""Names of the columns that are grids of pixels."""

DENSE_COLUMNS = tuple(column.name for column in _TABLE if column.is_picture or column.dense)
"""Names of the columns that are read on their own; all others are labels."""


@runtime_checkable
class SampleSource(Protocol):
    """What every dataset, own or foreign, offers to whoever reads it."""

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns `read` knows, in schema order."""
        ...

    def read(self, name: str, rows: Any = None) -> np.ndarray:
        """Return column `name` of the samples `rows`: all when None, else integers in any order, repeats allowed."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return dataset, subset, convention, calibrated, crop, frames and target_labels_used, for score tables.

        And ``composed``, true, where the pictures stand over a background for good.
        """
        ...


def can_composite(source: SampleSource) -> bool:
    """Return whether something can be put behind a dataset's heads.

    It has an ``alpha``, and its pictures do not stand over a background for good (``composed`` in its description).
    """
    return "alpha" in source.columns and not source.describe().get("composed", False)


def check_columns(columns: Mapping[str, np.ndarray], where: str) -> int:
    """Check arrays against the schema and return the number of samples.

    Parameters
    ----------
    columns : mapping of str to ndarray
        At least one column.
    where : str
        File or dataset the columns are for, named in messages.

    Returns
    -------
    int
        Length common to all columns, at least one.

    Raises
    ------
    ShardError
        Unknown name, wrong type or shape, unequal lengths, no samples, or something that is not a rotation.
    """
    if not columns:
        raise ShardError(f"{where}: no columns; give at least one of {', '.join(COLUMNS)}")
    sizes: dict[str, int] = {}
    lengths = {}
    for name, array in columns.items():
        check_column(name, np.dtype(array.dtype), array.shape, sizes, where)
        lengths[name] = array.shape[0]
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ShardError(f"{where}: columns differ in length ({listed}); every column needs one entry per sample")
    rows = next(iter(lengths.values()))
    if rows < 1:
        raise ShardError(f"{where}: the columns hold no samples; write at least one")
    check_rotations(columns, where)
    return rows


def check_column(name: str, dtype: np.dtype, shape: tuple[int, ...], sizes: dict[str, int], where: str) -> None:
    """Check one column's type and shape; `sizes` carries "H" and "W" from one call to the next.

    Raises
    ------
    ShardError
        The name is unknown, or type or shape are not the schema's.
    """
    if name not in COLUMNS:
        raise ShardError(f"{where}: column {name!r} is not in the schema; known: {', '.join(COLUMNS)}")
    column = COLUMNS[name]
    if dtype != np.dtype("<" + column.dtype):
        raise ShardError(f"{where}: column {name!r} has type {dtype}; expected {np.dtype(column.dtype)}")
    wanted = ("N", *(sizes.get(size, size) for size in column.shape_tail))
    fits = len(shape) == len(wanted) and all(
        isinstance(want, str) or want == got for want, got in zip(wanted[1:], shape[1:], strict=True)
    )
    if not fits or 0 in shape[1:]:
        expected = ", ".join(map(str, wanted))
        raise ShardError(f"{where}: column {name!r} has shape {tuple(shape)}; expected ({expected})")
    sizes.update({size: got for size, got in zip(column.shape_tail, shape[1:], strict=True) if isinstance(size, str)})


def check_rotations(columns: Mapping[str, np.ndarray], where: str) -> None:
    """Check that ``rotmat`` holds rotations and ``quat_xyzw`` unit quaternions of the same ones.

    Raises
    ------
    ShardError
        Names the first row that is not a rotation, or whose two forms disagree.
    """
    rotmat, quat = columns.get("rotmat"), columns.get("quat_xyzw")
    if rotmat is not None:
        gram_error = np.abs(rotmat @ np.swapaxes(rotmat, -1, -2) - np.eye(3)).max(axis=(-1, -2))
        with np.errstate(invalid="ignore"):  # NaN is no rotation either
            good = (gram_error <= ROTATION_TOLERANCE) & (np.linalg.det(rotmat) > 0)
        _refuse_bad_row(good, "rotmat is not a rotation (orthonormal, determinant +1)", where)
    if quat is not None:
        good = np.abs(np.linalg.norm(quat, axis=-1) - 1) <= ROTATION_TOLERANCE
        _refuse_bad_row(good, "quat_xyzw is not of length one", where)
    if rotmat is not None and quat is not None:
        good = np.abs(rotmat_from_quat_xyzw(quat) - rotmat).max(axis=(-1, -2)) <= 10 * ROTATION_TOLERANCE
        _refuse_bad_row(good, "quat_xyzw (scalar last) and rotmat are different rotations", where)


def _refuse_bad_row(good: np.ndarray, complaint: str, where: str) -> None:
    if not good.all():
        raise ShardError(f"{where}: row {int(np.argmin(good))}: {complaint}; mend or drop the sample")
