"""Fitting hair, brows, lashes and eyeballs to a morphed head."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from synhead_tools.heads.assets import Proxy, load_geometry, load_proxy
from synhead_tools.heads.haircuts import HAIRSTYLES, cut_level, hair_proxy
from synhead_tools.heads.surface import Surface, clip, split_quads, vertex_normals

_HAIR_ENDS_DM = 2.75  # rest height: just above the waist, where the torso is cut


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


def proxy_of(name: str) -> Proxy:
    """Return the mesh of a proxy's or hairstyle's name; HeadError if there is none."""
    return hair_proxy(name) if name in HAIRSTYLES else load_proxy(name)


def proxy_mesh(name: str, control: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return positions (dm), unit normals, uv and triangles of a placed proxy; hair is cut where the torso ends.

    Parameters
    ----------
    name : str
        Name of the proxy or hairstyle.
    control : (P, 3) array
        Its vertices where they belong on the head: the result of `fit`.
    """
    proxy = proxy_of(name)
    surface = _surface(name)
    triangles = np.concatenate([proxy.faces[:, [0, 1, 2]], proxy.faces[:, [0, 2, 3]]])
    normals = surface.mix @ vertex_normals(control, triangles)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return surface.mix @ control, normals / np.maximum(length, 1e-12), surface.uv, surface.triangles


@lru_cache(maxsize=64)
def _surface(name: str) -> Surface:
    proxy = proxy_of(name)
    whole = split_quads(proxy.faces, proxy.uv, proxy.face_uv, len(proxy.reference))
    if name not in HAIRSTYLES:
        return whole
    rest = fit(proxy, load_geometry().vertices_dm)
    kept = np.minimum(rest[..., 1] - _HAIR_ENDS_DM, cut_level(name, rest))
    return clip(whole, whole.mix @ kept)[0]
