"""Surfaces one sees through, such as lenses: drawn over a finished picture, those far away first.

They hide nothing: depths, regions and triangles stay those of what lies behind. The samples of a pixel that show one
piece of surface are one layer, whose alpha is its texture's times the share of the samples.
"""

from __future__ import annotations

import numpy as np

from synhead_tools.rendering.cpu.compiled import compiled
from synhead_tools.rendering.cpu.cull import keep_triangles
from synhead_tools.rendering.cpu.drawing import Lists
from synhead_tools.rendering.cpu.lanes import COLOUR, LANES, TEXELS, U, V, field_place
from synhead_tools.rendering.cpu.pack import BLENDED, PackedHead
from synhead_tools.rendering.cpu.raster import nearer_samples
from synhead_tools.rendering.cpu.sampler import alpha_level, sample_alpha
from synhead_tools.rendering.cpu.samples import Samples
from synhead_tools.rendering.cpu.shade import HeadLighting, empty_lanes, shade_surfaces
from synhead_tools.rendering.cpu.surfaces import Pictures, Surfaces
from synhead_tools.rendering.cpu.texels import ALPHA_FULL
from synhead_tools.rendering.cpu.transform import STEP, Places

_FULL, _ONE, _HALF = np.float32(ALPHA_FULL), np.float32(1), np.float32(0.5)


def draw_blended(
    mesh: PackedHead,
    places: Places,
    light: HeadLighting,
    samples: Samples,
    size: int,
    lists: Lists,
    pictures: Pictures,
) -> None:
    """Draw the blended triangles of a head over what the samples show.

    Parameters
    ----------
    mesh, places, light, samples, lists
        As for the other triangles, which have been drawn.
    size : int
        Samples per pixel along each axis.
    pictures : Pictures
        Updated: image and alpha.
    """
    first, last = mesh.group_first[BLENDED : BLENDED + 2]
    width, height = len(samples.column_at), len(samples.row_at)
    numbers, scratch = lists.numbers[first:last], (lists.corners, lists.stays)
    grid = (np.int32(width), np.int32(height))
    count = keep_triangles(mesh, places, len(numbers), numbers, True, *grid, scratch, lists.kept, 0)
    kinds = (np.int32, np.int32, np.uint32, np.float32)
    drawn = (mesh, places, count, lists.kept, samples)
    found = nearer_samples(*drawn, *(np.zeros(0, kind) for kind in kinds))
    if found == 0:
        return
    columns = tuple(np.zeros(found, kind) for kind in kinds)
    nearer_samples(*drawn, *columns)
    layers = _layers(mesh, *columns, size, width // size)
    count = len(layers.pixel)
    lanes = empty_lanes(count)
    shade_surfaces(mesh, places, light, size, layers, count, lanes)
    _lay_over(mesh, layers, lanes.fields, pictures.image, pictures.alpha.reshape(-1))


def _layers(
    mesh: PackedHead,
    x: np.ndarray,
    y: np.ndarray,
    shown: np.ndarray,
    inverse_z: np.ndarray,
    size: int,
    width_px: int,
) -> Surfaces:
    """Samples put together to layers of pixels, in the order of drawing."""
    pixel = (y // size).astype(np.int64) * width_px + x // size
    piece = mesh.triangle_layer[shown >> 1].astype(np.int64) * 2 + (shown & 1)
    order = np.lexsort((y, x, shown, piece, pixel))
    pixel, piece = pixel[order], piece[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(pixel) != 0) | (np.diff(piece) != 0)])
    counts = np.diff(np.r_[starts, len(order)])
    mean_x, mean_y = (np.add.reduceat(n[order] * STEP + STEP // 2, starts) // counts for n in (x, y))
    nearest = np.maximum.reduceat(inverse_z[order], starts)
    far_first = np.lexsort((piece[starts], nearest, pixel[starts]))
    starts = starts[far_first]
    return Surfaces(
        pixel[starts].astype(np.uint32),
        shown[order][starts].astype(np.uint32),
        mean_x[far_first].astype(np.int32),
        mean_y[far_first].astype(np.int32),
        (counts[far_first] / size**2).astype(np.float32),
    )


@compiled
def _lay_over(mesh, layers, b, image, alpha):
    """Lay shaded layers over pictures (pixels, 3) and (pixels,) uint8, one after another."""
    k, count = 0, layers.pixel.shape[0]
    while k < count:
        pixel = layers.pixel[k]
        red, green, blue = np.float32(image[pixel, 0]), np.float32(image[pixel, 1]), np.float32(image[pixel, 2])
        cover = np.float32(alpha[pixel])
        while k < count and layers.pixel[k] == pixel:
            at = field_place(k)
            level, _ = alpha_level(mesh, mesh.triangle_part[layers.shown[k] >> 1], b[TEXELS + at])
            share = sample_alpha(mesh, level, True, b[U + at], b[V + at]) / _FULL * layers.weight[k]
            red += (b[COLOUR + at] - red) * share
            green += (b[COLOUR + LANES + at] - green) * share
            blue += (b[COLOUR + 2 * LANES + at] - blue) * share
            cover += (_FULL - cover) * share
            k += 1
        image[pixel, 0], image[pixel, 1] = np.uint8(red + _HALF), np.uint8(green + _HALF)
        image[pixel, 2], alpha[pixel] = np.uint8(blue + _HALF), np.uint8(cover + _HALF)
