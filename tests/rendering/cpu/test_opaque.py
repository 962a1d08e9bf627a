"""Which samples opaque triangles are drawn at, and how near, against edge functions in Python's integers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="needs numba")

from synhead_tools.rendering.cpu.drawing import empty_lists
from synhead_tools.rendering.cpu.opaque import draw_opaque
from synhead_tools.rendering.cpu.pack import pack_head
from synhead_tools.rendering.cpu.samples import empty_samples
from synhead_tools.rendering.cpu.transform import STEP, Places

WIDTH, HEIGHT, MOST = 19, 13, 40
# from slivers within a sample to triangles far larger than the picture, which take another path
place = st.tuples(
    st.one_of(
        st.integers(-STEP, (WIDTH + 1) * STEP), st.sampled_from([0, STEP // 2, 3 * STEP, -90 * STEP, 120 * STEP])
    ),
    st.one_of(st.integers(-STEP, (HEIGHT + 1) * STEP), st.sampled_from([0, STEP // 2, 4 * STEP, -70 * STEP])),
    st.sampled_from([0.5, 1.0, 1.0, 2.0]),
)
offset = st.tuples(*[st.integers(-2 * STEP, 2 * STEP)] * 2, st.sampled_from([0.0, 0.25]))
small = st.tuples(place, offset, offset).map(lambda t: (t[0], *(tuple(np.add(t[0], o).tolist()) for o in t[1:])))
triangle = st.one_of(st.tuples(place, place, place), small)


def expected(corners, facing, both_sides):
    """1/z (H, W) and what is shown (H, W) of triangles drawn in their order."""
    depth, shown = np.zeros((HEIGHT, WIDTH), np.float32), np.zeros((HEIGHT, WIDTH), np.uint32)
    for number, triangle in enumerate(corners):
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = ((int(x), int(y), np.float32(z)) for x, y, z in triangle)
        area = (cx - ax) * (by - ay) - (cy - ay) * (bx - ax)
        swapped = area < 0
        if area == 0 or (swapped and not both_sides):
            continue
        if swapped:
            (bx, by, bz), (cx, cy, cz), area = (cx, cy, cz), (bx, by, bz), -area
        scale = np.float32(1) / np.float32(area)
        for row, column in np.ndindex(HEIGHT, WIDTH):
            x, y, weights = column * STEP + STEP // 2, row * STEP + STEP // 2, []
            for (px, py), (qx, qy) in (((bx, by), (cx, cy)), ((cx, cy), (ax, ay)), ((ax, ay), (bx, by))):
                dx, dy = py - qy, qx - px
                weight = -(dx * (x - px) + dy * (y - py))
                weights.append(weight if weight > 0 or (weight == 0 and (dx < 0 or (dx == 0 and dy < 0))) else -1)
            if min(weights) >= 0:
                w0, w1, w2 = (np.float32(weight) for weight in weights)
                z = w0 * (az * scale) + w1 * (bz * scale) + w2 * (cz * scale)
                if z > depth[row, column]:
                    depth[row, column] = z
                    shown[row, column] = 2 * number + (swapped != (facing[number] < 0))
    return depth, shown


@settings(max_examples=60, deadline=None)
@given(st.lists(triangle, min_size=1, max_size=MOST), st.booleans(), st.integers(0, 2**32))
def test_samples_show_what_whole_numbers_say(corners, both_sides, seed):
    x, y, z = np.array(corners, np.float64).reshape(-1, 3).T
    places = Places(x.astype(np.int32), y.astype(np.int32), z.astype(np.float32))
    facing = np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), len(corners))
    triangles = np.arange(3 * len(corners), dtype=np.uint32).reshape(-1, 3)
    mesh = MESH._replace(triangles=triangles, triangle_facing=facing)
    lists, samples = empty_lists(len(corners)), empty_samples(WIDTH, HEIGHT)
    draw_opaque(mesh, places, len(corners), lists.numbers, both_sides, (lists.whole, lists.floats), samples)
    depth, shown = expected(corners, facing, both_sides)
    at = samples.row_at[:, None] + samples.column_at
    np.testing.assert_array_equal(samples.depth[at], depth)
    np.testing.assert_array_equal(np.where(depth > 0, samples.shown[at], 0), shown)


@pytest.fixture(autouse=True, scope="module")
def _mesh(egg):
    global MESH
    MESH = pack_head(egg)
