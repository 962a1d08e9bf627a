"""Convolutions with their BatchNorm folded into them, and activations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.detection.deformable import DeformableConv2d
from synhead_tools.learning.detection.onnx_graph.builder import GraphBuilder
from synhead_tools.learning.detection.onnx_graph.deformable import deformable_convolution


def add_layers(graph: GraphBuilder, layers: Sequence[nn.Module], x: str) -> str:
    """Put down layers that follow each other; a BatchNorm must follow a convolution.

    Raises
    ------
    CheckpointError
        There is a layer that is not known here.
    """
    layers = [part for layer in layers for part in _flat(layer)]
    place = 0
    while place < len(layers):
        layer = layers[place]
        place += 1
        if isinstance(layer, (nn.Conv2d, DeformableConv2d)):
            norm = layers[place] if place < len(layers) and isinstance(layers[place], nn.BatchNorm2d) else None
            place += norm is not None
            x = _convolution(graph, layer, norm, x)
        elif isinstance(layer, nn.LeakyReLU):
            x = graph.add("LeakyRelu", x, alpha=layer.negative_slope)
        elif isinstance(layer, nn.ReLU):
            x = graph.add("Relu", x)
        elif isinstance(layer, nn.MaxPool2d):
            side, stride, rim = layer.kernel_size, layer.stride, layer.padding
            x = graph.add("MaxPool", x, kernel_shape=[side] * 2, strides=[stride] * 2, pads=[rim] * 4)
        elif not isinstance(layer, nn.Identity):
            raise CheckpointError(f"a layer {type(layer).__name__} cannot be written as ONNX; choose another backbone")
    return x


def plain(tensor: Tensor) -> np.ndarray:
    """float64 numbers of a tensor."""
    return tensor.detach().cpu().double().numpy()


def _flat(layer: nn.Module) -> list[nn.Module]:
    return [part for inner in layer for part in _flat(inner)] if isinstance(layer, nn.Sequential) else [layer]


def _convolution(graph: GraphBuilder, layer: nn.Conv2d | DeformableConv2d, norm: nn.BatchNorm2d | None, x: str) -> str:
    weight = plain(layer.weight)
    own = getattr(layer, "bias", None)
    bias = np.zeros(len(weight)) if own is None else plain(own)
    if norm is not None:
        gain = plain(norm.weight) / np.sqrt(plain(norm.running_var) + norm.eps)
        weight = weight * gain[:, None, None, None]
        bias = (bias - plain(norm.running_mean)) * gain + plain(norm.bias)
    if isinstance(layer, DeformableConv2d):
        return deformable_convolution(graph, x, _convolution(graph, layer.offset, None, x), weight, bias, layer.stride)
    return graph.add(
        "Conv", x, graph.constant(weight), graph.constant(bias), kernel_shape=list(layer.kernel_size),
        strides=list(layer.stride), pads=[*layer.padding, *layer.padding], group=layer.groups,
    )  # fmt: skip
