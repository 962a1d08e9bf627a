"""The small skin atlas: the head's islands cut from the body's texture and put side by side."""

from __future__ import annotations

import numpy as np
from PIL import Image

SOURCE_SIZE = 512
# UV islands of the body by number of faces: 0 torso, 1 head, 6 mouth cavity, 7 and 8 eye sockets.
TORSO, HEAD, MOUTH, SOCKETS = 0, 1, 6, (7, 8)
# island -> (left, top, right, bottom) in the 512 px source picture, (left, top) in the atlas
_BOXES = {
    HEAD: ((324, 89, 512, 440), (0, 0)),
    TORSO: ((89, 9, 300, 129), (188, 0)),
    MOUTH: ((384, 438, 477, 510), (188, 120)),
    SOCKETS[0]: ((2, 184, 81, 236), (281, 120)),
    SOCKETS[1]: ((2, 184, 81, 236), (281, 120)),  # one box holds both
}
SIZE = (400, 352)
_DARK = {MOUTH: 0.3, **dict.fromkeys(SOCKETS, 0.6)}  # no light gets into these; the source shows them bright red


def cut(picture: Image.Image) -> Image.Image:
    """Return the RGB atlas of one body texture."""
    source = picture.convert("RGB")
    atlas = Image.new("RGB", SIZE, source.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))
    for island, (box, corner) in _BOXES.items():
        piece = source.crop(box)
        atlas.paste(piece.point(lambda value, k=_DARK[island]: value * k) if island in _DARK else piece, corner)
    return atlas


def remap(uv: np.ndarray, island: np.ndarray) -> np.ndarray:
    """Return atlas coordinates (v down) of body coordinates (v up), each on its `island`."""
    atlas = np.empty_like(uv)
    for number, (box, corner) in _BOXES.items():
        chosen = island == number
        pixels = np.column_stack([uv[chosen, 0], 1 - uv[chosen, 1]]) * SOURCE_SIZE
        inside = pixels - box[:2]
        if inside.size and ((inside < 0).any() or (inside > np.subtract(box[2:], box[:2])).any()):
            raise SystemExit(f"island {number} leaves its box: {pixels.min(0)} to {pixels.max(0)}")
        atlas[chosen] = (inside + corner) / SIZE
    return atlas


def paint(uv: np.ndarray, face_uv: np.ndarray, corner_values: np.ndarray, fill: float) -> np.ndarray:
    """Return an (H, W) picture of per-corner values of the quads, interpolated; `fill` where no face is."""
    from scipy.ndimage import distance_transform_edt

    width, height = SIZE
    steps = (np.arange(24) + 0.5) / 24
    s, t = (axis.ravel() for axis in np.meshgrid(steps, steps))
    mix = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t])  # bilinear over the quad
    where = np.einsum("qcx,cn->qnx", uv[face_uv], mix) * SIZE
    values = corner_values @ mix
    column, row = (where[..., axis].astype(int).ravel() for axis in (0, 1))
    total, count = np.zeros((height, width)), np.zeros((height, width))
    np.add.at(total, (row, column), values.ravel())
    np.add.at(count, (row, column), 1)
    picture = np.where(count > 0, total / np.maximum(count, 1), fill)
    near = distance_transform_edt(count == 0, return_indices=True)
    return np.where(near[0] < 6, picture[tuple(near[1])], fill)  # bleed over the islands' borders
