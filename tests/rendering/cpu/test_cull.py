"""Which triangles are left out before any is drawn, against a test of every sample in whole numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="needs numba")

from synhead_tools.rendering.cpu.cull import keep_triangles
from synhead_tools.rendering.cpu.drawing import empty_lists
from synhead_tools.rendering.cpu.pack import pack_head
from synhead_tools.rendering.cpu.transform import STEP, Places

SIZE = 6


def covers(corners, column, row):
    """Whether a triangle covers a sample: edge functions and the top-left rule, in Python's integers."""
    (ax, ay), (bx, by), (cx, cy) = corners
    area = (cx - ax) * (by - ay) - (cy - ay) * (bx - ax)
    if area == 0:
        return False
    if area < 0:
        (bx, by), (cx, cy) = (cx, cy), (bx, by)
    x, y = column * STEP + STEP // 2, row * STEP + STEP // 2
    for (px, py), (qx, qy) in (((bx, by), (cx, cy)), ((cx, cy), (ax, ay)), ((ax, ay), (bx, by))):
        dx, dy = py - qy, qx - px
        w = -(dx * (x - px) + dy * (y - py))
        owns = not (dx > 0 or (dx == 0 and dy >= 0))
        if w < 0 or (w == 0 and not owns):
            return False
    return True


small = st.integers(-2 * STEP, 2 * STEP)
# on the grid's own lines and centres, too, where the rule decides
place = st.tuples(*[st.one_of(small, st.sampled_from([-STEP, -STEP // 2, 0, STEP // 2, STEP]))] * 2)


@settings(max_examples=300, deadline=None)
@given(
    base=st.tuples(st.integers(0, SIZE * STEP), st.integers(0, SIZE * STEP)),
    offsets=st.tuples(place, place),
    both_sides=st.booleans(),
)
def test_small_triangles_stay_just_where_they_cover_a_sample(base, offsets, both_sides):
    corners = [base, *((base[0] + x, base[1] + y) for x, y in offsets)]
    x, y = np.array(corners, np.int32).T.copy()
    mesh = MESH._replace(triangles=np.array([[0, 1, 2]], np.uint32))
    lists = empty_lists(1)
    kept = keep_triangles(
        mesh, Places(x, y, np.ones(3, np.float32)), 1, lists.numbers, both_sides, np.int32(SIZE), np.int32(SIZE),
        (lists.corners, lists.stays), lists.kept, 0,
    )  # fmt: skip
    (ax, ay), (bx, by), (cx, cy) = corners
    front = (cx - ax) * (by - ay) > (cy - ay) * (bx - ax)
    reach = range(-3, SIZE + 3)
    covered = [(column, row) for row in reach for column in reach if covers(corners, column, row)]
    seen = [(column, row) for column, row in covered if 0 <= column < SIZE and 0 <= row < SIZE]
    if seen and (front or both_sides):
        assert kept == 1
    if not covered and max(np.ptp(x), np.ptp(y)) < 2 * STEP:  # a box of no more than 2 x 2 samples
        assert kept == 0
    if not (front or both_sides):
        assert kept == 0


@pytest.fixture(autouse=True, scope="module")
def _mesh(egg):
    global MESH
    MESH = pack_head(egg)
