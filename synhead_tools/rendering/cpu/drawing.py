"""Compiled step from placed vertices to samples: every triangle, group after group."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synhead_tools.rendering.cpu.aligned import aligned_zeros
from synhead_tools.rendering.cpu.compiled import compiled
from synhead_tools.rendering.cpu.cull import DISTANCES, find_facing, keep_triangles, sort_by_distance
from synhead_tools.rendering.cpu.cutout import draw_cutout, find_farthest
from synhead_tools.rendering.cpu.opaque import FLOAT_FIELDS, LANES, WHOLE_FIELDS, draw_opaque
from synhead_tools.rendering.cpu.pack import BLENDED, CLOSED, CUT, OPEN, RIGID
from synhead_tools.rendering.cpu.samples import TILE, TILE_BITS


class Lists(NamedTuple):
    """Lists of triangles, and what is needed to make them; see `empty_lists`."""

    numbers: np.ndarray
    facing: np.ndarray
    candidates: np.ndarray
    kept: np.ndarray
    sorted: np.ndarray
    keys: np.ndarray
    starts: np.ndarray
    corners: np.ndarray
    stays: np.ndarray
    texels: np.ndarray
    whole: np.ndarray
    floats: np.ndarray


def empty_lists(triangles: int) -> Lists:
    """Room for lists of so many triangles, and `numbers`: all of them."""
    return Lists(
        np.arange(triangles, dtype=np.uint32),
        np.zeros(triangles, np.uint8),
        *(np.zeros(triangles + 1, np.uint32) for _ in range(4)),
        np.zeros(DISTANCES + 1, np.uint32),
        aligned_zeros(6 * 16, np.int32),
        aligned_zeros(16, np.uint8),
        aligned_zeros(TILE, np.uint32),
        aligned_zeros(WHOLE_FIELDS * LANES, np.int32),
        aligned_zeros(FLOAT_FIELDS * LANES, np.float32),
    )


@compiled
def draw_samples(mesh, places, thresholds, eye, lists, samples, rows):
    """Draw the opaque and the cutout triangles of a head.

    Parameters
    ----------
    mesh : PackedHead
    places : Places
    thresholds : float32 array
        From `synhead_tools.rendering.cpu.coverage.tile_thresholds`.
    eye : tuple of 4
        Whether the planes of the mesh hold; where the camera is: x, y, z, head frame, metres, float32.
    lists : Lists
    samples : Samples
        Written, in the given rows.
    rows : tuple of 2 ints
        First row of samples that may show anything and the one after the last.
    """
    width, height = np.int32(samples.column_at.shape[0]), np.int32(samples.row_at.shape[0])
    across = (width + 3) >> TILE_BITS
    tiles = ((rows[0] >> TILE_BITS) * across, ((rows[1] + 3) >> TILE_BITS) * across)
    samples.depth[tiles[0] * TILE : tiles[1] * TILE] = 0
    first, room = mesh.group_first, (lists.whole, lists.floats)
    if eye[0]:
        facing = find_facing(mesh.planes, eye[1], eye[2], eye[3], lists.facing, lists.candidates)
        draw_opaque(mesh, places, facing, lists.candidates, False, room, samples)
    else:
        numbers = lists.numbers[first[RIGID] : first[CLOSED]]
        draw_opaque(mesh, places, numbers.shape[0], numbers, False, room, samples)
    for group in (CLOSED, OPEN):
        numbers = lists.numbers[first[group] : first[group + 1]]
        draw_opaque(mesh, places, numbers.shape[0], numbers, group == OPEN, room, samples)
    # from the front: each sample of hair that is hidden then saves a look into its texture
    numbers = lists.numbers[first[CUT] : first[BLENDED]]
    scratch = (lists.corners, lists.stays)
    count = keep_triangles(mesh, places, numbers.shape[0], numbers, True, width, height, scratch, lists.kept, 0)
    sort_by_distance(mesh.triangles, places, count, lists.kept, lists.keys, lists.starts, lists.sorted)
    find_farthest(samples, tiles[0], tiles[1])
    draw_cutout(mesh, places, count, lists.sorted, thresholds, lists.texels, samples)
