"""A packed head that takes one shape after another: other expressions, a neck that bends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synhead_tools.heads.pose_neck import bending_of
from synhead_tools.rendering.cpu.label_kernels import bend_into
from synhead_tools.rendering.cpu.pack import CUTOFF, TINT, PackedHead, pack_head
from synhead_tools.rendering.cpu.tile_thresholds import tile_thresholds
from synhead_tools.rendering.cpu.transform import put_vertices

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part


class PackedShape:
    """A packed head in the shape that was drawn last.

    Parameters
    ----------
    head : Head
        Kept, so that its ``id()`` cannot be given to another.
    samples_per_axis : int

    Attributes
    ----------
    mesh : PackedHead
    thresholds : ndarray
        From `tile_thresholds`.
    """

    def __init__(self, head: Head, samples_per_axis: int) -> None:
        self.mesh = mesh = pack_head(head)
        self.thresholds = tile_thresholds(mesh.material[:, CUTOFF], samples_per_axis)
        self._head, self._rest = head, mesh.positions.copy()
        starts = np.cumsum([0] + [len(part.vertices_m) for part in head.parts])
        self._parts = [
            _PackedPart(number, part, mesh.vertex_place[starts[number] : starts[number + 1]], mesh.rigid)
            for number, part in enumerate(head.parts)
        ]

    @property
    def is_rigid(self) -> bool:
        """Whether the planes of the mesh are right for its shape."""
        return all(part.is_rigid for part in self._parts)

    def take_shape(self, parts: tuple[Part, ...]) -> None:
        """Put the vertices and tints of these parts in where they are others than those that are there."""
        for drawn, part in zip(self._parts, parts, strict=True):
            drawn.take_shape(part, self.mesh, self._rest)


class _PackedPart:
    """Which shape of one part is packed.

    Parameters
    ----------
    number : int
        Of the part.
    part : Part
    place : (n,) uint32
        Where its vertices stand, see `PackedHead.vertex_place`.
    rigid : (V,) bool
        See `PackedHead`.
    """

    def __init__(self, number: int, part: Part, place: np.ndarray, rigid: np.ndarray) -> None:
        self.is_rigid, self._rigid = True, rigid
        self._number, self._part, self._place = number, part, np.ascontiguousarray(place)
        self._all = np.argsort(place).astype(np.int32)  # in the order in which they are written
        self._straight, self._is_bent = part, False
        self._moving: tuple | None = None

    def take_shape(self, part: Part, mesh: PackedHead, rest: np.ndarray) -> None:
        if part is self._part:
            return
        bending = bending_of(part)
        straight = part if bending is None else bending.straight
        arrays = tuple(np.ascontiguousarray(n, np.float32) for n in (straight.vertices_m, straight.normals))
        into = (mesh.positions, mesh.normals)
        if (self._is_bent and bending is None) or not self._is_same(straight):
            self._moving = None
            self.is_rigid = put_vertices(*arrays, self._all, self._place, self._rigid, rest, *into)
        if bending is not None:
            self._moving = self._moving or self._find_moving(straight.bend)
            *which, moves_rigid = self._moving
            bend_into(*arrays, *which, bending.maps, *into)
            self.is_rigid = self.is_rigid and not moves_rigid
        mesh.material[self._number, TINT : TINT + 3] = part.tint
        self._part, self._straight, self._is_bent = part, straight, bending is not None

    def _is_same(self, straight: Part) -> bool:
        return all(
            getattr(straight, name) is getattr(self._straight, name) for name in ("vertices_m", "normals", "bend")
        )

    def _find_moving(self, bend: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
        """Rows that the neck moves, as they are written; where they stand; how much they move; whether any is rigid."""
        rows = self._all[bend[self._all] != 0]
        return rows, self._place[rows], bend[rows], bool(self._rigid[self._place[rows]].any())
