import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.heads.build import morphed_vertices
from synhead_tools.heads.library import load_recipe
from synhead_tools.heads.worn_shape import reach, worn_shape


def slow_reach(places, vertices, triangles, axes):
    """The same by trying every triangle with every place."""
    corners = vertices[triangles][:, :, list(axes)]
    found = []
    for place in places:
        to = corners[:, :, :2] - place
        ahead, behind = np.roll(to, -1, axis=1), np.roll(to, -2, axis=1)
        weights = ahead[..., 0] * behind[..., 1] - ahead[..., 1] * behind[..., 0]
        area = weights.sum(axis=1)
        met = ((weights >= 0).all(axis=1) | (weights <= 0).all(axis=1)) & (np.abs(area) > 1e-14)
        heights = (weights[met] * corners[met][:, :, 2]).sum(axis=1) / area[met]
        found.append(heights.max(initial=-np.inf))
    return np.array(found)


@given(st.integers(0, 2**32 - 1), st.permutations([0, 1, 2]))
def test_reach_is_the_farthest_triangle_over_a_place(seed, axes):
    rng = np.random.default_rng(seed)
    vertices = rng.random((30, 3))
    triangles = rng.integers(0, 30, (40, 3))  # of all sizes, some without area
    places = rng.uniform(-0.2, 1.2, (25, 2))
    expected = slow_reach(places, vertices, triangles, axes)
    answer = reach(places, vertices, triangles, tuple(axes))
    assert np.array_equal(np.isfinite(answer), np.isfinite(expected))
    assert np.allclose(answer[np.isfinite(answer)], expected[np.isfinite(expected)])


def test_nothing_is_met_beside_the_surface():
    vertices = np.array([[0.0, 0, 1], [1, 0, 1], [0, 1, 1]])
    assert reach(np.array([[5.0, 5.0]]), vertices, np.array([[0, 1, 2]]), (0, 1, 2)).tolist() == [-np.inf]


@pytest.mark.parametrize("name", ["f02", "m04", "f05"])
def test_the_ears_are_found_at_the_sides_of_the_head(name):
    recipe = load_recipe(name)
    shape = worn_shape(recipe, morphed_vertices(recipe), lambda points_dm: points_dm * [0.1, -0.1, -0.1])
    ears = shape.skin[np.unique(shape.triangles[shape.ear])]
    for side, root, groove in zip((-1, 1), shape.ear_roots, shape.ear_grooves, strict=True):
        ear = ears[ears[:, 0] * side > 0]
        assert np.linalg.norm(ear - root, axis=1).min() < 0.012
        assert abs(root[1] - ear[:, 1].min()) < 0.012  # at its upper end
        assert (np.diff(groove[:, 1]) > 0).all()  # y points down
        assert (np.abs(groove[:, 0]) < np.abs(ear[:, 0]).max() - 0.005).all()  # between ear and skull
