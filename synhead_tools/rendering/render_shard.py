"""From one stretch of a plan to the columns of one shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.formats.sample import COLUMNS
from synhead_tools.heads.expressions import express
from synhead_tools.heads.head import Head, HeadFacts
from synhead_tools.heads.pose_neck import bend_neck
from synhead_tools.rendering.annotate import FaceAreas, frame_columns, point_columns, pose_columns
from synhead_tools.rendering.backend import Backend, Frame
from synhead_tools.rendering.background import Background, composite_frame
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
        for row, setup in enumerate(setups):
            between()
            for name, value in self._frame_values(setup, columns, row).items():
                columns[name][row] = value
        return {name: columns[name] for name in COLUMNS if name in columns}

    def _label_columns(self, setups: list[SampleSetup]) -> dict[str, np.ndarray]:
        poses = np.array([setup.pose_index for setup in setups])
        rotmat = self.plan.rotmats[poses]
        translation_m = np.array([setup.translation_m for setup in setups])
        intrinsics = np.tile(self.plan.camera().intrinsics, (len(setups), 1, 1))
        columns = pose_columns(rotmat, translation_m, intrinsics, self.plan.convention)
        # the heads' points, head by head: samples of a shard are head-major
        stretches = [(name, list(group)) for name, group in groupby(setups, key=lambda setup: setup.head_name)]
        parts, begin = [], 0
        for name, group in stretches:
            rows = slice(begin, begin + len(group))
            parts.append(point_columns(self.heads[name], rotmat[rows], translation_m[rows], intrinsics[rows]))
            begin += len(group)
        for name in set(parts[0]) - self.left_out:
            columns[name] = np.concatenate([part[name] for part in parts])
        if self.plan.has_expressions:
            columns["expression_coefficients"] = np.stack([setup.expression for setup in setups])
        identities = [_identity(self.heads[name]) for name, group in stretches for _ in group]
        return {
            **columns,
            "head_id": np.array(identities, "S16"),
            "expression": np.array([self._expression_name(setup) for setup in setups], "S16"),
            "track_id": self.plan.track_id[poses],
            "frame_id": self.plan.frame_id[poses],
            "seed": np.array([setup.seed for setup in setups], np.uint64),
        }

    def _empty_columns(self, rows: int) -> dict[str, np.ndarray]:
        sizes = {"H": self.plan.size_px, "W": self.plan.size_px}
        names = (*_PER_FRAME, "depth_m") if self.plan.store_depth else _PER_FRAME
        names = tuple(name for name in names if name not in self.left_out)
        shapes = {name: tuple(sizes.get(n, n) for n in COLUMNS[name].shape_tail) for name in names}
        return {name: np.zeros((rows, *shapes[name]), COLUMNS[name].dtype) for name in names}

    def _frame_values(self, setup: SampleSetup, columns: dict[str, np.ndarray], row: int) -> dict[str, np.ndarray]:
        head, camera = self.heads[setup.head_name], self.plan.camera()
        rotmat = self.plan.rotmats[setup.pose_index]
        points = {name: columns[name][row] for name in ("points5", "landmarks68") if name in columns}
        shape = head
        if setup.expression is not None:
            shape = express(head, setup.expression)
            pose = (rotmat[None], setup.translation_m[None], camera.intrinsics[None])
            points = {name: column[0] for name, column in point_columns(shape, *pose).items()}
        bent = bend_neck(shape, rotmat, self.plan.body_follow)
        frame = self.backend.render(bent, rotmat, setup.translation_m, camera, setup.lighting)
        # the face is measured against the neutral one: a blink hides nothing of it
        values = points | frame_columns(frame, head, (rotmat, setup.translation_m), points, camera, self.areas)
        values.update(self._pictures(frame, setup))
        return {name: value for name, value in values.items() if name not in self.left_out}

    def _expression_name(self, setup: SampleSetup) -> bytes:
        if setup.expression is None or not setup.expression.any():
            return NEUTRAL
        return DRAWN if isinstance(self.plan.expressions, str) else GIVEN

    def _pictures(self, frame: Frame, setup: SampleSetup) -> dict[str, np.ndarray]:
        pictures = {"image": frame.image, "alpha": frame.alpha, "region": frame.region}
        if self.plan.store_depth:
            pictures["depth_m"] = frame.depth_m
        if self.plan.background is not None:
            law, size = Background.parse(self.plan.background), self.plan.size_px
            pictures["image"] = composite_frame(frame, law.draw(size, size, setup.background_rng))
            pictures["alpha"] = np.full_like(frame.alpha, 255)
        return pictures


class HeadShelf(Mapping):
    """Heads of a plan by name: those given, or else the library's, built when first asked for.

    Parameters
    ----------
    names : tuple of str
    given : mapping of str to Head or None
        Heads that are already there.
    """

    def __init__(self, names: tuple[str, ...], given: Mapping[str, Head] | None = None) -> None:
        self._names = names
        self._given = dict(given or {})

    def __getitem__(self, name: str) -> Head:
        if name in self._given:
            return self._given[name]
        from synhead_tools.heads.library import load_head

        return load_head(name)  # which keeps the last ones, not all: a population does not fit into memory

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
