"""Fewer triangles for a surface, by collapsing edges onto vertices that stay where they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_SHARPEST_COSINE = 0.3  # between a triangle's normals before and after
_SLIMMEST = 0.12  # height over longest side of a new triangle
_DEVIATION_WEIGHT = 8.0


class Simplifier:
    """A triangle mesh that loses vertices one by one, the ones that matter least first.

    Borders stay borders: their vertices move only along them. A vertex is never moved, only merged into a neighbour.

    Parameters
    ----------
    places : (V, 3) array
        Of all vertices, also unused ones.
    triangles : (T, 3) int array
        Manifold, with borders.
    weight : (V,) array
        What an edge's length at this vertex is multiplied with to give the price of losing the vertex.
    kept : (V,) bool array
        Vertices that must stay.
    track : (V,) int array
        Vertices of different tracks on a border are not merged; where the track changes along a border, kept must be
        set.
    """

    def __init__(
        self, places: np.ndarray, triangles: np.ndarray, weight: np.ndarray, kept: np.ndarray, track: np.ndarray
    ) -> None:
        self.places, self.weight, self.kept, self.track = places, weight, kept, track
        self.triangles = {number: tuple(t) for number, t in enumerate(triangles.tolist())}
        self.around: dict[int, set[int]] = {}
        for number, triangle in self.triangles.items():
            for vertex in triangle:
                self.around.setdefault(vertex, set()).add(number)
        self._prices: dict[int, tuple[float, int, int]] = {v: self._price(v) for v in self.around}

    def collapse_until(self, done: Callable[[], bool]) -> None:
        """Remove the cheapest vertex until `done()`; stops where none can go."""
        while not done():
            price, lost, into = min(self._prices.values())
            if not np.isfinite(price):
                raise SystemExit("the mesh cannot be simplified that far")
            touched = self._neighbours(lost)
            self._collapse(lost, into)
            for vertex in touched | {n for v in touched for n in self._neighbours(v)}:
                if vertex in self.around:
                    self._prices[vertex] = self._price(vertex)

    def vertex_count(self) -> int:
        """Return how many vertices are in use."""
        return len(self.around)

    def result(self) -> np.ndarray:
        """Return the triangles (T, 3) that are left."""
        return np.array([self.triangles[number] for number in sorted(self.triangles)])

    def flip_edges(self) -> None:
        """Turn inner edges where that makes the slimmer of two triangles fatter and keeps the surface's shape."""
        for _ in range(10):
            if not sum(self._flip(edge) for edge in sorted(self._inner_edges())):
                return

    def _neighbours(self, vertex: int) -> set[int]:
        return {v for number in self.around[vertex] for v in self.triangles[number]} - {vertex}

    def _common(self, first: int, second: int) -> set[int]:
        return self.around[first] & self.around[second]

    def _on_border(self, vertex: int) -> bool:
        return any(len(self._common(vertex, other)) == 1 for other in self._neighbours(vertex))

    def _price(self, vertex: int) -> tuple[float, int, int]:
        options = [(np.inf, vertex, -1)]
        if not self.kept[vertex]:
            border = self._on_border(vertex)
            options += [
                (self._cost(vertex, into), vertex, into)
                for into in sorted(self._neighbours(vertex))
                if self._may_merge(vertex, into, border)
            ]
        return min(options)

    def _may_merge(self, lost: int, into: int, border: bool) -> bool:
        shared = self._common(lost, into)
        if border and (len(shared) != 1 or self.track[lost] != self.track[into] and not self.kept[into]):
            return False
        return len(self._neighbours(lost) & self._neighbours(into)) == len(shared)  # the link condition

    def _cost(self, lost: int, into: int) -> float:
        deviation = 0.0
        for number in self.around[lost] - self.around[into]:
            old = self.places[list(self.triangles[number])]
            new = self.places[[into if v == lost else v for v in self.triangles[number]]]
            normal, before = _normal(new), _normal(old)
            lengths = np.linalg.norm(normal), np.linalg.norm(before)
            if normal @ before < _SHARPEST_COSINE * lengths[0] * lengths[1] or _slimness(new) < _SLIMMEST:
                return np.inf
            deviation = max(deviation, abs((self.places[lost] - new[0]) @ normal) / lengths[0])
        edge = np.linalg.norm(self.places[lost] - self.places[into])
        return float(self.weight[lost] * edge + _DEVIATION_WEIGHT * deviation)

    def _collapse(self, lost: int, into: int) -> None:
        for number in self._common(lost, into):
            for vertex in self.triangles.pop(number):
                self.around[vertex].discard(number)
        for number in self.around.pop(lost):
            self.triangles[number] = tuple(into if v == lost else v for v in self.triangles[number])
            self.around[into].add(number)
        del self._prices[lost]

    def _inner_edges(self) -> set[tuple[int, int]]:
        edges = [tuple(sorted((t[k], t[k - 1]))) for t in self.triangles.values() for k in range(3)]
        return {edge for edge in edges if len(self._common(*edge)) == 2}

    def _flip(self, edge: tuple[int, int]) -> bool:
        first, second = edge
        numbers = sorted(self._common(first, second))
        if len(numbers) != 2:
            return False
        one, other = (self.triangles[number] for number in numbers)
        k = one.index(first)
        if one[(k + 1) % 3] != second:
            one, other, numbers = other, one, numbers[::-1]
            k = one.index(first)
        apex = one[(k + 2) % 3]
        below = next(v for v in other if v not in edge)
        if below in self._neighbours(apex):
            return False
        new = [(first, below, apex), (below, second, apex)]
        old_shapes, new_shapes = ([self.places[list(t)] for t in ts] for ts in ((one, other), new))
        if min(map(_slimness, new_shapes)) <= 1.05 * min(map(_slimness, old_shapes)):
            return False
        before = _unit(sum(map(_normal, old_shapes)))
        if min(_unit(_normal(shape)) @ before for shape in new_shapes) < 0.9:
            return False
        for number, triangle in zip(numbers, new, strict=True):
            for vertex in self.triangles[number]:
                self.around[vertex].discard(number)
            self.triangles[number] = triangle
        for number in numbers:
            for vertex in self.triangles[number]:
                self.around[vertex].add(number)
        return True


def _normal(corners: np.ndarray) -> np.ndarray:
    return np.cross(corners[1] - corners[0], corners[2] - corners[0])


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(np.linalg.norm(vector), 1e-12)


def _slimness(corners: np.ndarray) -> float:
    """Height over the longest side: 0.87 for an equilateral triangle."""
    longest = max(np.linalg.norm(corners[k] - corners[k - 1]) for k in range(3))
    return float(np.linalg.norm(_normal(corners)) / longest**2)
