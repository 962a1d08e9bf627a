import numpy as np
import onnxruntime
import pytest

from synhead_tools.learning.detection.anchors import STRIDES, make_anchors
from synhead_tools.learning.detection.onnx_graph.anchors import add_anchors
from synhead_tools.learning.detection.onnx_graph.builder import FLOAT, INT64, GraphBuilder


@pytest.mark.parametrize("strides", [STRIDES, STRIDES[2:]])
def test_places_of_anchors_follow_from_their_numbers(strides):
    graph = GraphBuilder()
    levels = [f"level_{stride}" for stride in strides]
    centre, side = add_anchors(graph, "anchor", levels, strides)
    inputs = [("anchor", INT64, ["n", "k"]), *((name, FLOAT, ["n", 1, f"h{name}", f"w{name}"]) for name in levels)]
    outputs = [(centre, ("centre", FLOAT, ["n", "k", 2])), (side, ("side", FLOAT, ["n", "k", 1]))]
    session = onnxruntime.InferenceSession(graph.model("anchors", inputs, outputs).SerializeToString())
    for height, width in ((64, 64), (128, 320)):
        expected = make_anchors(height, width, strides).numpy()
        maps = {name: np.zeros((1, 1, height // stride, width // stride), np.float32)
                for name, stride in zip(levels, strides, strict=True)}  # fmt: skip
        number = np.random.default_rng(0).permutation(len(expected)).reshape(1, -1)
        middle, sides = session.run(None, {"anchor": number, **maps})
        np.testing.assert_array_equal(middle[0], expected[number[0], :2])
        np.testing.assert_array_equal(sides[0].repeat(2, axis=1), expected[number[0], 2:])
