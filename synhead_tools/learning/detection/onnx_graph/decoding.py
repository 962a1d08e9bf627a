"""From the numbers of all anchors to the faces that stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synhead_tools.learning.detection.onnx_graph.builder import GraphBuilder
from synhead_tools.learning.detection.onnx_graph.shapes import axis_lengths
from synhead_tools.learning.detection.targets import LARGEST_LOG_SCALE


@dataclass(frozen=True)
class Faces:
    """Names of what is known of M faces: picture by picture, the surest first.

    Attributes
    ----------
    picture, anchor : str
        Numbers (M, 1) int64.
    centre, side : str
        Of their anchors: (M, 2) and (M, 1), px.
    boxes_xyxy, scores : str
        (M, 4) and (M,).
    """

    picture: str
    anchor: str
    centre: str
    side: str
    boxes_xyxy: str
    scores: str


def add_surest(graph: GraphBuilder, scores: str, most: int) -> tuple[str, str]:
    """Scores and numbers (N, K) of the `most` surest of (N, A) anchors, or of all, the surest first."""
    (count,) = axis_lengths(graph, scores, 1)
    return tuple(graph.add_many("TopK", 2, scores, graph.add("Min", count, graph.integers(most)), axis=1))


def add_taken(graph: GraphBuilder, values: str, anchor: str) -> str:
    """Rows (N, K, D) of values (N, A, D) by their numbers (N, K)."""
    return graph.add("GatherND", values, graph.add("Unsqueeze", anchor, graph.integers(2)), batch_dims=1)


def add_moved(graph: GraphBuilder, deltas: str, centre: str, size: str) -> tuple[str, str]:
    """As `decode_boxes`: centres (N, K, 2) and sizes (N, K, 2 or 1) moved by (N, K, 4)."""
    shift, log_scale = graph.add_many("Split", 2, deltas, graph.integers(2, 2), axis=2)
    limits = graph.constant(-LARGEST_LOG_SCALE), graph.constant(LARGEST_LOG_SCALE)
    scale = graph.add("Exp", graph.add("Clip", log_scale, *limits))
    return graph.add("Add", centre, graph.add("Mul", shift, size)), graph.add("Mul", size, scale)


def add_faces(
    graph: GraphBuilder, scores: str, anchor: str, regular: Sequence[str], moved: Sequence[str], limits: Sequence[str]
) -> Faces:
    """Suppress all but the best of boxes that cover each other.

    Parameters
    ----------
    graph : GraphBuilder
    scores, anchor : str
        (N, K), of `add_surest`.
    regular, moved : centre and size
        Of the anchors, and of the boxes.
    limits : sequence of str
        Largest IoU and least score, (1,) each.
    """
    half = graph.add("Mul", moved[1], graph.constant([0.5]))
    boxes = graph.add("Concat", graph.add("Sub", moved[0], half), graph.add("Add", moved[0], half), axis=2)
    (most,) = axis_lengths(graph, scores, 1)
    by_class = graph.add("Unsqueeze", scores, graph.integers(1))
    selected = graph.add("NonMaxSuppression", boxes, by_class, most, *limits)
    rows = graph.add("Gather", selected, graph.integers(0, 2), axis=1)
    picture = graph.add("Gather", selected, graph.integers(0), axis=1)
    numbers = graph.add("Unsqueeze", graph.add("GatherND", anchor, rows), graph.integers(1))
    centre, side, stays, sure = (graph.add("GatherND", of, rows) for of in (*regular, boxes, scores))
    return Faces(picture, numbers, centre, side, stays, sure)


def add_points(graph: GraphBuilder, deltas: str, faces: Faces) -> str:
    """As `decode_points`: (M, K, 2 or 3) relative to the faces' anchors, given (M, K, 2) or (M, K, 3)."""
    return _placed(graph, deltas, faces, 2)


def add_vertices(graph: GraphBuilder, deltas: str, faces: Faces) -> str:
    """The same of vertices (M, K, 3): z is only scaled."""
    return _placed(graph, deltas, faces, 3)


def _placed(graph: GraphBuilder, deltas: str, faces: Faces, axes: int) -> str:
    centre, one = faces.centre, graph.integers(1)
    if axes == 3:
        flat = graph.add("Mul", faces.side, graph.constant(np.zeros(1)))
        centre = graph.add("Concat", centre, flat, axis=1)
    scaled = graph.add("Mul", deltas, graph.add("Unsqueeze", faces.side, one))
    return graph.add("Add", scaled, graph.add("Unsqueeze", centre, one))
