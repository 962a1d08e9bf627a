import numpy as np
import onnx
import onnxruntime
import pytest

from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.onnx_graph.builder import OPSET
from synhead_tools.learning.detection.onnx_graph.detector_graph import detector_to_onnx
from tests.learning.detection.random_detectors import picture, random_network

NETWORKS = {
    "cascade and mesh of a rank": {"mesh_rank": 3, "slope": 0.1},
    "face mesh, coarse levels": {"mesh_vertices": 1024, "mesh_rank": 2, "finest_stride": 16},
    "one head, no mesh, own outputs": {"cascade": False, "mesh_vertices": 0, "shared_outputs": False},
    "ResNet-18, lateral": {"backbone": "resnet18", "top_down": "lateral", "finest_stride": 8},
    "ResNet-50": {"backbone": "resnet50", "mesh_vertices": 0, "finest_stride": 32, "backbone_width": 1},
    "deformable": {"deformable": True, "finest_stride": 8},
}
SIZES = [(64, 64), (100, 131), (257, 63), (1, 1)]
TOLERANCE = {"atol": 2e-3, "rtol": 1e-5}
LIMITS = {"score_threshold": 0.45, "nms_iou": 0.3}


def ask(model, pictures, **limits):
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), quiet, providers=["CPUExecutionProvider"])
    given = {name: np.array([value], np.float32) for name, value in limits.items()}
    answers = []
    for batch in pictures:
        names = [entry.name for entry in session.get_outputs()]
        answers.append(dict(zip(names, session.run(None, {"pictures": batch, **given}), strict=True)))
    return answers


@pytest.mark.parametrize("name", NETWORKS)
def test_the_graph_answers_as_the_detector_at_any_size(name):
    network = random_network(**NETWORKS[name])
    seen = [picture(size, number) for number, size in enumerate(SIZES)]
    expected = Detector(network).detect(seen, longest_px=None, close_up_score=None, **LIMITS)
    answers = ask(detector_to_onnx(network), [each[None] for each in seen], **LIMITS)
    assert sum(len(own) > 2 for own in expected) > 1
    for own, found in zip(expected, answers, strict=True):
        assert len(found["scores"]) == len(own)
        assert (found["picture_number"] == 0).all()
        np.testing.assert_allclose(found["scores"], own.scores, atol=1e-5)
        np.testing.assert_allclose(found["boxes_xyxy"], own.boxes_xyxy, **TOLERANCE)
        np.testing.assert_allclose(found["points5"], own.points5, **TOLERANCE)
        assert ("mesh" in found) == (own.mesh is not None)
        if own.mesh is not None:
            np.testing.assert_allclose(found["mesh"], own.mesh, **TOLERANCE)
        if network.config.mesh_vertices == 1024:
            np.testing.assert_allclose(found["landmarks68"], own.landmarks68, **TOLERANCE)


def test_several_pictures_at_a_time_with_limits_of_their_own_and_without():
    network = random_network(mesh_rank=3)
    seen = [picture((70, 90), seed) for seed in range(3)]
    model = detector_to_onnx(network, score_threshold=0.45, nms_iou=0.3)
    detector = Detector(network)
    for limits in ({}, {"score_threshold": 0.55, "nms_iou": 0.1}):
        expected = detector.detect(seen, longest_px=None, close_up_score=None, **{**LIMITS, **limits})
        (found,) = ask(model, [np.stack(seen)], **limits)
        assert found["picture_number"].tolist() == [n for n, own in enumerate(expected) for _ in range(len(own))]
        for name in ("scores", "boxes_xyxy", "points5", "mesh"):
            whole = np.concatenate([getattr(own, name) for own in expected])
            np.testing.assert_allclose(found[name], whole, **TOLERANCE)
    assert len(found["scores"]) > 3


def test_nothing_found_is_empty():
    (found,) = ask(detector_to_onnx(random_network(mesh_vertices=1024)), [picture((64, 64))[None]], score_threshold=1.0)
    shapes = {name: value.shape for name, value in found.items()}
    assert shapes == {
        "picture_number": (0,), "scores": (0,), "boxes_xyxy": (0, 4), "points5": (0, 5, 2), "mesh": (0, 1024, 3),
        "landmarks68": (0, 68, 3),
    }  # fmt: skip


def test_the_same_network_makes_the_same_bytes_with_its_weights_inside():
    model, again = (detector_to_onnx(random_network(mesh_rank=3)) for _ in range(2))
    assert model.SerializeToString(deterministic=True) == again.SerializeToString(deterministic=True)
    assert [entry.version for entry in model.opset_import] == [OPSET]
    assert all(tensor.data_location == onnx.TensorProto.DEFAULT for tensor in model.graph.initializer)
    used = {name for node in model.graph.node for name in node.input}
    assert all(tensor.name in used for tensor in model.graph.initializer)
