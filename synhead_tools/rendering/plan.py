"""What a rendering run will do, down to the last sample, before anything is rendered."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.geometry.conventions import get_convention
from synhead_tools.heads.bust import DEFAULT_DETAIL
from synhead_tools.heads.expression_laws import EXPRESSION_LAWS
from synhead_tools.heads.pose_neck import BODY_FOLLOW
from synhead_tools.rendering.background import Background
from synhead_tools.rendering.cpu.sample_setup import SampleSetup
from synhead_tools.rendering.framing import CROPS, Framing, detail_for
from synhead_tools.rendering.looks.law import Look, Values
from synhead_tools.rendering.looks.light_columns import lighting_values
from synhead_tools.rendering.looks.streams import stream
from synhead_tools.rendering.looks.table import light_law, parse_looks
from synhead_tools.rendering.plan_checks import (
    check_detail,
    check_follow,
    check_range,
    checked_expressions,
    checked_ids,
    checked_names,
    checked_rotmats,
)
from synhead_tools.rendering.plan_folders import plan_folders
from synhead_tools.rendering.scene import Camera, Lighting

#: How many times wider than the face box the default picture is.
PICTURE_TO_BOX = CROPS["wide"]

#: The lighting that is always the same, of which nothing is stored.
FIXED_LIGHTING = "studio"


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
    size_px : int or tuple of two
        Width and height of the pictures; one number for both.
    distance_m : float
        z of the head's origin. The field of view follows, unless it is given: at this distance the face box takes
        1 / `picture_to_box` of the width.
    picture_to_box : float
        Width of the picture over the side of the face box at `distance_m`; `synhead_tools.rendering.framing.CROPS`
        has names for some.
    fov_deg : float or None
        Horizontal field of view; what `picture_to_box` says is then not looked at.
    intrinsics : tuple of 4 floats or None
        fx, fy, cx, cy in pixels, (0, 0) the corner of the top-left one; likewise.
    place : str
        ``centre``, or ``anywhere``: the face box lies evenly anywhere in the picture.
    distance_jitter : float
        The distance is multiplied by a factor drawn evenly from 1 - this to 1 + this; the field of view stays.
    offset_jitter : float
        The head's origin is moved sideways and up or down by up to this share of the picture's width.
    body_follow : float or tuple of two
        How far the body turns with the head, 0 (not while the neck can turn) to 1 (as one piece); see
        `synhead_tools.heads.pose_neck`. Of two, each sample draws its own evenly between them, and stores it.
    expressions : str or (E, 52) array
        ``none`` (heads as they are), a law's name in `synhead_tools.heads.expression_laws.EXPRESSION_LAWS`, or
        coefficients: row k goes with pose k, and after the last row the first comes again.
    lighting : str
        A law in `synhead_tools.rendering.looks.table.LIGHTS`, with its argument after a colon.
    looks : tuple of str
        Looks of `synhead_tools.rendering.looks.table.LOOKS`, as ``NAME`` or ``NAME:AMOUNT``.
    background : str or None
        A `Background`, as text, that the stored pictures are composed over for good; the manifest then says so. None
        keeps them premultiplied over black: they can be put over anything later. Alpha is stored as rendered.
    backend : str
        A renderer's name, or ``auto``.
    samples_per_axis : int
        Antialiasing: its square is the number of samples per pixel.
    detail : int or str
        Level of detail of the heads, 0 to 2, or ``auto``: `synhead_tools.rendering.framing.detail_for`.
    store_depth : bool
        Whether ``depth_m`` is stored.
    seed : int
        Not negative.
    convention : str
        Euler convention of ``euler_deg``.
    poses_from : dict
        Where the poses come from, in JSON values, for whoever reads the manifest. Decides nothing.
    target_id : (P,) bytes array or None
        Frames of a target dataset whose rotations the poses are, up to 64 bytes each; the dataset is then a SynBiwi+.

    Raises
    ------
    PlanError
        A value is not one of these; the message names it.
    """

    heads: tuple[str, ...]
    rotmats: np.ndarray
    track_id: np.ndarray | None = None
    frame_id: np.ndarray | None = None
    size_px: int | tuple[int, int] = 128
    distance_m: float = 1.0
    picture_to_box: float = PICTURE_TO_BOX
    fov_deg: float | None = None
    intrinsics: tuple[float, float, float, float] | None = None
    place: str = "centre"
    distance_jitter: float = 0.0
    offset_jitter: float = 0.0
    body_follow: float | tuple[float, float] = BODY_FOLLOW
    expressions: str | np.ndarray = "none"
    lighting: str = FIXED_LIGHTING
    looks: tuple[str, ...] = ()
    background: str | None = None
    backend: str = "auto"
    samples_per_axis: int = 2
    detail: int | str = "auto"
    store_depth: bool = False
    seed: int = 0
    convention: str = "synhead"
    poses_from: dict[str, Any] = field(default_factory=dict)
    target_id: np.ndarray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "heads", tuple(self.heads))
        if not self.heads or len(set(self.heads)) != len(self.heads):
            raise PlanError(f"plan has heads {list(self.heads)}; name at least one, each once")
        object.__setattr__(self, "rotmats", checked_rotmats(self.rotmats))
        poses = len(self.rotmats)
        object.__setattr__(self, "track_id", checked_ids(self.track_id, np.full(poses, -1), "track_id"))
        object.__setattr__(self, "frame_id", checked_ids(self.frame_id, np.arange(poses), "frame_id"))
        if self.target_id is not None:
            object.__setattr__(self, "target_id", checked_names(self.target_id, poses, "target_id"))
        for name in ("size_px", "intrinsics", "body_follow"):  # lists, where they come from JSON
            if isinstance(getattr(self, name), (list, tuple)):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "looks", tuple(self.looks))
        check_range("distance_m", self.distance_m, 0.2, 100.0)
        check_range("picture_to_box", self.picture_to_box, 0.2, 20.0)
        check_range("distance_jitter", self.distance_jitter, 0.0, 0.5)
        check_range("offset_jitter", self.offset_jitter, 0.0, 2.0)
        check_follow(self.body_follow)
        check_range("seed", self.seed, 0, 2**63 - 1)
        object.__setattr__(self, "expressions", checked_expressions(self.expressions))
        light_law(self.lighting)
        if self.background is not None:
            Background.parse(self.background).check(self.lighting)
        get_convention(self.convention)
        check_detail(self.detail)
        _ = self.framing, self.drawn_looks

    def __len__(self) -> int:
        return len(self.heads) * len(self.rotmats)

    @cached_property
    def framing(self) -> Framing:
        """Camera and place, out of the plan's values of the same names."""
        return Framing(**{f.name: getattr(self, f.name) for f in fields(Framing)})

    @cached_property
    def drawn_looks(self) -> tuple[Look, ...]:
        """The plan's looks, in the order in which they work."""
        return parse_looks(self.looks)

    def camera(self) -> Camera:
        """Return the camera of every sample."""
        return self.framing.camera

    @property
    def head_detail(self) -> int:
        """Level of detail at which heads are drawn."""
        return detail_for(self.framing) if self.detail == "auto" else int(self.detail)

    @property
    def kind(self) -> str:
        """Kind of the dataset: poses of a target's frames make it a SynBiwi+."""
        return "SynHead" if self.target_id is None else "SynBiwi+"

    @property
    def composed(self) -> bool:
        """Whether the stored pictures stand over a background for good."""
        return self.background is not None

    def sample_seed(self, index: int) -> int:
        """64-bit seed of sample `index`, a function of it and of the plan's seed only."""
        return int(np.random.SeedSequence((self.seed, index)).generate_state(1, np.uint64)[0])

    def sample(self, index: int) -> SampleSetup:
        """Return what is decided about sample `index`, 0 to ``len(plan) - 1``."""
        head, pose = divmod(index, len(self.rotmats))
        seed = self.sample_seed(index)
        lighting, values = self._light_and_looks(seed)
        return SampleSetup(
            index=index,
            head_name=self.heads[head],
            pose_index=pose,
            translation_m=self.framing.translation_m(self.rotmats[pose], seed),
            lighting=lighting,
            seed=seed,
            expression=self._expression(pose, seed),
            body_follow=self._body_follow(seed),
            values=values,
        )

    def _light_and_looks(self, seed: int) -> tuple[Lighting, Values]:
        lighting, values = light_law(self.lighting)(stream(seed, "light"))
        values = dict(values)
        for look in self.drawn_looks:
            values |= look.draw(stream(seed, look.name))
            lighting = look.light(lighting, values)
        if self.lighting != FIXED_LIGHTING or any(look.changes_light for look in self.drawn_looks):
            values |= lighting_values(lighting)
        return lighting, values

    @property
    def draws_body_follow(self) -> bool:
        """Whether the body follows each head by another share."""
        return isinstance(self.body_follow, tuple)

    def _body_follow(self, seed: int) -> float:
        if not self.draws_body_follow:
            return float(self.body_follow)
        return float(stream(seed, "body").uniform(*self.body_follow))

    @property
    def has_expressions(self) -> bool:
        """Whether heads change from frame to frame."""
        return not isinstance(self.expressions, str) or self.expressions != "none"

    def _expression(self, pose: int, seed: int) -> np.ndarray | None:
        if not self.has_expressions:
            return None
        if isinstance(self.expressions, str):
            law = EXPRESSION_LAWS[self.expressions]
            return law(stream(seed, "expression")).astype(np.float32)  # as it is stored
        return self.expressions[pose % len(self.expressions)]

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-able values; `from_dict` takes them back."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        arrays = {name: values[name].tolist() for name in ("rotmats", "track_id", "frame_id")}
        if not isinstance(self.expressions, str):
            arrays["expressions"] = self.expressions.tolist()
        if self.target_id is not None:
            arrays["target_id"] = [name.decode() for name in self.target_id.tolist()]
        return {**values, **arrays, "heads": list(self.heads), "looks": list(self.looks)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RenderPlan:
        """Inverse of `to_dict`; plans of a time when heads came without a body turn as one piece, at one detail."""
        return cls(**{"body_follow": 1.0, "detail": DEFAULT_DETAIL, **values})

    def summary(self) -> dict[str, Any]:
        """Return the plan as JSON-able values with a hash in the place of the poses, for manifests."""
        values = {f.name: getattr(self, f.name) for f in fields(self)} | {"heads": list(self.heads)}
        values["detail"] = self.head_detail
        poses = b"".join(np.ascontiguousarray(a).tobytes() for a in (self.rotmats, self.track_id, self.frame_id))
        if self.target_id is not None:
            poses += self.target_id.tobytes()
        for name in ("rotmats", "track_id", "frame_id", "target_id"):
            del values[name]
        if not isinstance(self.expressions, str):
            digest = hashlib.sha256(self.expressions.astype("<f4").tobytes()).hexdigest()
            values["expressions"] = {"rows": len(self.expressions), "sha256": digest}
        folders = plan_folders(self.lighting, self.background)
        if folders:
            values["folders"] = folders
        return {
            **values,
            "looks": list(self.looks),
            "poses": len(self.rotmats),
            "poses_sha256": hashlib.sha256(poses).hexdigest(),
        }

    def sha256(self) -> str:
        """Hash of everything that decides a pixel or a label."""
        values = {name: value for name, value in self.summary().items() if name != "poses_from"}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
