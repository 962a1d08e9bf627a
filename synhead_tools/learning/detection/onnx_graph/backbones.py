"""C2 to C5 of the backbones."""

from __future__ import annotations

from torch import nn

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.backbones.mobilenet import C2_BLOCKS, MobileNet
from synhead_tools.learning.backbones.resnet import BasicBlock, Bottleneck, ResNet
from synhead_tools.learning.detection.onnx_graph.builder import GraphBuilder
from synhead_tools.learning.detection.onnx_graph.layers import add_layers


def add_stages(graph: GraphBuilder, body: nn.Module, x: str) -> list[str]:
    """Maps of strides 4, 8, 16 and 32, as the backbone's ``stages`` gives them.

    Raises
    ------
    CheckpointError
        Nobody has written down how this backbone goes.
    """
    if isinstance(body, MobileNet):
        parts = (body.stage1[:C2_BLOCKS], body.stage1[C2_BLOCKS:], body.stage2, body.stage3)
        return _in_turn(graph, [list(part) for part in parts], x)
    if isinstance(body, ResNet):
        x = add_layers(graph, [body.conv1, body.bn1, body.relu, body.maxpool], x)
        return _in_turn(graph, [list(part) for part in (body.layer1, body.layer2, body.layer3, body.layer4)], x)
    raise CheckpointError(f"a backbone {type(body).__name__} cannot be written as ONNX; choose ResNet or MobileNet")


def _in_turn(graph: GraphBuilder, stages: list[list[nn.Module]], x: str) -> list[str]:
    found = []
    for blocks in stages:
        for block in blocks:
            residual = isinstance(block, (BasicBlock, Bottleneck))
            x = _residual(graph, block, x) if residual else add_layers(graph, [block], x)
        found.append(x)
    return found


def _residual(graph: GraphBuilder, block: BasicBlock | Bottleneck, x: str) -> str:
    layers = [block.conv1, block.bn1, block.relu, block.conv2, block.bn2]
    if isinstance(block, Bottleneck):
        layers += [block.relu, block.conv3, block.bn3]
    shortcut = x if block.downsample is None else add_layers(graph, [block.downsample], x)
    return graph.add("Relu", graph.add("Add", add_layers(graph, layers, x), shortcut))
