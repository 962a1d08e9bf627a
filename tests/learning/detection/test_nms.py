import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.learning.detection.nms import suppress


def iou(a, b):
    common = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    return common / area


def brute_force(boxes, scores, threshold):
    left = sorted(range(len(boxes)), key=lambda i: (-scores[i], i))
    stays = []
    while left:
        best = left.pop(0)
        stays.append(best)
        left = [i for i in left if iou(boxes[best], boxes[i]) <= threshold]
    return stays


@given(st.integers(0, 60), st.sampled_from([0.1, 0.4, 0.7]), st.integers(0, 1000))
def test_the_same_boxes_stay_as_by_brute_force(count, threshold, seed):
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 30, (count, 2))
    boxes = np.concatenate([corner, corner + rng.integers(1, 20, (count, 2))], axis=1).astype(np.float64)
    scores = rng.integers(0, 6, count) / 5  # many equal ones
    found = suppress(torch.from_numpy(boxes), torch.from_numpy(scores), threshold)
    assert found.tolist() == brute_force(boxes, scores, threshold)


def test_boxes_that_just_touch_the_threshold_stay():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 6]])
    assert suppress(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 1]
    # a chain: the second goes, so the third, which only the second covers enough, stays
    chain = torch.tensor([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
    assert suppress(chain, torch.tensor([0.9, 0.8, 0.7]), 0.4).tolist() == [0, 2]


def test_only_the_best_are_looked_at():
    boxes = torch.arange(40.0)[:, None] * 20 + torch.tensor([0.0, 0, 10, 10])
    assert suppress(boxes, torch.arange(40.0), top_k=7).tolist() == list(range(39, 32, -1))
