import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.heads.foreign import coloured
from synhead_tools.heads.foreign.coloured import bake_corner_colours, unrepeat


def bilinear(picture, u, v):
    """What a renderer's filter reads at (u, v), written down anew."""
    height, width = picture.shape[:2]
    x, y = np.clip(u * width - 0.5, 0, width - 1), np.clip(v * height - 0.5, 0, height - 1)
    i, j = int(min(x, width - 2)), int(min(y, height - 2))
    fx, fy = x - i, y - j
    t = picture.astype(float)
    top, bottom = t[j, i] * (1 - fx) + t[j, i + 1] * fx, t[j + 1, i] * (1 - fx) + t[j + 1, i + 1] * fx
    return top * (1 - fy) + bottom * fy


@given(st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_the_filter_makes_the_colours_between_the_corners(count, seed):
    rng = np.random.default_rng(seed)
    # colours whose plane stays in range, so that nothing is cut off
    colours = rng.integers(110, 146, (count, 3, 4)).astype(np.uint8)
    picture, uv = bake_corner_colours(colours)
    half = picture.reshape(picture.shape[0] // 2, 2, picture.shape[1] // 2, 2, 4).mean(axis=(1, 3))
    weights = rng.dirichlet([1, 1, 1], count)
    for triangle in range(count):
        u, v = weights[triangle] @ uv[triangle]
        for size in (picture, half):
            assert np.abs(bilinear(size, u, v) - weights[triangle] @ colours[triangle]).max() < 1e-6


@pytest.mark.parametrize("count", [1, 2, 3, 5, 1000])
def test_of_many_triangles_each_has_its_mean_colour_at_one_point(monkeypatch, count):
    monkeypatch.setattr(coloured, "MANY_TRIANGLES", 1)
    colours = np.random.default_rng(0).integers(0, 256, (count, 3, 4)).astype(np.uint8)
    picture, uv = bake_corner_colours(colours)
    assert (uv == uv[:, :1]).all()
    texels = (uv[:, 0] * picture.shape[1::-1]).astype(int)
    assert np.abs(picture[texels[:, 1], texels[:, 0]] - colours.mean(axis=1)).max() <= 0.5
    assert picture.shape[0] * picture.shape[1] <= count + 2 * np.sqrt(count) + 1


def test_whole_turns_of_a_picture_are_taken_off():
    picture = np.arange(64, dtype=np.uint8).reshape(4, 4, 4)
    uv = np.array([[3.25, -1.5], [3.75, -1.5], [3.5, -1.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    triangles = np.array([[0, 1, 2], [3, 4, 5]])
    corner_uv, same, crossing = unrepeat(uv, triangles, picture)
    assert same is picture
    assert crossing == 0
    assert np.allclose(corner_uv, [[[0.25, 0.5], [0.75, 0.5], [0.5, 1]], [[1, 1], [0, 1], [0, 0]]])


def test_across_a_border_the_picture_is_laid_out_twice():
    picture = np.arange(64, dtype=np.uint8).reshape(4, 4, 4)
    corner_uv, tiled, crossing = unrepeat(
        np.array([[0.75, 0.5], [1.25, 0.5], [1.0, 0.75]]), np.array([[0, 1, 2]]), picture
    )
    assert np.array_equal(tiled, np.tile(picture, (2, 2, 1)))
    assert np.allclose(corner_uv, [[[0.375, 0.25], [0.625, 0.25], [0.5, 0.375]]])
    assert crossing == 0
    assert unrepeat(np.array([[0.0, 0], [5, 0], [0, 1]]), np.array([[0, 1, 2]]), picture)[2] == 1
