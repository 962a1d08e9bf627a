"""From one stretch of a plan to the columns of one shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.formats.sample import COLUMNS
from synhead_tools.formats.shard_image import PICTURE_CHUNK_ROWS
from synhead_tools.heads.bust import DEFAULT_DETAIL
from synhead_tools.heads.expressions import express
from synhead_tools.heads.head import Head, HeadFacts
from synhead_tools.heads.pose_neck import bent_head, neck_maps
from synhead_tools.rendering.annotate import FaceAreas, frame_columns, point_columns, pose_columns
from synhead_tools.rendering.backend import Backend, Frame
from synhead_tools.rendering.background import Background
from synhead_tools.rendering.batch import render_batch
from synhead_tools.rendering.compiled_labels import FRAMES_TOGETHER, neck_mover
from synhead_tools.rendering.cpu.finish import finished_picture
from synhead_tools.rendering.looks.wardrobe import Wardrobe
from synhead_tools.rendering.plan import RenderPlan, SampleSetup

#: Names of expressions: the head's own, one drawn at random, one that was given.
NEUTRAL, DRAWN, GIVEN = b"neutral", b"random", b"given"

_PER_FRAME = (
    "image",
    "alpha",
    "region",
    "head_box_xyxy",
    "points5_visibility",
    "landmarks68_visibility",
    "visible_fraction",
)


@dataclass(frozen=True)
class ShardRenderer:
    """Renders stretches of a plan, one after another, with one backend.

    Parameters
    ----------
    plan : RenderPlan
    heads : mapping of str to Head
        Head of each name in the plan, or something that makes it when asked (`HeadShelf`).
    backend : Backend
    areas : FaceAreas
        Of the same backend; kept from shard to shard.
    left_out : frozenset of str
        Columns that some head of the plan cannot have (`synhead_tools.rendering.annotate.unknown_columns`).
    """

    plan: RenderPlan
    heads: Mapping[str, Head]
    backend: Backend
    areas: FaceAreas
    left_out: frozenset[str] = frozenset()

    def columns(self, start: int, stop: int, between: Callable[[], None] = lambda: None) -> dict[str, np.ndarray]:
        """Render samples `start` to ``stop - 1``.

        Parameters
        ----------
        start, stop : int
            Numbers of samples of the plan.
        between : callable
            Called before each sample; may raise to stop.

        Returns
        -------
        dict of str to ndarray
            Columns of `synhead_tools.formats.sample.COLUMNS`, all of length ``stop - start``.
        """
        setups = [self.plan.sample(index) for index in range(start, stop)]
        columns = self._label_columns(setups)
        columns.update(self._empty_columns(len(setups)))
        for first in range(0, len(setups), FRAMES_TOGETHER):
            group = setups[first : first + FRAMES_TOGETHER]
            for row, values in enumerate(self._group_values(group, columns, first, between), first):
                for name, value in values.items():
                    columns[name][row] = value
        return {name: columns[name] for name in COLUMNS if name in columns}

    def blocks(
        self, start: int, stop: int, between: Callable[[], None] = lambda: None
    ) -> Iterator[dict[str, np.ndarray]]:
        """Render samples `start` to ``stop - 1`` in blocks that are stored as they come; see `columns`."""
        for first in range(start, stop, PICTURE_CHUNK_ROWS):
            yield self.columns(first, min(first + PICTURE_CHUNK_ROWS, stop), between)

    def close(self) -> None:
        """Close the backend."""
        self.backend.close()

    @cached_property
    def _wardrobe(self) -> Wardrobe:
        return Wardrobe(self.plan.drawn_looks)

    def _fitted(self, setup: SampleSetup, head: Head) -> SampleSetup:
        values = setup.values
        for look in self.plan.drawn_looks:
            values = look.for_head(values, head)
        return setup if values is setup.values else replace(setup, values=values)

    def _label_columns(self, setups: list[SampleSetup]) -> dict[str, np.ndarray]:
        """Columns that need no picture; in the list, setups are replaced by such as their heads can have."""
        poses = np.array([setup.pose_index for setup in setups])
        rotmat = self.plan.rotmats[poses]
        translation_m = np.array([setup.translation_m for setup in setups])
        intrinsics = np.tile(self.plan.camera().intrinsics, (len(setups), 1, 1))
        columns = pose_columns(rotmat, translation_m, intrinsics, self.plan.convention)
        # the heads' points, head by head: samples of a shard are head-major
        stretches = [(name, list(group)) for name, group in groupby(setups, key=lambda setup: setup.head_name)]
        parts, identities, begin = [], [], 0
        for name, group in stretches:
            head = self.heads[name]  # once: a population's heads are built anew each time
            rows = slice(begin, begin + len(group))
            parts.append(point_columns(head, rotmat[rows], translation_m[rows], intrinsics[rows]))
            setups[rows] = [self._fitted(setup, head) for setup in group]
            identities += [_identity(head)] * len(group)
            begin += len(group)
        for name in set.intersection(*map(set, parts)) - self.left_out:
            columns[name] = np.concatenate([part[name] for part in parts])
        if self.plan.has_expressions:
            columns["expression_coefficients"] = np.stack([setup.expression for setup in setups])
        if self.plan.draws_body_follow:
            columns["body_follow"] = np.array([setup.body_follow for setup in setups])
        for name in setups[0].values:
            columns[name] = np.stack([setup.values[name] for setup in setups])
        if self.plan.target_id is not None:  # rendered at the target's own rotation
            columns["target_id"] = self.plan.target_id[poses]
            columns |= {name: np.zeros(len(setups)) for name in ("in_plane_deg", "residual_deg")}
        return {
            **columns,
            "head_id": np.array(identities, "S16"),
            "expression": np.array([self._expression_name(setup) for setup in setups], "S16"),
            "track_id": self.plan.track_id[poses],
            "frame_id": self.plan.frame_id[poses],
            "seed": np.array([setup.seed for setup in setups], np.uint64),
        }

    def _empty_columns(self, rows: int) -> dict[str, np.ndarray]:
        camera = self.plan.camera()
        sizes = {"H": camera.height_px, "W": camera.width_px}
        names = (*_PER_FRAME, "depth_m") if self.plan.store_depth else _PER_FRAME
        if self.plan.background is not None and Background.parse(self.plan.background).is_file:
            names += ("background_file",)
        names = tuple(name for name in names if name not in self.left_out)
        shapes = {name: tuple(sizes.get(n, n) for n in COLUMNS[name].shape_tail) for name in names}
        return {name: np.zeros((rows, *shapes[name]), COLUMNS[name].dtype) for name in names}

    def _group_values(
        self, setups: list[SampleSetup], columns: dict[str, np.ndarray], first: int, between: Callable[[], None]
    ) -> list[dict[str, np.ndarray]]:
        """Draw some samples, the first of them in row `first`; what is done about each is quicker for several."""
        rotmats = [self.plan.rotmats[setup.pose_index] for setup in setups]
        shapes, bent = [], []
        maps = neck_maps(
            [self.heads[setup.head_name] for setup in setups], rotmats, [setup.body_follow for setup in setups]
        )
        for setup, arc in zip(setups, maps, strict=True):
            between()
            shape = self.heads[setup.head_name]
            shape = shape if setup.expression is None else express(shape, setup.expression)
            shapes.append(self._wardrobe.dress(shape, setup.values))
            bent.append(bent_head(shapes[-1], arc, neck_mover()))
        places, lights = [setup.translation_m for setup in setups], [setup.lighting for setup in setups]
        frames = render_batch(self.backend, bent, rotmats, places, self.plan.camera(), lights)
        rows = range(first, first + len(setups))
        views = zip(setups, frames, shapes, rotmats, rows, strict=True)
        return [self._frame_values(*view[:4], columns, view[4]) for view in views]

    def _frame_values(
        self,
        setup: SampleSetup,
        frame: Frame,
        shape: Head,
        rotmat: np.ndarray,
        columns: dict[str, np.ndarray],
        row: int,
    ) -> dict[str, np.ndarray]:
        head, camera, place_m = self.heads[setup.head_name], self.plan.camera(), setup.translation_m
        points = {name: columns[name][row] for name in ("points5", "landmarks68") if name in columns}
        if setup.expression is not None:
            moved = point_columns(shape, rotmat[None], place_m[None], camera.intrinsics[None])
            points = {name: column[0] for name, column in moved.items()}
        # the face is measured against the neutral one: a blink hides nothing of it
        values = points | frame_columns(frame, head, (rotmat, place_m), points, camera, self.areas, shape)
        values.update(self._pictures(frame, setup))
        return {name: value for name, value in values.items() if name not in self.left_out}

    def _expression_name(self, setup: SampleSetup) -> bytes:
        if setup.expression is None or not setup.expression.any():
            return NEUTRAL
        return DRAWN if isinstance(self.plan.expressions, str) else GIVEN

    def _pictures(self, frame: Frame, setup: SampleSetup) -> dict[str, np.ndarray]:
        plan = self.plan
        picture, file = finished_picture(
            frame, plan.camera(), float(setup.translation_m[2]), setup.seed, setup.values, plan.drawn_looks,
            plan.lighting, plan.background,
        )  # fmt: skip
        pictures = {"image": picture.image, "alpha": picture.alpha, "region": frame.region}
        if plan.store_depth:
            pictures["depth_m"] = frame.depth_m
        if file:
            pictures["background_file"] = np.array(file.encode("utf-8", "surrogateescape"), "S64")
        return pictures


class HeadShelf(Mapping):
    """Heads of a plan by name: those given, or else the library's, built when first asked for.

    Parameters
    ----------
    names : tuple of str
    given : mapping of str to Head or None
        Heads that are already there.
    detail : int
        Level of detail of the library's heads.
    """

    def __init__(
        self, names: tuple[str, ...], given: Mapping[str, Head] | None = None, detail: int = DEFAULT_DETAIL
    ) -> None:
        self._names, self._detail = names, detail
        self._given = dict(given or {})

    def __getitem__(self, name: str) -> Head:
        if name in self._given:
            return self._given[name]
        from synhead_tools.heads.library import load_head

        # which keeps the last ones, not all: a population does not fit into memory
        return load_head(name, self._detail)

    def facts(self, name: str) -> HeadFacts:
        """Return what is known of a head without building it."""
        if name in self._given:
            return self._given[name].facts()
        from synhead_tools.heads.library import head_facts

        return head_facts(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def check_identities(heads: Mapping[str, HeadFacts]) -> None:
    """Check, before anything is rendered, that samples of different heads can be told apart.

    Raises
    ------
    HeadError
        A head's name does not fit ``head_id``, or two heads have the same.
    """
    named: dict[bytes, str] = {}
    for name, head in heads.items():
        other = named.setdefault(_identity(head), name)
        if other != name:
            raise HeadError(f"heads {other} and {name} are both called {head.name!r}; rename one recipe file")


def _identity(head: Head | HeadFacts) -> bytes:
    identity = head.name.encode("utf-8")
    if not 1 <= len(identity) <= 16:
        raise HeadError(f"head name {head.name!r} takes {len(identity)} bytes as head_id; give it 1 to 16")
    return identity
