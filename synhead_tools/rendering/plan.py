"""What a rendering run will do, down to the last sample, before anything is rendered."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.formats.sample import ROTATION_TOLERANCE
from synhead_tools.geometry.boxes import FACE_BOX_SIDE_M
from synhead_tools.geometry.conventions import get_convention
from synhead_tools.heads.expression_basis import ARKIT_NAMES
from synhead_tools.heads.expression_laws import EXPRESSION_LAWS
from synhead_tools.heads.pose_neck import BODY_FOLLOW
from synhead_tools.rendering.background import Background
from synhead_tools.rendering.scene import LIGHTING_LAWS, Camera, Lighting

#: How many times wider than the face box the default picture is.
PICTURE_TO_BOX = 1.7


@dataclass(frozen=True)
class SampleSetup:
    """Everything about one sample that is decided before it is rendered.

    Attributes
    ----------
    index : int
        Number of the sample in the plan.
    head_name : str
    pose_index : int
        Number of its pose in the plan.
    translation_m : (3,) float64
    lighting : Lighting
    seed : int
        The 64-bit seed that decided what is random in it.
    background_rng : numpy.random.Generator
        For the background, where the plan has one.
    expression : (52,) float32 or None
        Coefficients of `synhead_tools.heads.expressions.ARKIT_NAMES`; None leaves the head as it is.
    """

    index: int
    head_name: str
    pose_index: int
    translation_m: np.ndarray
    lighting: Lighting
    seed: int
    background_rng: np.random.Generator
    expression: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class RenderPlan:
    """Heads times poses, and how each is drawn.

    Samples are numbered head-major: all poses of the first head, then all of the second. Everything random in a
    sample is a function of `seed` and its number alone.

    Parameters
    ----------
    heads : tuple of str
        Names for `synhead_tools.heads.library.load_head`, each once.
    rotmats : (P, 3, 3) array
        R_head_to_camera of each pose.
    track_id, frame_id : (P,) int arrays or None
        Motion track and frame each pose comes from; default -1 and the pose's number.
    size_px : int
        Width and height of the pictures.
    distance_m : float
        z of the head's origin. The field of view follows: at this distance the face box takes 1 / `picture_to_box`
        of the width.
    picture_to_box : float
        Width of the picture over the side of the face box at `distance_m`.
    distance_jitter : float
        The distance is multiplied by a factor drawn evenly from 1 - this to 1 + this; the field of view stays.
    offset_jitter : float
        The head's origin is moved sideways and up or down by up to this share of the picture's width.
    body_follow : float
        How far the body turns with the head, 0 (not while the neck can turn) to 1 (as one piece); see
        `synhead_tools.heads.pose_neck`.
    expressions : str or (E, 52) array
        ``none`` (heads as they are), a law's name in `synhead_tools.heads.expression_laws.EXPRESSION_LAWS`, or
        coefficients: row k goes with pose k, and after the last row the first comes again.
    lighting : str
        A name in `synhead_tools.rendering.scene.LIGHTING_LAWS`.
    background : str or None
        A `Background`, as text, that the stored pictures are composed over (their alpha is then 255 everywhere).
        None keeps them over black with their alpha: they can be put over anything later.
    backend : str
        A renderer's name, or ``auto``.
    samples_per_axis : int
        Antialiasing: its square is the number of samples per pixel.
    store_depth : bool
        Whether ``depth_m`` is stored.
    seed : int
        Not negative.
    convention : str
        Euler convention of ``euler_deg``.
    poses_from : dict
        Where the poses come from, in JSON values, for whoever reads the manifest. Decides nothing.

    Raises
    ------
    PlanError
        A value is not one of these; the message names it.
    """

    heads: tuple[str, ...]
    rotmats: np.ndarray
    track_id: np.ndarray | None = None
    frame_id: np.ndarray | None = None
    size_px: int = 128
    distance_m: float = 1.0
    picture_to_box: float = PICTURE_TO_BOX
    distance_jitter: float = 0.0
    offset_jitter: float = 0.0
    body_follow: float = BODY_FOLLOW
    expressions: str | np.ndarray = "none"
    lighting: str = "studio"
    background: str | None = None
    backend: str = "auto"
    samples_per_axis: int = 2
    store_depth: bool = False
    seed: int = 0
    convention: str = "synhead"
    poses_from: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "heads", tuple(self.heads))
        if not self.heads or len(set(self.heads)) != len(self.heads):
            raise PlanError(f"plan has heads {list(self.heads)}; name at least one, each once")
        object.__setattr__(self, "rotmats", _check_rotmats(self.rotmats))
        poses = len(self.rotmats)
        object.__setattr__(self, "track_id", _ids(self.track_id, np.full(poses, -1), "track_id"))
        object.__setattr__(self, "frame_id", _ids(self.frame_id, np.arange(poses), "frame_id"))
        _check_range("size_px", self.size_px, 8, 4096)
        _check_range("distance_m", self.distance_m, 0.2, 100.0)
        _check_range("picture_to_box", self.picture_to_box, 0.2, 20.0)
        _check_range("distance_jitter", self.distance_jitter, 0.0, 0.5)
        _check_range("offset_jitter", self.offset_jitter, 0.0, 2.0)
        _check_range("body_follow", self.body_follow, 0.0, 1.0)
        _check_range("seed", self.seed, 0, 2**63 - 1)
        object.__setattr__(self, "expressions", _check_expressions(self.expressions))
        if self.lighting not in LIGHTING_LAWS:
            raise PlanError(f"unknown lighting {self.lighting!r}; known: {', '.join(LIGHTING_LAWS)}")
        if self.background is not None:
            Background.parse(self.background)
        get_convention(self.convention)

    def __len__(self) -> int:
        return len(self.heads) * len(self.rotmats)

    def camera(self) -> Camera:
        """Return the camera of every sample: centred, square pixels."""
        focal_px = self.size_px / self.picture_to_box / FACE_BOX_SIDE_M * self.distance_m
        half = self.size_px / 2
        return Camera(self.size_px, self.size_px, [[focal_px, 0, half], [0, focal_px, half], [0, 0, 1]])

    def sample_seed(self, index: int) -> int:
        """64-bit seed of sample `index`, a function of it and of the plan's seed only."""
        return int(np.random.SeedSequence((self.seed, index)).generate_state(1, np.uint64)[0])

    def sample(self, index: int) -> SampleSetup:
        """Return what is decided about sample `index`, 0 to ``len(plan) - 1``."""
        head, pose = divmod(index, len(self.rotmats))
        seed = self.sample_seed(index)
        # A stream for each use: whether one draws more or less does not change the others.
        place, light, behind, face = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4))
        return SampleSetup(
            index=index,
            head_name=self.heads[head],
            pose_index=pose,
            translation_m=self._translation_m(place),
            lighting=LIGHTING_LAWS[self.lighting](light),
            seed=seed,
            background_rng=behind,
            expression=self._expression(pose, face),
        )

    @property
    def has_expressions(self) -> bool:
        """Whether heads change from frame to frame."""
        return not isinstance(self.expressions, str) or self.expressions != "none"

    def _expression(self, pose: int, rng: np.random.Generator) -> np.ndarray | None:
        if not self.has_expressions:
            return None
        if isinstance(self.expressions, str):
            return EXPRESSION_LAWS[self.expressions](rng).astype(np.float32)  # as it is stored
        return self.expressions[pose % len(self.expressions)]

    def _translation_m(self, rng: np.random.Generator) -> np.ndarray:
        along, right, down = rng.uniform(-1, 1, 3)
        distance_m = self.distance_m * (1 + self.distance_jitter * along)
        offset_px = self.offset_jitter * self.size_px * np.array([right, down])
        offset_m = offset_px * distance_m / self.camera().intrinsics[0, 0]
        return np.array([*offset_m, distance_m])

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-able values; `from_dict` takes them back."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        arrays = {name: values[name].tolist() for name in ("rotmats", "track_id", "frame_id")}
        if not isinstance(self.expressions, str):
            arrays["expressions"] = self.expressions.tolist()
        return {**values, **arrays, "heads": list(self.heads)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RenderPlan:
        """Inverse of `to_dict`; plans of a time when heads came without a body turn as one piece."""
        return cls(**{"body_follow": 1.0, **values})

    def summary(self) -> dict[str, Any]:
        """Return the plan as JSON-able values with a hash in the place of the poses, for manifests."""
        values = {f.name: getattr(self, f.name) for f in fields(self)} | {"heads": list(self.heads)}
        poses = b"".join(np.ascontiguousarray(a).tobytes() for a in (self.rotmats, self.track_id, self.frame_id))
        for name in ("rotmats", "track_id", "frame_id"):
            del values[name]
        if not isinstance(self.expressions, str):
            digest = hashlib.sha256(self.expressions.astype("<f4").tobytes()).hexdigest()
            values["expressions"] = {"rows": len(self.expressions), "sha256": digest}
        return {**values, "poses": len(self.rotmats), "poses_sha256": hashlib.sha256(poses).hexdigest()}

    def sha256(self) -> str:
        """Hash of everything that decides a pixel or a label."""
        values = {name: value for name, value in self.summary().items() if name != "poses_from"}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _check_rotmats(rotmats: Any) -> np.ndarray:
    matrices = np.array(rotmats, np.float64)
    if matrices.ndim != 3 or matrices.shape[1:] != (3, 3) or len(matrices) == 0:
        raise PlanError(f"plan has rotmats of shape {matrices.shape}; give (P, 3, 3) with P at least 1")
    if not np.isfinite(matrices).all():
        bad = int(np.argmax(~np.isfinite(matrices).all(axis=(1, 2))))
        raise PlanError(f"pose {bad} of the plan holds a value that is not finite; give rotation matrices")
    error = np.abs(matrices @ matrices.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2))
    bad = ~(error <= ROTATION_TOLERANCE) | ~(np.linalg.det(matrices) > 0)
    if bad.any():
        raise PlanError(f"pose {int(np.argmax(bad))} of the plan is no rotation; orthonormalise it first")
    matrices.setflags(write=False)
    return matrices


def _check_expressions(expressions: Any) -> str | np.ndarray:
    if isinstance(expressions, str):
        if expressions not in EXPRESSION_LAWS:
            raise PlanError(f"unknown expressions {expressions!r}; known: {', '.join(EXPRESSION_LAWS)}, or numbers")
        return expressions
    rows = np.array(expressions, np.float32)
    if rows.ndim != 2 or rows.shape[1] != len(ARKIT_NAMES) or len(rows) == 0:
        raise PlanError(f"expressions have shape {rows.shape}; give (E, {len(ARKIT_NAMES)}) with E at least 1")
    bad = ~((rows >= 0) & (rows <= 1))
    if bad.any():
        row, column = (int(index[0]) for index in np.nonzero(bad))
        raise PlanError(f"expression {row} has {ARKIT_NAMES[column]} = {rows[row, column]}; give values from 0 to 1")
    rows.setflags(write=False)
    return rows


def _ids(values: Any, default: np.ndarray, name: str) -> np.ndarray:
    ids = np.array(default if values is None else values).astype(np.int32)
    if ids.shape != default.shape:
        raise PlanError(f"plan has {name} of shape {ids.shape}; give one number per pose, {default.shape}")
    ids.setflags(write=False)
    return ids


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise PlanError(f"{name} is {value!r}; give a value from {low:g} to {high:g}")
