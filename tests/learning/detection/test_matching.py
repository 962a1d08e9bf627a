import numpy as np
import pytest
import torch

from synhead_tools.geometry.boxes import box_iou
from synhead_tools.learning.detection import matching
from synhead_tools.learning.detection.matching import IGNORED, NEGATIVE, iou_matrix, match_anchors, match_pictures


def boxes(rng, count, side=60.0):
    corner = rng.uniform(0, 100, (count, 2))
    return torch.from_numpy(np.concatenate([corner, corner + rng.uniform(5, side, (count, 2))], axis=1))


def test_iou_is_that_of_the_geometry_room():
    rng = np.random.default_rng(0)
    a, b = boxes(rng, 30), boxes(rng, 20)
    expected = box_iou(a[:, None].numpy(), b[None].numpy())
    np.testing.assert_allclose(iou_matrix(a, b).numpy(), expected, atol=1e-12)
    assert iou_matrix(torch.zeros(1, 4), torch.zeros(1, 4)).item() == 0


def test_thresholds_of_the_first_head():
    face = torch.tensor([[0.0, 0.0, 10.0, 10.0]])
    # heights of 10 x share: IoU is the share itself
    shares = [1.0, 0.71, 0.70, 0.69, 0.31, 0.30, 0.29, 0.0]
    anchors = torch.tensor([[0.0, 0.0, 10.0, 10 * share] for share in shares])
    found = match_anchors(anchors.double(), face.double(), 0.7, 0.3)
    assert found.face.tolist() == [0, 0, 0, IGNORED, IGNORED, IGNORED, NEGATIVE, NEGATIVE]
    second = match_anchors(anchors.double(), face.double(), 0.5, 0.4)
    assert second.face.tolist() == [0, 0, 0, 0, NEGATIVE, NEGATIVE, NEGATIVE, NEGATIVE]


def test_the_face_of_the_highest_iou_is_taken():
    faces = torch.tensor([[0.0, 0, 10, 10], [2.0, 0, 12, 10], [50.0, 50, 60, 60]])
    anchors = torch.tensor([[0.5, 0, 10.5, 10], [1.6, 0, 11.6, 10], [51.0, 50, 61, 60]])
    assert match_anchors(anchors, faces, 0.5, 0.4).face.tolist() == [0, 1, 2]


def test_chunks_change_nothing(monkeypatch):
    rng = np.random.default_rng(1)
    anchors, faces, crowd = boxes(rng, 300), boxes(rng, 41), boxes(rng, 9)
    whole = match_anchors(anchors, faces, 0.5, 0.3, ignored_xyxy=crowd, force_best=True)
    monkeypatch.setattr(matching, "_PAIRS_AT_ONCE", 700)
    parts = match_anchors(anchors, faces, 0.5, 0.3, ignored_xyxy=crowd, force_best=True)
    for name in ("face", "best_face", "best_iou"):
        assert torch.equal(getattr(whole, name), getattr(parts, name))


def test_a_face_no_anchor_fits_is_learnt_only_if_forced():
    rng = np.random.default_rng(2)
    anchors, faces = boxes(rng, 500), torch.tensor([[0.0, 0, 80, 10], [0, 0, 80, 11], [500, 500, 510, 510]]).double()
    plain = match_anchors(anchors, faces, 0.9, 0.3)
    assert not plain.positive.any()
    forced = match_anchors(anchors, faces, 0.9, 0.3, force_best=True)
    best = iou_matrix(anchors, faces).max(dim=0)
    assert best.indices[0] == best.indices[1]  # both want the same anchor: the better fit has it
    winner = int(best.values[:2].argmax())
    assert forced.face[best.indices[0]] == winner
    assert forced.positive.sum() == 1  # nothing overlaps the third


def test_what_lies_in_an_ignored_face_is_no_background():
    anchors = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [6, 0, 16, 10], [0, 0, 4, 4]])
    crowd = torch.tensor([[-20.0, -20.0, 10.0, 20.0]])
    found = match_anchors(anchors, torch.zeros(0, 4), 0.7, 0.3, ignored_xyxy=crowd)
    assert found.face.tolist() == [IGNORED, IGNORED, NEGATIVE, IGNORED]
    face = torch.tensor([[0.0, 0, 10, 10]])
    assert match_anchors(anchors, face, 0.7, 0.3, ignored_xyxy=crowd).face[0] == 0  # a face stays one


@pytest.mark.parametrize("force_best", [False, True])
def test_without_faces_all_is_background(force_best):
    found = match_anchors(torch.rand(5, 4), torch.zeros(0, 4), 0.0, 0.0, force_best=force_best)
    assert (found.face == IGNORED).all()  # thresholds of 0: nothing is below, nothing matches
    assert (match_anchors(torch.rand(5, 4), torch.zeros(0, 4), 0.5, 0.3).face == NEGATIVE).all()


@pytest.mark.parametrize("force_best", [False, True])
@pytest.mark.parametrize("at_once", [1 << 22, 700])
def test_many_pictures_are_matched_as_each_by_itself(force_best, at_once, monkeypatch):
    monkeypatch.setattr(matching, "_PAIRS_AT_ONCE", at_once)
    rng = np.random.default_rng(4)
    faces = [boxes(rng, count) for count in (3, 0, 7, 1)]
    ignored = [boxes(rng, count) for count in (0, 2, 1, 0)]
    for anchors in (boxes(rng, 200), boxes(rng, 800).reshape(4, 200, 4)):
        options = {"ignored_xyxy": ignored, "force_best": force_best}
        found = match_pictures(anchors, faces, 0.5, 0.3, **options)
        for number, own in enumerate(found):
            of = anchors if anchors.ndim == 2 else anchors[number]
            alone = match_anchors(of, faces[number], 0.5, 0.3, ignored_xyxy=ignored[number], force_best=force_best)
            for name in ("face", "best_face", "best_iou"):
                assert torch.equal(getattr(own, name), getattr(alone, name)), name
    empty = match_pictures(boxes(rng, 5), [torch.zeros(0, 4)] * 2, 0.0, 0.0, ignored_xyxy=[torch.zeros(0, 4)] * 2)
    assert all((own.face == IGNORED).all() for own in empty)
