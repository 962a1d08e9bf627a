import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.detection.deformable import DeformableConv2d
from synhead_tools.learning.detection.onnx_graph.backbones import add_stages
from synhead_tools.learning.detection.onnx_graph.builder import FLOAT, GraphBuilder
from synhead_tools.learning.detection.onnx_graph.layers import add_layers

X = np.random.default_rng(0).normal(size=(2, 4, 9, 12)).astype(np.float32)


def answers(layers):
    graph = GraphBuilder()
    value = add_layers(graph, layers, "x")
    entry = ("y", FLOAT, ["n", "c", "h", "w"])
    model = graph.model("layers", [("x", FLOAT, ["n", 4, "height", "width"])], [(value, entry)])
    (found,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": X})
    with torch.no_grad():
        return found, nn.Sequential(*layers).eval()(torch.from_numpy(X)).numpy()


@pytest.mark.parametrize("stride", [1, 2])
def test_deformable_convolution_reads_where_torch_reads_also_outside(stride):
    torch.manual_seed(stride)
    layer, norm = DeformableConv2d(4, 3, stride), nn.BatchNorm2d(3)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.offset.weight, std=1.0)  # moves of many pixels
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    found, expected = answers([layer, norm, nn.LeakyReLU(0.1)])
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert np.ptp(expected) > 1


def test_groups_biases_and_nested_layers():
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Conv2d(4, 8, 3, 2, 1, groups=4), nn.BatchNorm2d(8), nn.ReLU())
    found, expected = answers([inner, nn.Identity(), nn.Conv2d(8, 2, 1), nn.MaxPool2d(3, 2, 1)])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_is_not_known_is_named():
    with pytest.raises(CheckpointError, match="layer GELU cannot be written"):
        add_layers(GraphBuilder(), [nn.GELU()], "x")
    with pytest.raises(CheckpointError, match="backbone Linear cannot be written"):
        add_stages(GraphBuilder(), nn.Linear(2, 2), "x")
