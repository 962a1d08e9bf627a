"""Where anchors are, from their numbers alone: nothing of the size of all anchors is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synhead_tools.learning.detection.anchors import SIZES_PER_CELL, STRIDES, anchor_sizes_px
from synhead_tools.learning.detection.onnx_graph.builder import FLOAT, INT64, GraphBuilder
from synhead_tools.learning.detection.onnx_graph.shapes import axis_lengths


def add_anchors(graph: GraphBuilder, anchor: str, maps: Sequence[str], strides: Sequence[int]) -> tuple[str, str]:
    """Centres (N, K, 2) and sides (N, K, 1) in px of the anchors of numbers (N, K).

    The order is that of `synhead_tools.learning.detection.anchors.make_anchors`.

    Parameters
    ----------
    graph : GraphBuilder
    anchor : str
        int64.
    maps : sequence of str
        Of all levels, for their sizes.
    strides : sequence of int
    """
    lengths = [axis_lengths(graph, level, 2, 3) for level in maps]
    columns = graph.add("Concat", *(width for _, width in lengths), axis=0)
    per_level = [graph.add("Mul", graph.add("Mul", height, width), graph.integers(SIZES_PER_CELL))
                 for height, width in lengths]  # fmt: skip
    ends = graph.add("CumSum", graph.add("Concat", *per_level, axis=0), graph.constant(0, np.int64))
    starts = graph.add("CumSum", graph.add("Concat", *per_level, axis=0), graph.constant(0, np.int64), exclusive=1)
    beyond = graph.add("GreaterOrEqual", graph.add("Unsqueeze", anchor, graph.integers(2)), ends)
    level = graph.add("ReduceSum", graph.add("Cast", beyond, to=INT64), graph.integers(2), keepdims=0)
    own = graph.add("Sub", anchor, graph.add("Gather", starts, level))
    per_cell, width = graph.integers(SIZES_PER_CELL), graph.add("Gather", columns, level)
    cell, size = graph.add("Div", own, per_cell), graph.add("Mod", own, per_cell)
    place = [graph.add("Unsqueeze", graph.add(kind, cell, width), graph.integers(2)) for kind in ("Mod", "Div")]
    stride = graph.add("Gather", graph.constant([float(stride) for stride in strides]), level)
    middle = graph.add("Add", graph.add("Cast", graph.add("Concat", *place, axis=2), to=FLOAT), graph.constant([0.5]))
    centre = graph.add("Mul", middle, graph.add("Unsqueeze", stride, graph.integers(2)))
    sides = np.array([anchor_sizes_px(STRIDES.index(stride)) for stride in strides]).reshape(-1)
    which = graph.add("Add", graph.add("Mul", level, per_cell), size)
    return centre, graph.add("Unsqueeze", graph.add("Gather", graph.constant(sides), which), graph.integers(2))
