"""Lengths of axes that are known only when a picture comes."""

from __future__ import annotations

from synhead_tools.learning.detection.onnx_graph.builder import GraphBuilder


def axis_lengths(graph: GraphBuilder, x: str, *axes: int) -> list[str]:
    """Lengths of some axes of `x`, each (1,) int64."""
    return [graph.add("Shape", x, start=axis, end=axis + 1) for axis in axes]
