import numpy as np

from synhead_tools.rendering.backend import NEAR_M, Frame
from synhead_tools.rendering.scenes.canvas import Canvas
from synhead_tools.rendering.scenes.window import Window


def _flat(height, width, colour, alpha, depth_m, region=1):
    image = np.zeros((height, width, 3), np.uint8)
    image[:] = np.array(colour) * alpha // 255
    shape = (height, width)
    return Frame(
        image,
        np.full(shape, alpha, np.uint8),
        np.full(shape, region if alpha else 0, np.uint8),
        np.full(shape, depth_m if alpha else 0, np.float32),
        np.full(shape, 7 if alpha else -1, np.int32),
    )


def test_the_first_covers_the_second_and_windows_may_reach_beyond_the_picture():
    canvas = Canvas(6, 4)
    first = canvas.add(_flat(4, 4, (200, 0, 0), 255, 1.0), Window(-2, -1, 4, 4))  # columns 0-1, rows 0-2
    second = canvas.add(_flat(4, 6, (0, 100, 0), 255, 2.0, region=3), Window(0, 0, 6, 4))
    expected = np.full((4, 6), 2)
    expected[:3, :2] = 1
    assert (canvas.instance == expected).all()
    assert (canvas.image[expected == 1] == (200, 0, 0)).all()
    assert (canvas.image[expected == 2] == (0, 100, 0)).all()
    assert (canvas.region == np.where(expected == 1, 1, 3)).all()
    assert (canvas.alpha == 255).all()
    # of the first, only what is in the picture is seen, in its window's coordinates
    assert (first.region[1:, 2:] == 1).all()
    assert first.region.sum() == 3 * 2
    assert (second.region == np.where(expected == 2, 3, 0)).all()
    assert (second.depth_m[expected == 1] == np.float32(NEAR_M)).all()
    assert (second.depth_m[expected == 2] == 2.0).all()
    assert (second.triangle_id == np.where(expected == 2, 7, -1)).all()


def test_soft_edges_are_laid_over_what_comes_behind():
    canvas = Canvas(1, 1)
    canvas.add(_flat(1, 1, (200, 200, 200), 100, 1.0), Window(0, 0, 1, 1))
    canvas.add(_flat(1, 1, (50, 100, 250), 255, 2.0, region=2), Window(0, 0, 1, 1))
    over = np.array([200, 200, 200]) * 100 // 255 + 155 / 255 * np.array([50, 100, 250])
    assert np.abs(canvas.image[0, 0] - over).max() <= 1
    assert canvas.alpha[0, 0] == 255
    # less than half covered by the first: the pixel is the second's
    assert canvas.instance[0, 0] == 2
    assert canvas.region[0, 0] == 2


def test_a_head_outside_of_the_picture_changes_nothing():
    canvas = Canvas(3, 3)
    seen = canvas.add(_flat(2, 2, (255, 255, 255), 255, 1.0), Window(5, 5, 2, 2))
    assert not canvas.alpha.any()
    assert not canvas.instance.any()
    assert not seen.region.any()
