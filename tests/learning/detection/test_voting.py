import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from synhead_tools.learning.detection.decode import decode
from synhead_tools.learning.detection.network import FACE
from synhead_tools.learning.detection.nms import suppress
from synhead_tools.learning.detection.targets import decode_points
from synhead_tools.learning.detection.voting import point_weights, vote_weights
from tests.learning.detection.random_detectors import random_network


def by_hand(boxes, scores, stays, vote_iou):
    rows = []
    for best in stays:
        row = []
        for k, box in enumerate(boxes):
            corner = np.maximum(boxes[best][:2], box[:2])
            common = np.prod(np.maximum(np.minimum(boxes[best][2:], box[2:]) - corner, 0))
            union = np.prod(box[2:] - box[:2]) + np.prod(boxes[best][2:] - boxes[best][:2]) - common
            vote = max(common / union - vote_iou, 0) * max(scores[k] - scores[best] / 2, 0)
            row.append(vote + (1e-6 if k == best else 0))
        rows.append(np.array(row) / np.sum(row))
    return np.array(rows).reshape(len(stays), len(boxes))


@given(st.integers(1, 40), st.sampled_from([0.0, 0.5, 0.9]), st.integers(0, 1000))
def test_weights_are_those_of_the_formula(count, vote_iou, seed):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 20, (count, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 20, (count, 2))], axis=1)
    scores = rng.uniform(0.1, 1, count)
    stays = suppress(torch.from_numpy(boxes), torch.from_numpy(scores), 0.3)
    weights = vote_weights(torch.from_numpy(boxes), torch.from_numpy(scores), stays, vote_iou)
    np.testing.assert_allclose(weights, by_hand(boxes, scores, stays.tolist(), vote_iou), atol=1e-12)
    np.testing.assert_allclose(weights.sum(dim=1), 1)


def test_two_of_equal_score_meet_in_the_middle_and_one_alone_stays_where_it_is():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 2, 10, 12], [50, 50, 60, 60]])
    scores = torch.tensor([0.8, 0.8, 0.7])
    weights = vote_weights(boxes, scores, torch.tensor([0, 2]), 0.5)
    moved = weights @ boxes
    iou = 80 / 120
    assert moved[0, 1] == pytest.approx(2 * (iou - 0.5) / (iou - 0.5 + 0.5), abs=1e-4)  # its own IoU is 1
    np.testing.assert_allclose(moved[1], boxes[2], atol=1e-5)


def test_nobody_votes_at_1():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10], [1, 0, 10, 10]])
    weights = vote_weights(boxes, torch.tensor([0.9, 0.9, 0.8]), torch.tensor([0]), 1.0)
    np.testing.assert_array_equal(weights, [[1, 0, 0]])


@pytest.fixture(params=[True, False], ids=["cascade", "one head"])
def answers(request):
    network = random_network(mesh_rank=3, cascade=request.param)
    with torch.no_grad():
        return network, network(torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)))


@torch.no_grad()
def test_points_and_meshes_are_averaged_as_boxes_are(answers):
    network, outputs = answers
    alone = decode(network, outputs, 0.0, 1.0, 1.0)  # every anchor for itself
    for number, (every, found) in enumerate(zip(alone, decode(network, outputs, 0.55, 0.3), strict=True)):
        assert len(found)
        boxes, scores = torch.from_numpy(every.boxes_xyxy), torch.from_numpy(every.scores)
        sure = int((scores >= 0.55).sum())
        weights = vote_weights(boxes, scores, suppress(boxes[:sure], scores[:sure], 0.3)).numpy()
        np.testing.assert_allclose(found.boxes_xyxy, weights @ every.boxes_xyxy, atol=1e-3)
        *first, last = (torch.softmax(head.logits[number], dim=-1)[:, FACE] for head in outputs.heads)
        if first:
            order = torch.argsort(last, descending=True, stable=True)[: len(every)]
            weights = weights * first[0][order].numpy()
            weights /= weights.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(found.points5, np.einsum("mk,kij->mij", weights, every.points5), atol=1e-3)
        np.testing.assert_allclose(found.mesh, np.einsum("mk,kij->mij", weights, every.mesh), atol=1e-3)
        surest = last.argmax()
        own = decode_points(outputs.points[number, surest].reshape(5, 2), outputs.anchors[surest])
        np.testing.assert_allclose(every.points5[0], own, atol=1e-4)


def test_points_of_anchors_that_the_first_head_knows_count_most():
    weights = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    weighed = point_weights(weights, torch.tensor([0.8, 0.2, 0.0]))
    torch.testing.assert_close(weighed, torch.tensor([[0.8, 0.2, 0.0], [0.0, 0.0, 1.0]]))


@torch.no_grad()
def test_a_face_does_not_depend_on_how_sure_one_wants_to_be(answers):
    network, outputs = answers
    for many, few in zip(decode(network, outputs, 0.3), decode(network, outputs, 0.6), strict=True):
        assert 0 < len(few) < len(many)
        np.testing.assert_allclose(few.boxes_xyxy, many.boxes_xyxy[: len(few)], atol=1e-9)
        np.testing.assert_allclose(few.mesh, many.mesh[: len(few)], atol=1e-9)
