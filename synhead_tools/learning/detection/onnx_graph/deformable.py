"""Deformable convolution of GridSample: the operator DeformConv is young, and few runtimes have it."""

from __future__ import annotations

import numpy as np

from synhead_tools.learning.detection.deformable import KERNEL, TAPS
from synhead_tools.learning.detection.onnx_graph.builder import GraphBuilder
from synhead_tools.learning.detection.onnx_graph.shapes import axis_lengths


def deformable_convolution(
    graph: GraphBuilder, x: str, moves: str, weight: np.ndarray, bias: np.ndarray, stride: int = 1
) -> str:
    """As `synhead_tools.learning.detection.deformable.DeformableConv2d`, with a bias.

    Parameters
    ----------
    graph : GraphBuilder
    x : str
        Maps (N, C, H, W).
    moves : str
        What the offset convolution says of them (N, 27, H', W'): 9 times y and x, then 9 masks before ``2 * sigmoid``.
    weight, bias : array, shape (C', C, 3, 3) and (C',)
    stride : int
    """
    rows, columns = axis_lengths(graph, moves, 2, 3)
    whole = graph.integers(-1)
    offsets, masks = graph.add_many("Split", 2, moves, graph.integers(2 * TAPS, TAPS), axis=1)
    grid = graph.add("Reshape", offsets, graph.add("Concat", whole, graph.integers(TAPS, 2), rows, columns, axis=0))
    sides = []
    for axis, length in ((0, rows), (1, columns)):
        moved = graph.add("Gather", grid, graph.constant(axis, np.int64), axis=2)
        place = graph.add("Add", moved, _plain_places(graph, length, axis, stride))
        scale = graph.add("Div", graph.constant([2.0]), _as_float(graph, axis_lengths(graph, x, 2 + axis)[0]))
        middle = graph.add("Mul", graph.add("Add", place, graph.constant([0.5])), scale)
        sides.append(graph.add("Unsqueeze", graph.add("Sub", middle, graph.constant([1.0])), graph.integers(4)))
    grid = graph.add("Concat", sides[1], sides[0], axis=4)  # x, then y
    below = graph.add("Mul", rows, graph.integers(TAPS))
    grid = graph.add("Reshape", grid, graph.add("Concat", whole, below, columns, graph.integers(2), axis=0))
    taken = graph.add("GridSample", x, grid, mode="bilinear", padding_mode="zeros", align_corners=0)
    c_in, c_out = weight.shape[1], weight.shape[0]
    apart = graph.add("Concat", whole, graph.integers(c_in, TAPS), rows, columns, axis=0)
    doubled = graph.add("Mul", graph.add("Sigmoid", masks), graph.constant([2.0]))
    masked = graph.add("Mul", graph.add("Reshape", taken, apart), graph.add("Unsqueeze", doubled, graph.integers(1)))
    flat = graph.add("Concat", whole, graph.integers(c_in * TAPS), rows, columns, axis=0)
    kernel = graph.constant(weight.reshape(c_out, c_in * TAPS, 1, 1))
    return graph.add("Conv", graph.add("Reshape", masked, flat), kernel, graph.constant(bias), kernel_shape=[1, 1])


def _plain_places(graph: GraphBuilder, length: str, axis: int, stride: int) -> str:
    """Rows (axis 0) or columns that a plain convolution's taps read, (1, 9, H', 1) or (1, 9, 1, W')."""
    taps = np.arange(TAPS) // KERNEL if axis == 0 else np.arange(TAPS) % KERNEL
    scalar = graph.add("Squeeze", length)
    steps = graph.add("Range", graph.constant(0, np.int64), scalar, graph.constant(1, np.int64))
    starts = graph.add("Mul", _as_float(graph, steps), graph.constant([float(stride)]))
    shape = (1, 1, -1, 1) if axis == 0 else (1, 1, 1, -1)
    starts = graph.add("Reshape", starts, graph.integers(*shape))
    return graph.add("Add", starts, graph.constant((taps - 1.0).reshape(1, TAPS, 1, 1)))


def _as_float(graph: GraphBuilder, x: str) -> str:
    return graph.add("Cast", x, to=1)
