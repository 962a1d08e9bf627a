import numpy as np
import pytest
import torch

from synhead_tools.learning.detection.anchors import STRIDES, anchor_sizes_px, centres, corners, make_anchors


def test_there_are_102300_at_640_px_three_quarters_of_them_on_the_finest_level():
    anchors = make_anchors(640, 640)
    assert anchors.shape == (102_300, 4)
    assert round(100 * 160 * 160 * 3 / len(anchors), 2) == 75.07
    assert (anchors[: 160 * 160 * 3, 2] < 26).all()
    assert anchors[160 * 160 * 3, 2] == 32


def test_sizes_are_15_steps_of_a_third_of_an_octave_from_16_to_406_px():
    sizes = np.array([size for level in range(5) for size in anchor_sizes_px(level)])
    assert len(sizes) == 15
    np.testing.assert_allclose(sizes[1:] / sizes[:-1], 2 ** (1 / 3))
    assert sizes[0] == 16
    assert sizes[-1] == pytest.approx(406.37, abs=5e-3)


def test_anchors_of_any_size_follow_from_a_slow_loop():
    height, width = 37, 90
    expected = []
    for level, stride in enumerate(STRIDES):
        for row in range(int(np.ceil(height / stride))):
            for column in range(int(np.ceil(width / stride))):
                sizes = (16 * 2 ** (k / 3) for k in range(3 * level, 3 * level + 3))
                expected += [((column + 0.5) * stride, (row + 0.5) * stride, size, size) for size in sizes]
    np.testing.assert_allclose(make_anchors(height, width), np.array(expected), rtol=1e-6)


def test_coarser_levels_alone_are_the_end_of_all():
    whole, coarse = make_anchors(128, 64), make_anchors(128, 64, STRIDES[1:])
    assert torch.equal(whole[-len(coarse) :], coarse)


def test_they_are_made_once_and_can_be_trained_with_after_a_prediction():
    with torch.inference_mode():
        first = make_anchors(200, 104)
    assert make_anchors(200, 104) is first
    weight = torch.ones(4, requires_grad=True)
    (weight * first).sum().backward()
    assert weight.grad is not None


def test_corners_and_centres_are_inverse():
    boxes = torch.tensor([[10.0, 20.0, 4.0, 8.0]])
    assert corners(boxes).tolist() == [[8.0, 16.0, 12.0, 24.0]]
    assert torch.equal(centres(corners(boxes)), boxes)
