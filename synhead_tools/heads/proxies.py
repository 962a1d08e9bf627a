"""Fitting hair, brows, lashes and eyeballs to a morphed head."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from synhead_tools.heads.assets import HAIRS, Proxy, load_geometry, load_proxy
from synhead_tools.heads.bust import bust_level
from synhead_tools.heads.surface import Surface, clip, split_quads, vertex_normals

_HAIR_SLACK = 1.12


def fit(proxy: Proxy, vertices_dm: np.ndarray) -> np.ndarray:
    """Return the proxy's vertices (P, 3) on morphed base vertices (dm, mesh frame).

    v = sum of weights * base[reference] + scale * offset, with scale_k the distance of a pair of base vertices along
    axis k relative to that distance on the head the asset was made for (MakeHuman's ``.mhclo`` rule).
    """
    first, second = load_geometry().scale_vertices.T
    axes = np.arange(3)
    scale = np.abs(vertices_dm[first, axes] - vertices_dm[second, axes]) / proxy.scale_denominators_dm
    mixed = np.einsum("pr,prx->px", proxy.weights, vertices_dm[proxy.reference])
    return mixed + proxy.offsets_dm * scale


def proxy_mesh(name: str, control: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return positions (dm), unit normals, uv and triangles of a placed proxy; hair is cut where the bust ends.

    Parameters
    ----------
    name : str
        Name of the proxy.
    control : (P, 3) array
        Its vertices where they belong on the head: the result of `fit`.
    """
    proxy = load_proxy(name)
    surface = _surface(name)
    triangles = np.concatenate([proxy.faces[:, [0, 1, 2]], proxy.faces[:, [0, 2, 3]]])
    normals = surface.mix @ vertex_normals(control, triangles)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return surface.mix @ control, normals / np.maximum(length, 1e-12), surface.uv, surface.triangles


@lru_cache(maxsize=64)
def _surface(name: str) -> Surface:
    proxy = load_proxy(name)
    whole = split_quads(proxy.faces, proxy.uv, proxy.face_uv, len(proxy.reference))
    if name not in HAIRS:
        return whole
    rest = fit(proxy, load_geometry().vertices_dm)
    return clip(whole, whole.mix @ bust_level(rest, slack=_HAIR_SLACK))[0]
