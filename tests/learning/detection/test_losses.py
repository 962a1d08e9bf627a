from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection import losses as losses_module
from synhead_tools.learning.detection.anchors import centres, corners
from synhead_tools.learning.detection.config import DetectionLossConfig, DetectorConfig
from synhead_tools.learning.detection.losses import (
    class_loss,
    detection_losses,
    edges_of,
    evenly_spread,
    hard_negatives,
    mesh_losses,
)
from synhead_tools.learning.detection.network import DetectorNetwork, DetectorOutputs, HeadOutputs
from synhead_tools.learning.detection.targets import encode_boxes, encode_points
from synhead_tools.learning.detection.teaching import Faces, first_head_targets, second_head_targets

SMALL = DetectorConfig(
    backbone="mobilenet0.25", backbone_width=2, channels=8, deformable=False, mesh_vertices=20, finest_stride=8
)


@pytest.mark.parametrize(("positives", "fewest", "expected"), [(5, 0, 15), (5, 40, 40), (0, 16, 16), (0, 0, 0)])
def test_there_are_three_hard_negatives_per_positive(positives, fewest, expected):
    torch.manual_seed(0)
    losses = torch.rand(1, 200)
    label = torch.zeros(1, 200, dtype=torch.int64)
    label[0, :positives], label[0, 50:60] = 1, -1
    chosen = hard_negatives(losses, label, 3.0, fewest)
    assert chosen.sum() == expected
    assert not chosen[label != 0].any()
    if expected:
        left_out = (label == 0) & ~chosen
        assert losses[chosen].min() >= losses[left_out].max()


def test_pictures_are_mined_by_themselves_and_run_out_of_negatives():
    label = torch.tensor([[1, 1, 0, 0, -1], [0, 0, 0, 0, 1]])
    chosen = hard_negatives(torch.tensor([[9.0, 9, 1, 2, 9], [5, 1, 3, 4, 9]]), label, 3.0, 0)
    assert chosen.tolist() == [[False, False, True, True, False], [True, False, True, True, False]]


def test_class_loss_is_the_mined_cross_entropy_over_the_number_of_faces():
    torch.manual_seed(1)
    logits = torch.randn(2, 30, 2)
    label = torch.zeros(2, 30, dtype=torch.int64)
    label[0, :2], label[1, 0], label[:, 20:] = 1, 1, -1
    each = F.cross_entropy(logits.reshape(-1, 2), label.clamp_min(0).reshape(-1), reduction="none").reshape(2, 30)
    expected = 0.0
    for picture, positives in ((0, 2), (1, 1)):
        background = sorted(each[picture][label[picture] == 0].tolist(), reverse=True)
        expected += each[picture][label[picture] == 1].sum().item() + sum(background[: 3 * positives])
    assert class_loss(logits, label, 3.0, 0).item() == pytest.approx(expected / 3, rel=1e-5)


def test_mesh_losses_are_as_written():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 6, 3))
    triangles = np.array([[0, 1, 2], [2, 1, 4], [5, 0, 3]])  # the first two share an edge
    vertices, edges = mesh_losses(torch.from_numpy(a), torch.from_numpy(b), edges_of(torch.from_numpy(triangles)))
    assert vertices.item() == pytest.approx(np.abs(a - b).sum() / (3 * 6))
    total = 0.0
    for mesh, wanted in zip(a, b, strict=True):
        for i, j, k in triangles:
            for start, stop in ((i, j), (j, k), (k, i)):
                total += abs(np.linalg.norm(mesh[start] - mesh[stop]) - np.linalg.norm(wanted[start] - wanted[stop]))
    assert edges.item() == pytest.approx(total / (3 * len(triangles) * 3))


def test_fewer_meshes_are_compared_where_that_is_asked_for():
    torch.manual_seed(0)
    rows = torch.arange(10) * 3
    assert evenly_spread(rows, 4).tolist() == [0, 9, 18, 27]
    assert evenly_spread(rows, 0).tolist() == evenly_spread(rows, 10).tolist() == rows.tolist()


def test_edges_that_have_no_length_still_have_a_slope():
    flat = torch.zeros(1, 3, 3, requires_grad=True)
    mesh_losses(flat, torch.ones(1, 3, 3), edges_of(torch.tensor([[0, 1, 2]])))[1].backward()
    assert torch.isfinite(flat.grad).all()


def faces_of(boxes, vertices=20):
    boxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    points = boxes[:, None, :2] + (boxes[:, None, 2:] - boxes[:, None, :2]) * torch.rand(len(boxes), 5, 2)
    mesh = torch.cat(
        [boxes[:, None, :2] + torch.rand(len(boxes), vertices, 2) * 30, torch.randn(len(boxes), vertices, 1)], -1
    )
    return Faces(boxes, torch.zeros(0, 4), points, mesh)


def perfect(faces, config):
    """Outputs that say just what is taught, on two sets of anchors."""
    network = DetectorNetwork(SMALL)
    outputs = network(torch.zeros(1, 3, 96, 96))
    (first,) = first_head_targets(outputs.anchors, [faces], config)
    boxes, points = torch.zeros_like(outputs.heads[0].boxes), torch.zeros_like(outputs.points)
    boxes[0, first.box_anchor], points[0, first.point_anchor] = first.boxes, first.points.flatten(1)
    logits = 20.0 * F.one_hot(first.label.clamp_min(0), 2).float()[None]
    moved = outputs.heads[1].anchors
    (second,) = second_head_targets(moved, [faces], config)
    boxes2 = torch.zeros_like(boxes)
    boxes2[0, second.box_anchor] = second.boxes
    heads = (
        HeadOutputs(outputs.anchors, logits, boxes),
        HeadOutputs(moved, 20.0 * F.one_hot(second.label.clamp_min(0), 2).float()[None], boxes2),
    )
    return network, DetectorOutputs(heads, points, outputs.maps), first


def test_what_is_taught_has_no_loss_but_for_the_mesh():
    torch.manual_seed(0)
    config = DetectionLossConfig()
    faces = faces_of([[10, 10, 60, 58], [40, 30, 92, 90]])
    network, outputs, first = perfect(faces, replace(config, force_best=True))
    assert len(first.box_anchor) >= 2
    losses = detection_losses(
        network, outputs, [faces], replace(config, force_best=True), edges_of(torch.tensor([[0, 1, 2]]))
    )
    for name in ("class", "class2", "box", "box2", "points"):
        assert losses[name].item() == pytest.approx(0, abs=1e-6), name
    assert losses["mesh"].item() > 0.01
    assert losses["total"].item() == pytest.approx(0.01 * (losses["mesh"] + losses["edges"]).item(), rel=1e-4)


def test_weights_are_those_of_the_paper_and_the_sum_is_weighted():
    config = DetectionLossConfig()
    assert (config.box_weight, config.point_weight, config.mesh_weight) == (0.25, 0.1, 0.01)
    torch.manual_seed(0)
    network = DetectorNetwork(SMALL)
    faces = [faces_of([[10, 10, 60, 60]]), faces_of([])]
    outputs = network(torch.randn(2, 3, 96, 96))
    losses = detection_losses(
        network, outputs, faces, replace(config, force_best=True), edges_of(torch.tensor([[0, 1, 2]]))
    )
    parts = {name: value.item() for name, value in losses.items()}
    expected = parts["class"] + parts["class2"] + 0.25 * (parts["box"] + parts["box2"]) + 0.1 * parts["points"]
    assert parts["total"] == pytest.approx(expected + 0.01 * (parts["mesh"] + parts["edges"]), rel=1e-5)
    losses["total"].backward()
    missing = [name for name, p in network.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert missing == []


def test_no_gradient_passes_through_moved_anchors():
    torch.manual_seed(0)
    network = DetectorNetwork(SMALL)
    outputs = network(torch.randn(1, 3, 96, 96))
    assert not outputs.heads[1].anchors.requires_grad
    losses = detection_losses(network, outputs, [faces_of([[10, 10, 60, 60]])], DetectionLossConfig())
    losses["class2"].backward()
    assert network.first.boxes.levels[0].weight.grad is None


def test_unknown_points_and_meshes_teach_nothing():
    torch.manual_seed(0)
    network = DetectorNetwork(SMALL)
    outputs = network(torch.randn(1, 3, 96, 96))
    faces = faces_of([[10, 10, 60, 60]])
    unknown = replace(
        faces, points=torch.full_like(faces.points, torch.nan), mesh=torch.full_like(faces.mesh, torch.nan)
    )
    config = DetectionLossConfig(force_best=True)
    losses = detection_losses(network, outputs, [unknown], config)
    assert losses["points"] == losses["mesh"] == 0
    losses["total"].backward()
    assert torch.isfinite(network.points.levels[0].weight.grad).all()
    partly = replace(faces, points=faces.points.clone())
    partly.points[0, 1] = torch.nan
    assert 0 < detection_losses(network, outputs, [partly], config)["points"] < detection_losses(
        network, outputs, [faces], config)["points"]  # fmt: skip


def test_targets_of_the_first_head_follow_its_anchors():
    faces = faces_of([[10, 10, 60, 58], [0, 0, 200, 200]])
    anchors = DetectorNetwork(SMALL)(torch.zeros(1, 3, 96, 96)).anchors
    (found,) = first_head_targets(anchors, [faces], DetectionLossConfig(regression_iou=0.4))
    assert (found.label == 1).sum() < len(found.box_anchor)
    from synhead_tools.learning.detection.matching import iou_matrix

    iou = iou_matrix(corners(anchors), faces.boxes_xyxy)
    best = iou.max(dim=1)
    assert found.box_anchor.tolist() == torch.nonzero(best.values >= 0.4).flatten().tolist()
    assert torch.equal(found.label == 1, best.values >= 0.7)
    assert torch.equal(found.label == 0, best.values < 0.3)
    which = best.indices[found.box_anchor]
    torch.testing.assert_close(found.boxes, encode_boxes(centres(faces.boxes_xyxy)[which], anchors[found.box_anchor]))
    assert torch.equal(found.point_anchor, found.box_anchor)
    torch.testing.assert_close(found.mesh, encode_points(faces.mesh[which], anchors[found.box_anchor]))


def test_the_face_mesh_has_the_topology_the_preset_expects():
    assert len(load_face_mesh().mean_m) == DetectorConfig().mesh_vertices


def test_points_may_also_be_taught_where_only_the_second_head_sees_a_face():
    faces = faces_of([[10, 10, 60, 58]])
    anchors = DetectorNetwork(SMALL)(torch.zeros(1, 3, 96, 96)).anchors
    config = DetectionLossConfig(force_best=True)
    moved = anchors.clone()
    far = int(((anchors[:, :2] - 90).abs().sum(dim=1)).argmin())
    moved[far] = centres(faces.boxes_xyxy)[0]
    (second,) = second_head_targets(moved[None], [faces], config)
    assert second.label[far] == 1
    (plain,), (also,) = (first_head_targets(anchors, [faces], config, then) for then in (None, [second]))
    assert torch.equal(plain.box_anchor, also.box_anchor)
    assert far not in plain.point_anchor.tolist()
    assert set(also.point_anchor.tolist()) == set(plain.point_anchor.tolist()) | set(second.box_anchor.tolist())
    at = also.point_anchor.tolist().index(far)
    torch.testing.assert_close(also.points[at], encode_points(faces.points[0], anchors[far]))


def test_the_setting_decides_whether_points_are_taught_there(monkeypatch):
    faces = faces_of([[10, 10, 60, 58]])
    network = DetectorNetwork(SMALL)
    outputs = network(torch.zeros(1, 3, 96, 96))
    asked = []

    def targets(anchors, of, config, second=None):
        asked.append(second)
        return first_head_targets(anchors, of, config, second)

    monkeypatch.setattr(losses_module, "first_head_targets", targets)
    for wanted in (False, True):
        detection_losses(network, outputs, [faces], DetectionLossConfig(points_of_second=wanted))
        assert (asked[-1] is not None) == wanted
