"""Hair, brows, lashes and eyeballs as proxies of the base mesh."""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image

from synhead_tools.heads import assets

# |difference| of MakeHuman's scale pairs (x, y, z; dm) on the head each asset was modelled on, from the .mhclo files.
_DENOMINATORS = {
    **dict.fromkeys(("braid01", "bob01", "bob02", "long01", "ponytail01", "short03"), (1.398, 2.2048, 1.8461)),
    "short02": (1.434, 2.4098, 2.0001),
    **dict.fromkeys(("short04", *assets.LASHES), (1.48, 2.3298, 1.9221)),
    "short01": (1.6682, 2.8351, 2.3542),
    "afro01": (1.7412, 2.7409, 2.2613),
    **dict.fromkeys(assets.BROWS, (1.416, 2.3073, 1.9231)),
    assets.EYEBALLS: (1.6482, 2.7213, 2.2795),
}
_INTS_PER_QUAD = 10  # type (11: quad with material and uv), 4 vertices, material, 4 uv


def parse(name: str, data: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of one three.js clothes file; references are base vertex numbers, uv is v down."""
    source = json.loads(data)
    rows = np.array(source["faces"]).reshape(-1, _INTS_PER_QUAD)
    if set(rows[:, 0]) != {11}:
        raise SystemExit(f"{name}: faces other than textured quads")
    uv = np.array(source["uvs"][0]).reshape(-1, 2)
    return {
        "reference": np.array(source["ref_vIdxs"]),
        "weights": np.array(source["weights"]),
        "offsets_dm": np.array(source["offsets"]),
        "scale_denominators_dm": np.array(_DENOMINATORS[name]),
        "faces": rows[:, 1:5],
        "face_uv": rows[:, 6:10],
        "uv": np.clip(np.column_stack([uv[:, 0], 1 - uv[:, 1]]), 0, 1),
    }


def without_transparent(proxy: dict[str, np.ndarray], picture: bytes) -> dict[str, np.ndarray]:
    """Drop faces whose texture is clear (the cornea shells of the eyes) and vertices no face uses any more."""
    alpha = np.asarray(Image.open(io.BytesIO(picture)).convert("RGBA"))[..., 3]
    centre = proxy["uv"][proxy["face_uv"]].mean(axis=1) * (alpha.shape[1], alpha.shape[0])
    column, row = centre.astype(int).T
    seen = alpha[row, column] > 127
    return compact({**proxy, "faces": proxy["faces"][seen], "face_uv": proxy["face_uv"][seen]})


def compact(proxy: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the proxy without unused vertices and texture coordinates."""
    used, faces = np.unique(proxy["faces"], return_inverse=True)
    used_uv, face_uv = np.unique(proxy["face_uv"], return_inverse=True)
    return {
        **proxy,
        **{key: proxy[key][used] for key in ("reference", "weights", "offsets_dm")},
        "uv": proxy["uv"][used_uv],
        "faces": faces.reshape(proxy["faces"].shape),
        "face_uv": face_uv.reshape(proxy["face_uv"].shape),
    }


def strand_points(proxy: dict[str, np.ndarray], picture: bytes, vertices: np.ndarray) -> np.ndarray:
    """Return points (N, 3) (dm) all over the opaque texels of a hair fitted to the base head."""
    alpha = np.asarray(Image.open(io.BytesIO(picture)).convert("RGBA"))[..., 3]
    steps = (np.arange(6) + 0.5) / 6
    s, t = (axis.ravel() for axis in np.meshgrid(steps, steps))
    mix = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t])
    points = np.einsum("qcx,cn->qnx", fit(proxy, vertices)[proxy["faces"]], mix).reshape(-1, 3)
    texel = np.einsum("qcx,cn->qnx", proxy["uv"][proxy["face_uv"]], mix).reshape(-1, 2)
    column, row = np.minimum(texel * alpha.shape[::-1], np.subtract(alpha.shape[::-1], 1)).astype(int).T
    return points[alpha[row, column] > 127]


def fit(proxy: dict[str, np.ndarray], vertices: np.ndarray) -> np.ndarray:
    """Return the proxy's vertices (dm) on the base head, offsets unscaled."""
    return (vertices[proxy["reference"]] * proxy["weights"][..., None]).sum(axis=1) + proxy["offsets_dm"]
