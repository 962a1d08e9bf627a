"""Compiled step from samples to pixels: what they show, shaded."""

from __future__ import annotations

from synhead_tools.rendering.cpu.collect_tiles import collect_tiles
from synhead_tools.rendering.cpu.compiled import compiled
from synhead_tools.rendering.cpu.shade import add_up, shade_surfaces
from synhead_tools.rendering.cpu.surfaces import collect_row


@compiled
def resolve(mesh, places, light, samples, size, box, slope_limit, scratch, pictures):
    """Turn samples into the pictures of a frame.

    Parameters
    ----------
    mesh : PackedHead
    places : Places
    light : HeadLighting
    samples : Samples
    size : int
        Samples per pixel along each axis.
    box : tuple of 4 ints
        First column of pixels that may show anything and the one after the last; the same of rows.
    slope_limit : float32
        Relative difference in depth up to which samples of one pixel may lie on one surface.
    scratch : tuple
        `pixel_scratch`; `empty_surfaces` for all samples of two rows and more; `empty_lanes` for as many.
    pictures : Pictures
        Written.
    """
    work, surfaces, lanes = scratch
    left, right, top, bottom = box
    rows = 1
    if size == 2:  # a tile is two pixels high
        rows, top, bottom = 2, top >> 1, (bottom + 1) >> 1
    most = surfaces.pixel.shape[0] - (right - left) * rows * size * size
    count = 0
    for row in range(top, bottom):
        if size == 2:
            count = collect_tiles(mesh, samples, row, box, slope_limit, work, surfaces, count, pictures)
        else:
            count = collect_row(mesh, samples, size, row, left, right, slope_limit, work, surfaces, count, pictures)
        if count > most:
            shade_surfaces(mesh, places, light, size, surfaces, count, lanes)
            add_up(surfaces, count, lanes.fields, pictures.image)
            count = 0
    shade_surfaces(mesh, places, light, size, surfaces, count, lanes)
    add_up(surfaces, count, lanes.fields, pictures.image)
