"""From the numbers of all anchors to the faces that stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from synhead_tools.learning.detection.onnx_graph.builder import FLOAT, GraphBuilder
from synhead_tools.learning.detection.onnx_graph.shapes import axis_lengths
from synhead_tools.learning.detection.targets import LARGEST_LOG_SCALE
from synhead_tools.learning.detection.voting import LEAST_SCORE, LEAST_SHARE, OWN_WEIGHT


@dataclass(frozen=True)
class Candidates:
    """Names of what is known of Q anchors, which may be faces or have a vote: picture by picture, the surest first.

    Attributes
    ----------
    picture, anchor : str
        Numbers (Q, 1) int64.
    centre, side : str
        Of their anchors: (Q, 2) and (Q, 1), px.
    boxes_xyxy, scores : str
        (Q, 4) and (Q,).
    """

    picture: str
    anchor: str
    centre: str
    side: str
    boxes_xyxy: str
    scores: str


@dataclass(frozen=True)
class Faces:
    """Names of what is known of M faces that stay: picture by picture, the surest first.

    Attributes
    ----------
    picture : str
        Numbers (M, 1) int64.
    scores, weights : str
        (M,), and (M, Q): what each candidate has to say.
    """

    picture: str
    scores: str
    weights: str


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


def add_candidates(
    graph: GraphBuilder, scores: str, anchor: str, regular: Sequence[str], boxes_xyxy: str, threshold: str
) -> Candidates:
    """Those that are half as sure as `threshold` (1,), of the (N, K) of `add_surest`; boxes are (N, K, 4)."""
    likely = graph.add("GreaterOrEqual", scores, graph.add("Mul", threshold, graph.constant(LEAST_SHARE)))
    return _taken(graph, graph.add("Transpose", graph.add("NonZero", likely), perm=[1, 0]), scores, anchor, regular,
                  boxes_xyxy)  # fmt: skip


def add_corners(graph: GraphBuilder, moved: Sequence[str]) -> str:
    """Edges (N, K, 4) of boxes given by centre and size."""
    half = graph.add("Mul", moved[1], graph.constant([0.5]))
    return graph.add("Concat", graph.add("Sub", moved[0], half), graph.add("Add", moved[0], half), axis=2)


def add_faces(
    graph: GraphBuilder, scores: str, anchor: str, regular: Sequence[str], boxes_xyxy: str, limits: Sequence[str],
    voters: Candidates,
) -> Faces:  # fmt: skip
    """Suppress all but the best of boxes that cover each other, and weigh what the others say of those that stay.

    Parameters
    ----------
    graph : GraphBuilder
    scores, anchor : str
        (N, K), of `add_surest`.
    regular : centre and size
        Of the anchors.
    boxes_xyxy : str
        (N, K, 4).
    limits : sequence of str
        Largest IoU, least score, and IoU from which a box has a vote, (1,) each.
    voters : Candidates
    """
    (most,) = axis_lengths(graph, scores, 1)
    by_class = graph.add("Unsqueeze", scores, graph.integers(1))
    selected = graph.add("NonMaxSuppression", boxes_xyxy, by_class, most, *limits[:2])
    rows = graph.add("Gather", selected, graph.integers(0, 2), axis=1)
    stays = _taken(graph, rows, scores, anchor, regular, boxes_xyxy)
    return Faces(stays.picture, stays.scores, _vote_weights(graph, stays, voters, limits[2]))


def add_point_weights(graph: GraphBuilder, faces: Faces, first_scores: str) -> Faces:
    """The same faces, with the weights that points and meshes have, of the first head's scores (Q,) of candidates.

    As `synhead_tools.learning.detection.voting.point_weights`.
    """
    scores = graph.add("Max", first_scores, graph.constant(LEAST_SCORE))
    weights = graph.add("Mul", faces.weights, graph.add("Unsqueeze", scores, graph.integers(0)))
    return replace(faces, weights=_of_sum_1(graph, weights))


def add_mean(graph: GraphBuilder, faces: Faces, values: str, *shape: int) -> str:
    """Means (M, ...) of what candidates say, (Q, ...); `shape` is that of one."""
    flat = graph.add("Reshape", values, graph.integers(0, int(np.prod(shape))))
    return graph.add("Reshape", graph.add("MatMul", faces.weights, flat), graph.integers(0, *shape))


def add_points(graph: GraphBuilder, deltas: str, candidates: Candidates) -> str:
    """As `decode_points`: (Q, K, 2 or 3) relative to the candidates' anchors, given (Q, K, 2) or (Q, K, 3)."""
    return _placed(graph, deltas, candidates, 2)


def add_vertices(graph: GraphBuilder, deltas: str, candidates: Candidates) -> str:
    """The same of vertices (Q, K, 3): z is only scaled."""
    return _placed(graph, deltas, candidates, 3)


def _taken(
    graph: GraphBuilder, rows: str, scores: str, anchor: str, regular: Sequence[str], boxes_xyxy: str
) -> Candidates:
    """What is known of the places (Q, 2) in (N, K)."""
    picture = graph.add("Gather", rows, graph.integers(0), axis=1)
    numbers = graph.add("Unsqueeze", graph.add("GatherND", anchor, rows), graph.integers(1))
    return Candidates(picture, numbers, *(graph.add("GatherND", of, rows) for of in (*regular, boxes_xyxy, scores)))


def _vote_weights(graph: GraphBuilder, stays: Candidates, voters: Candidates, vote_iou: str) -> str:
    """As `synhead_tools.learning.detection.voting.vote_weights`, (M, Q), of several pictures at once."""
    same = _equal(graph, stays.picture, voters.picture)
    own = graph.add("And", same, _equal(graph, stays.anchor, voters.anchor))
    near = graph.add("Relu", graph.add("Sub", _overlaps(graph, stays.boxes_xyxy, voters.boxes_xyxy), vote_iou))
    least = graph.add("Mul", graph.add("Unsqueeze", stays.scores, graph.integers(1)), graph.constant(LEAST_SHARE))
    sure = graph.add("Relu", graph.add("Sub", graph.add("Unsqueeze", voters.scores, graph.integers(0)), least))
    theirs = graph.add("Mul", graph.add("Mul", near, sure), graph.add("Cast", same, to=FLOAT))
    weights = graph.add("Add", theirs, graph.add("Mul", graph.add("Cast", own, to=FLOAT), graph.constant(OWN_WEIGHT)))
    return _of_sum_1(graph, weights)


def _of_sum_1(graph: GraphBuilder, weights: str) -> str:
    return graph.add("Div", weights, graph.add("ReduceSum", weights, graph.integers(1), keepdims=1))


def _equal(graph: GraphBuilder, a: str, b: str) -> str:
    """Which of numbers (M, 1) and (Q, 1) are the same, (M, Q)."""
    return graph.add("Equal", a, graph.add("Transpose", b, perm=[1, 0]))


def _overlaps(graph: GraphBuilder, a_xyxy: str, b_xyxy: str) -> str:
    """As `synhead_tools.learning.detection.matching.iou_matrix`."""
    a, b = graph.add("Unsqueeze", a_xyxy, graph.integers(1)), graph.add("Unsqueeze", b_xyxy, graph.integers(0))
    (a_low, a_high), (b_low, b_high) = (
        graph.add_many("Split", 2, box, graph.integers(2, 2), axis=2) for box in (a, b)
    )  # fmt: skip
    common = _area(graph, graph.add("Max", a_low, b_low), graph.add("Min", a_high, b_high))
    both = graph.add("Add", _area(graph, a_low, a_high), _area(graph, b_low, b_high))
    union = graph.add("Max", graph.add("Sub", both, common), graph.constant(np.finfo(np.float32).tiny))
    return graph.add("Div", common, union)


def _area(graph: GraphBuilder, low: str, high: str) -> str:
    sides = graph.add("Relu", graph.add("Sub", high, low))
    return graph.add("ReduceProd", sides, graph.integers(2), keepdims=0)


def _placed(graph: GraphBuilder, deltas: str, candidates: Candidates, axes: int) -> str:
    centre, one = candidates.centre, graph.integers(1)
    if axes == 3:
        flat = graph.add("Mul", candidates.side, graph.constant(np.zeros(1)))
        centre = graph.add("Concat", centre, flat, axis=1)
    scaled = graph.add("Mul", deltas, graph.add("Unsqueeze", candidates.side, one))
    return graph.add("Add", scaled, graph.add("Unsqueeze", centre, one))
