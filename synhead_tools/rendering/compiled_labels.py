"""The compiled form of what a frame costs beside drawing it, where numba is installed."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import import_module
from types import ModuleType

import numpy as np

from synhead_tools.heads.pose_neck import Move, bend_vertices
from synhead_tools.rendering.kept_by_identity import KeptByIdentity

#: Frames that are prepared, drawn and labelled together: between two drawings the processor forgets all the rest.
FRAMES_TOGETHER = 8


@lru_cache(maxsize=1)
def label_kernels() -> ModuleType | None:
    """Return `synhead_tools.rendering.cpu.label_kernels`, or None without numba, which OpenGL does not need."""
    try:
        return import_module("synhead_tools.rendering.cpu.label_kernels")
    except ImportError:
        return None


def neck_mover() -> Move:
    """Return what `synhead_tools.heads.pose_neck.bend_neck` moves vertices with, as fast as it goes here."""
    return bend_vertices if label_kernels() is None else _bend_compiled


def _bend_compiled(
    vertices_m: np.ndarray, normals: np.ndarray, bend: np.ndarray, maps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    neck = _necks(vertices_m, normals, bend)
    bent_m, turned = neck.copies()
    label_kernels().bend(vertices_m, normals, neck.moving, neck.share, maps, bent_m, turned)
    return bent_m, turned


class _Neck:
    """Which vertices of a part move, and copies of all of them in which only those have to be written."""

    def __init__(self, vertices_m: np.ndarray, normals: np.ndarray, bend: np.ndarray) -> None:
        self.moving = np.flatnonzero(bend).astype(np.int32)
        self.share = bend[self.moving]
        self._rest = (vertices_m, normals)
        self._copies: list[tuple[np.ndarray, np.ndarray]] = []

    def copies(self) -> tuple[np.ndarray, np.ndarray]:
        """Return copies of both arrays; moving rows are to be written, the others are not."""
        for bent_m, turned in self._copies:
            # nobody but the list's pair, these names and the count itself refers to them: they were given back
            if sys.getrefcount(bent_m) == _OWN_REFERENCES and sys.getrefcount(turned) == _OWN_REFERENCES:
                return bent_m, turned
        copies = tuple(array.copy() for array in self._rest)
        if len(self._copies) < _MAX_COPIES:
            self._copies.append(copies)
        return copies


_OWN_REFERENCES = 3
_MAX_COPIES = FRAMES_TOGETHER + 1  # and one that the renderer still has
_necks = KeptByIdentity(_Neck, 8)
