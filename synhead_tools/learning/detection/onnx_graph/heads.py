"""Numbers of all anchors, and meshes of those that are faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synhead_tools.learning.detection.anchors import SIZES_PER_CELL
from synhead_tools.learning.detection.heads import MeshBranch, OutputConvolution
from synhead_tools.learning.detection.onnx_graph.builder import INT64, GraphBuilder
from synhead_tools.learning.detection.onnx_graph.layers import add_layers, plain


def add_outputs(graph: GraphBuilder, outputs: OutputConvolution, maps: Sequence[str]) -> str:
    """As `OutputConvolution.forward`: (N, A, numbers)."""
    layers = [outputs.levels[0]] * len(maps) if outputs.shared else outputs.levels
    answers = []
    for layer, level in zip(layers, maps, strict=True):
        last = graph.add("Transpose", add_layers(graph, [layer], level), perm=[0, 2, 3, 1])
        answers.append(graph.add("Reshape", last, graph.integers(0, -1, outputs.numbers)))
    return graph.add("Concat", *answers, axis=1)


def add_meshes(graph: GraphBuilder, branch: MeshBranch, maps: Sequence[str], picture: str, anchor: str) -> str:
    """Meshes (M, V, 3) in anchor sizes, of anchors given by the numbers (M, 1) of their picture and of themselves."""
    channels = branch.weight.shape[1]
    flat = [graph.add("Reshape", level, graph.integers(0, channels, -1)) for level in maps]
    cells = graph.add("Transpose", graph.add("Concat", *flat, axis=2), perm=[0, 2, 1])
    per_cell = graph.integers(SIZES_PER_CELL)
    cell, size = graph.add("Div", anchor, per_cell), graph.add("Mod", anchor, per_cell)
    features = graph.add("GatherND", cells, graph.add("Concat", picture, cell, axis=1))
    # the three anchors of a cell side by side, of which the right one is taken
    weight = plain(branch.weight).transpose(1, 0, 2).reshape(channels, -1)
    inner = graph.add("Add", graph.add("MatMul", features, graph.constant(weight)),
                      graph.constant(plain(branch.bias).reshape(-1)))  # fmt: skip
    inner = graph.add("Reshape", inner, graph.integers(0, SIZES_PER_CELL, branch.weight.shape[2]))
    inner = graph.add("GatherND", inner, graph.add("Cast", size, to=INT64), batch_dims=1)
    if branch.basis is not None:
        weight = np.ascontiguousarray(plain(branch.basis.weight).T)
        inner = graph.add("MatMul", inner, graph.constant(weight))
        inner = graph.add("Add", inner, graph.constant(plain(branch.basis.bias)))
    return graph.add("Reshape", inner, graph.integers(0, branch.vertices, 3))
