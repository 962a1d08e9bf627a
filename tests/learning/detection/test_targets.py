import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.learning.detection.targets import decode_boxes, decode_points, encode_boxes, encode_points

place, size = st.floats(-500, 500), st.floats(4, 400)
boxes = st.tuples(place, place, size, size).map(lambda values: torch.tensor(values, dtype=torch.float64))


@given(boxes, boxes)
def test_boxes_come_back(box, anchor):
    ratio = max(*(box[2:] / anchor[2:]).tolist(), *(anchor[2:] / box[2:]).tolist())
    back = decode_boxes(encode_boxes(box, anchor), anchor)
    if ratio < math.exp(4):
        torch.testing.assert_close(back, box, rtol=1e-9, atol=1e-9)
    else:
        assert torch.isfinite(back).all()


def test_boxes_have_no_variances():
    delta = encode_boxes(torch.tensor([14.0, 6.0, 20.0, 5.0]), torch.tensor([10.0, 10.0, 10.0, 10.0]))
    torch.testing.assert_close(delta, torch.tensor([0.4, -0.4, math.log(2), -math.log(2)]))


def test_an_untrained_network_decodes_to_finite_boxes():
    wild = decode_boxes(torch.full((1, 4), 1e4), torch.tensor([[0.0, 0.0, 16.0, 16.0]]))
    assert torch.isfinite(wild).all()
    assert wild[0, 2] == np.float32(16 * math.exp(4))


@given(st.integers(2, 3), boxes)
def test_points_and_meshes_come_back(dimensions, anchor):
    points = torch.linspace(-300, 300, 7 * dimensions, dtype=torch.float64).reshape(7, dimensions)
    back = decode_points(encode_points(points, anchor), anchor)
    torch.testing.assert_close(back, points, rtol=1e-9, atol=1e-9)


def test_z_is_divided_by_the_size_but_not_moved():
    anchor = torch.tensor([100.0, 50.0, 20.0, 20.0])
    encoded = encode_points(torch.tensor([[110.0, 40.0, 5.0]]), anchor)
    torch.testing.assert_close(encoded, torch.tensor([[0.5, -0.5, 0.25]]))
