"""From pictures of any size to faces, everything inside."""

from __future__ import annotations

import numpy as np
import onnx

from synhead_tools.heads.face_mesh import load_face_mesh
from synhead_tools.learning.detection.heads import POINTS
from synhead_tools.learning.detection.letterbox import FILL
from synhead_tools.learning.detection.network import FACE, DetectorNetwork, Head
from synhead_tools.learning.detection.nms import TOP_K
from synhead_tools.learning.detection.onnx_graph import decoding
from synhead_tools.learning.detection.onnx_graph.anchors import add_anchors
from synhead_tools.learning.detection.onnx_graph.backbones import add_stages
from synhead_tools.learning.detection.onnx_graph.builder import FLOAT, INT64, UINT8, Entry, GraphBuilder
from synhead_tools.learning.detection.onnx_graph.heads import add_meshes, add_outputs
from synhead_tools.learning.detection.onnx_graph.pyramid import add_context, add_pyramid
from synhead_tools.learning.detection.onnx_graph.shapes import axis_lengths
from synhead_tools.learning.detection.voting import VOTE_IOU
from synhead_tools.learning.pictures.augment_colour import IMAGE_MEAN, IMAGE_STD

INPUT_NAME, SCORE_NAME, IOU_NAME, VOTE_NAME = "pictures", "score_threshold", "nms_iou", "vote_iou"
SCORE_THRESHOLD, NMS_IOU = 0.5, 0.3
SIDE_MULTIPLE_PX = 64


def detector_to_onnx(
    network: DetectorNetwork, name: str = "face detector", score_threshold: float = SCORE_THRESHOLD,
    nms_iou: float = NMS_IOU, vote_iou: float = VOTE_IOU,
) -> onnx.ModelProto:  # fmt: skip
    """The model: opset 18, weights inside.

    ``pictures`` (N, H, W, 3) uint8 RGB, any N, H and W; sides are filled up to multiples of 64 px inside, as
    `synhead_tools.learning.detection.letterbox.letterbox` fills them. ``score_threshold``, ``nms_iou`` and
    ``vote_iou``, (1,) float32, need not be given. Of the M faces of all pictures, picture by picture, the surest first:
    ``picture_number`` (M,) int64, ``scores`` (M,), ``boxes_xyxy`` (M, 4), ``points5`` (M, 5, 2) and, of networks with
    a mesh, ``mesh`` (M, V, 3) and of the face mesh's topology ``landmarks68`` (M, 68, 3), all float32, in px as
    `synhead_tools.learning.detection.detections.Detections` has them.

    Parameters
    ----------
    network : DetectorNetwork
        As in evaluation mode, whatever its mode.
    name : str
        Of the graph.
    score_threshold, nms_iou, vote_iou : float
        The values that hold where none are given.

    Raises
    ------
    CheckpointError
        Some layer of the network is not known here.
    """
    graph = GraphBuilder()
    levels = _levels(graph, network)
    maps = [add_context(graph, *pair) for pair in zip(network.first.context, levels, strict=True)]
    heads = [(network.first, maps)]
    if network.second is not None:
        own = [add_context(graph, *pair) for pair in zip(network.second.context, levels, strict=True)]
        heads.append((network.second, own))
    all_scores = [_scores(graph, *each) for each in heads]
    scores, anchor = decoding.add_surest(graph, all_scores[-1], TOP_K)
    regular = moved = add_anchors(graph, anchor, maps, network.config.strides)
    for each, its_maps in heads:
        deltas = decoding.add_taken(graph, add_outputs(graph, each.boxes, its_maps), anchor)
        moved = decoding.add_moved(graph, deltas, *moved)
    limits = ((IOU_NAME, nms_iou), (SCORE_NAME, score_threshold), (VOTE_NAME, vote_iou))
    for called, value in limits:
        graph.default(called, value)
    boxes = decoding.add_corners(graph, moved)
    voters = decoding.add_candidates(graph, scores, anchor, regular, boxes, SCORE_NAME)
    faces = decoding.add_faces(graph, scores, anchor, regular, boxes, [called for called, _ in limits], voters)
    inputs = [(INPUT_NAME, UINT8, ["n", "height", "width", 3])]
    inputs += [(called, FLOAT, [1]) for called in (SCORE_NAME, IOU_NAME, VOTE_NAME)]
    return graph.model(name, inputs, _outputs(graph, network, maps, voters, faces, all_scores[0]))


def _levels(graph: GraphBuilder, network: DetectorNetwork) -> list[str]:
    """Maps of the pyramid, of standardised pictures filled up to multiples of 64 px."""
    sides = axis_lengths(graph, INPUT_NAME, 1, 2)
    missing = [graph.add("Mod", graph.add("Neg", side), graph.integers(SIDE_MULTIPLE_PX)) for side in sides]
    pads = graph.add("Concat", graph.integers(0, 0), *missing, axis=0)
    fill = np.array(FILL, float)
    pictures = graph.add("Sub", graph.add("Cast", INPUT_NAME, to=FLOAT), graph.constant(fill))
    pictures = graph.add("Pad", pictures, pads, graph.constant(0.0), graph.integers(1, 2))
    gain = 1 / (255 * np.array(IMAGE_STD))
    pictures = graph.add("Mul", pictures, graph.constant(gain))
    pictures = graph.add("Add", pictures, graph.constant((fill - 255 * np.array(IMAGE_MEAN)) * gain))
    stages = add_stages(graph, network.body, graph.add("Transpose", pictures, perm=[0, 3, 1, 2]))
    return add_pyramid(graph, network.fpn, stages[-len(network.fpn.lateral) :])


def _scores(graph: GraphBuilder, head: Head, maps: list[str]) -> str:
    """That all anchors (N, A) are faces."""
    chances = graph.add("Softmax", add_outputs(graph, head.logits, maps), axis=2)
    return graph.add("Gather", chances, graph.constant(FACE, np.int64), axis=2)


def _outputs(
    graph: GraphBuilder, network: DetectorNetwork, maps: list[str], voters: decoding.Candidates,
    faces: decoding.Faces, first_scores: str,
) -> list[tuple[str, Entry]]:  # fmt: skip
    boxes = decoding.add_mean(graph, faces, voters.boxes_xyxy, 4)
    rows = graph.add("Concat", voters.picture, voters.anchor, axis=1)
    points = graph.add("GatherND", add_outputs(graph, network.points, maps), rows)
    points = decoding.add_points(graph, graph.add("Reshape", points, graph.integers(0, POINTS, 2)), voters)
    if network.second is not None:
        faces = decoding.add_point_weights(graph, faces, graph.add("GatherND", first_scores, rows))
    points = decoding.add_mean(graph, faces, points, POINTS, 2)
    number = graph.add("Squeeze", faces.picture, graph.integers(1))
    told = [
        (number, ("picture_number", INT64, ["faces"])), (faces.scores, ("scores", FLOAT, ["faces"])),
        (boxes, ("boxes_xyxy", FLOAT, ["faces", 4])), (points, ("points5", FLOAT, ["faces", POINTS, 2])),
    ]  # fmt: skip
    if network.mesh is None:
        return told
    deltas, vertices = add_meshes(graph, network.mesh, maps, voters.picture, voters.anchor), network.mesh.vertices
    mesh = decoding.add_mean(graph, faces, decoding.add_vertices(graph, deltas, voters), vertices, 3)
    told.append((mesh, ("mesh", FLOAT, ["faces", vertices, 3])))
    if vertices == len(load_face_mesh().mean_m):
        points68 = graph.add("Gather", mesh, graph.constant(load_face_mesh().landmarks68, np.int64), axis=1)
        told.append((points68, ("landmarks68", FLOAT, ["faces", 68, 3])))
    return told
