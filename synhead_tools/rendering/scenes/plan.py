"""What a run of scenes will do, down to the last face, before anything is rendered."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np

from synhead_tools.errors import PlanError
from synhead_tools.formats.sample import FACES_MOST
from synhead_tools.heads.expression_laws import EXPRESSION_LAWS
from synhead_tools.heads.pose_neck import BODY_FOLLOW
from synhead_tools.rendering.background import Background
from synhead_tools.rendering.framing import DETAIL_UP_TO_PX
from synhead_tools.rendering.looks.law import Look, Values
from synhead_tools.rendering.looks.light_columns import lighting_values
from synhead_tools.rendering.looks.streams import stream
from synhead_tools.rendering.looks.table import light_law, parse_looks
from synhead_tools.rendering.plan import FIXED_LIGHTING
from synhead_tools.rendering.plan_checks import check_detail, check_follow, check_range, checked_rotmats
from synhead_tools.rendering.plan_folders import plan_folders
from synhead_tools.rendering.scene import Camera, Lighting
from synhead_tools.rendering.scenes.crowd import draw_places, position_m

#: Scenes that are cast from the same people, and how many these are: a head takes a second to make, and renderers keep
#: 16 of them, which is what 7 people at `DETAILS_DRAWN` levels of detail need.
SCENES_PER_CAST, CAST = 128, 7
#: Larger faces than level 1 is made for are rare, and still within 1 dB of it.
DETAILS_DRAWN = 2
#: Looks that each person has for himself; the others are the picture's.
PERSONAL_LOOKS = ("tint", "glasses", "occluder")
KIND = "SynHeadScenes"


@dataclass(frozen=True, eq=False)
class Person:
    """Everything about one person of a scene that is decided before it is rendered.

    Attributes
    ----------
    head_name : str
    rotmat, translation_m : (3, 3) and (3,) float64
        R_head_to_camera, and where the head's origin is.
    detail : int
        Level of detail of the mesh.
    seed : int
        64-bit seed of everything random about the person.
    expression : (52,) float32
    body_follow : float
        How far the body turns with the head.
    values : dict of str to ndarray
        What the personal looks drew.
    """

    head_name: str
    rotmat: np.ndarray
    translation_m: np.ndarray
    detail: int
    seed: int
    expression: np.ndarray
    body_follow: float
    values: Values


@dataclass(frozen=True, eq=False)
class SceneSetup:
    """One scene before it is rendered: camera, light, and the people from the nearest to the farthest."""

    index: int
    seed: int
    camera: Camera
    lighting: Lighting
    people: tuple[Person, ...]
    values: Values


@dataclass(frozen=True, eq=False)
class ScenePlan:
    """Scenes of several people.

    Everything random in a scene is a function of `seed` and of its number alone; which heads it is cast from, of
    `seed` and of its number divided by `SCENES_PER_CAST`.

    Parameters
    ----------
    heads : tuple of str
        Names for `synhead_tools.heads.library.load_head`, made from recipes.
    rotmats : (P, 3, 3) array
        R_head_to_camera that people take, each evenly often.
    scenes : int
        How many.
    size_px : int or tuple of two
        Width and height of the pictures.
    faces : tuple of two int
        Fewest and most in a picture, 0 to 12.
    face_px : tuple of two floats
        Smallest and largest side of the square face box (0.245 m), pixels.
    fov_deg : tuple of two floats
        Smallest and largest horizontal field of view; its tangent's logarithm is drawn evenly.
    body_follow, expressions, lighting, looks, background, backend, samples_per_axis, detail, seed
        As in `synhead_tools.rendering.plan.RenderPlan`; expressions by law only. `PERSONAL_LOOKS` are drawn for each
        person, the others once a picture.
    poses_from : dict
        Where the poses come from, for whoever reads the manifest.

    Raises
    ------
    PlanError
        A value is not one of these; the message names it.
    """

    heads: tuple[str, ...]
    rotmats: np.ndarray
    scenes: int
    size_px: int | tuple[int, int] = 640
    faces: tuple[int, int] = (0, FACES_MOST)
    face_px: tuple[float, float] = (16.0, 406.0)
    fov_deg: tuple[float, float] = (30.0, 75.0)
    body_follow: float | tuple[float, float] = BODY_FOLLOW
    expressions: str = "random"
    lighting: str = "random"
    looks: tuple[str, ...] = ()
    background: str | None = None
    backend: str = "auto"
    samples_per_axis: int = 2
    detail: int | str = "auto"
    seed: int = 0
    poses_from: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("heads", "looks", "faces", "face_px", "fov_deg"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if isinstance(self.size_px, (list, tuple)):
            object.__setattr__(self, "size_px", tuple(self.size_px))
        if not self.heads or len(set(self.heads)) != len(self.heads):
            raise PlanError(f"plan has heads {list(self.heads)}; name at least one, each once")
        object.__setattr__(self, "rotmats", checked_rotmats(self.rotmats))
        check_range("scenes", self.scenes, 1, 10**8)
        for size in self.width_height_px:
            check_range("size_px", size, 16, 4096)
        _check_pair("faces", self.faces, 0, FACES_MOST)
        _check_pair("face_px", self.face_px, 4, 4096)
        _check_pair("fov_deg", self.fov_deg, 5, 120)
        check_follow(self.body_follow)
        check_range("seed", self.seed, 0, 2**63 - 1)
        check_detail(self.detail)
        if self.expressions not in EXPRESSION_LAWS:
            raise PlanError(f"unknown expressions {self.expressions!r}; known: {', '.join(EXPRESSION_LAWS)}")
        light_law(self.lighting)
        if self.background is not None:
            Background.parse(self.background).check(self.lighting)
        _ = self.drawn_looks

    def __len__(self) -> int:
        return self.scenes

    @property
    def width_height_px(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        return (self.size_px, self.size_px) if np.isscalar(self.size_px) else tuple(self.size_px)

    @property
    def composed(self) -> bool:
        """Whether the stored pictures stand over a background for good."""
        return self.background is not None

    @cached_property
    def drawn_looks(self) -> tuple[Look, ...]:
        """All looks, in the order in which they work."""
        return parse_looks(self.looks)

    @property
    def personal_looks(self) -> tuple[Look, ...]:
        """Looks that each person has for himself."""
        return tuple(look for look in self.drawn_looks if look.name in PERSONAL_LOOKS)

    @property
    def picture_looks(self) -> tuple[Look, ...]:
        """Looks of the whole picture."""
        return tuple(look for look in self.drawn_looks if look.name not in PERSONAL_LOOKS)

    def cast(self, index: int) -> tuple[str, ...]:
        """The heads that scene `index` and its neighbours are cast from."""
        rng = np.random.default_rng(np.random.SeedSequence((self.seed, index // SCENES_PER_CAST, 1)))
        chosen = rng.permutation(len(self.heads))[:CAST]
        return tuple(self.heads[k] for k in chosen)

    def scene(self, index: int) -> SceneSetup:
        """Return what is decided about scene `index`, 0 to ``len(plan) - 1``."""
        seed = _seed_of(self.seed, index)
        rng = stream(seed, "place")
        width, height = self.width_height_px
        low, high = np.log(np.tan(np.radians(self.fov_deg) / 2))
        focal_px = float(width / 2 / np.exp(rng.uniform(low, high)))
        principal_px = (width / 2, height / 2)
        camera = Camera(width, height, [[focal_px, 0, principal_px[0]], [0, focal_px, principal_px[1]], [0, 0, 1]])
        places = draw_places(rng, (width, height), self.faces, self.face_px)
        cast, people = self.cast(index), []
        # nobody is in a picture twice while there are others
        names = [cast[k % len(cast)] for k in _shuffled(rng, len(cast), len(places))]
        for number, (name, place) in enumerate(zip(names, places, strict=True)):
            rotmat = self.rotmats[int(rng.integers(len(self.rotmats)))]
            person_seed = _seed_of(seed, number)
            people.append(
                Person(
                    name, rotmat, position_m(place, rotmat, focal_px, principal_px), self._detail(place.side_px),
                    person_seed, self._expression(person_seed), self._body_follow(person_seed),
                    {key: value for look in self.personal_looks for key, value in _drawn(look, person_seed).items()},
                )
            )  # fmt: skip
        people.sort(key=lambda person: float(person.translation_m[2]))
        lighting, values = self._light_and_looks(seed)
        return SceneSetup(index, seed, camera, lighting, tuple(people), values)

    def _detail(self, side_px: float) -> int:
        if self.detail != "auto":
            return int(self.detail)
        return min(int(np.searchsorted(DETAIL_UP_TO_PX, side_px)), DETAILS_DRAWN - 1)

    def _body_follow(self, seed: int) -> float:
        drawn = isinstance(self.body_follow, tuple)
        return float(stream(seed, "body").uniform(*self.body_follow)) if drawn else float(self.body_follow)

    def _expression(self, seed: int) -> np.ndarray:
        return EXPRESSION_LAWS[self.expressions](stream(seed, "expression")).astype(np.float32)  # as it is stored

    def _light_and_looks(self, seed: int) -> tuple[Lighting, Values]:
        lighting, values = light_law(self.lighting)(stream(seed, "light"))
        values = dict(values)
        for look in self.picture_looks:
            values |= _drawn(look, seed)
            lighting = look.light(lighting, values)
        if self.lighting != FIXED_LIGHTING or any(look.changes_light for look in self.picture_looks):
            values |= lighting_values(lighting)
        return lighting, values

    def summary(self) -> dict[str, Any]:
        """Return the plan as JSON-able values with a hash in the place of the poses, for manifests."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "rotmats"}
        for name in ("heads", "looks", "faces", "face_px", "fov_deg"):
            values[name] = list(values[name])
        folders = plan_folders(self.lighting, self.background)
        digest = hashlib.sha256(np.ascontiguousarray(self.rotmats).tobytes()).hexdigest()
        return {**values, **({"folders": folders} if folders else {}), "poses_sha256": digest}

    def sha256(self) -> str:
        """Hash of everything that decides a pixel or a label."""
        values = {name: value for name, value in self.summary().items() if name != "poses_from"}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _seed_of(seed: int, number: int) -> int:
    return int(np.random.SeedSequence((seed, number)).generate_state(1, np.uint64)[0])


def _shuffled(rng: np.random.Generator, among: int, count: int) -> list[int]:
    rounds = [rng.permutation(among) for _ in range(-(-count // among))]
    return [int(k) for each in rounds for k in each][:count]


def _drawn(look: Look, seed: int) -> Values:
    return look.draw(stream(seed, look.name))


def _check_pair(name: str, values: tuple, low: float, high: float) -> None:
    if len(values) != 2 or not low <= values[0] <= values[1] <= high:
        raise PlanError(f"{name} is {list(values)}; give two values from {low} to {high}, the smaller one first")
