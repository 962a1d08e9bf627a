import os

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.onnx.model import OnnxModel
from tests.learning.tiny_onnx import build, channel_means, written

MEANS = channel_means(np.eye(3))


def _saved(folder, model):
    return written(folder, model=model) / "model.onnx"


def test_outputs_are_those_of_the_graph(tmp_path):
    batch = np.random.default_rng(0).normal(size=(5, 3, 8, 8)).astype(np.float32)
    model = OnnxModel(_saved(tmp_path, channel_means(2 * np.eye(3), 1.0)))
    np.testing.assert_allclose(model.run(batch), 2 * batch.mean(axis=(2, 3)) + 1, atol=1e-5)
    assert model.input_shape == (None, 3, 8, 8)


def test_several_outputs_are_put_side_by_side_in_the_order_asked_for(tmp_path):
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("ReduceMax", ["x"], ["max"], axes=[1, 2, 3], keepdims=1),
    ]
    path = _saved(tmp_path, build(nodes, outputs=("mean", "max")))
    batch = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    found = OnnxModel(path, "x", ("max", "mean")).run(batch)
    np.testing.assert_allclose(found, np.stack([batch.max(axis=(1, 2, 3)), batch.mean(axis=(1, 2, 3))], 1), atol=1e-6)
    with pytest.raises(CheckpointError, match=r"has 2 outputs \(mean, max\); say which in \[output\]"):
        OnnxModel(path)
    with pytest.raises(CheckpointError, match="no output 'min'; it has mean, max"):
        OnnxModel(path, output_names=("min",))
    with pytest.raises(CheckpointError, match="no input 'y'; it has x"):
        OnnxModel(path, "y", ("max",))


def test_an_output_that_does_not_count_pictures_is_named(tmp_path):
    nodes = [helper.make_node("ReduceMean", ["x"], ["y"], axes=[0, 2, 3], keepdims=0)]
    model = OnnxModel(_saved(tmp_path, build(nodes)))
    with pytest.raises(CheckpointError, match=r"output 'y' has shape \(3,\) for a batch of 2"):
        model.run(np.zeros((2, 3, 8, 8), np.float32))


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x08\x08" * 100, MEANS.SerializeToString()[:-20]])
def test_what_is_no_model_is_refused(tmp_path, data):
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="no ONNX model|cannot be loaded"):
        OnnxModel(path)


def test_pipes_and_folders_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    for path in (tmp_path, tmp_path / "pipe.onnx", tmp_path / "none.onnx"):
        with pytest.raises(CheckpointError, match="give an ONNX model"):
            OnnxModel(path)


def test_a_loop_is_not_run(tmp_path):
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Identity", ["v"], ["w"])], "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []),
         helper.make_tensor_value_info("c", TensorProto.BOOL, []),
         helper.make_tensor_value_info("v", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("d", TensorProto.BOOL, []),
         helper.make_tensor_value_info("w", TensorProto.FLOAT, None)],
    )  # fmt: skip
    nodes = [helper.make_node("Loop", ["", "t", "x"], ["y"], body=body)]
    for model in (build(nodes, {"t": np.array(True)}), _inside_an_if(nodes)):
        with pytest.raises(CheckpointError, match="operator Loop, which may never end"):
            OnnxModel(_saved(tmp_path, model))


def _inside_an_if(nodes):
    branch = helper.make_graph(nodes, "branch", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    return build([helper.make_node("If", ["t"], ["y"], then_branch=branch, else_branch=branch)], {"t": np.array(True)})


def _with_external(location):
    model = onnx.ModelProto()
    model.CopyFrom(MEANS)
    tensor = model.graph.initializer[0]
    raw = numpy_helper.to_array(tensor).tobytes()
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(len(raw)))):
        tensor.external_data.add(key=key, value=value)
    return model, raw


def test_weights_beside_the_model_are_read_and_others_are_not(tmp_path):
    inside = tmp_path / "models"
    inside.mkdir()
    for folder in (tmp_path, inside):
        (folder / "weights.bin").write_bytes(_with_external("")[1])
    batch = np.ones((1, 3, 8, 8), np.float32)
    good = inside / "model.onnx"
    good.write_bytes(_with_external("weights.bin")[0].SerializeToString())
    np.testing.assert_allclose(OnnxModel(good).run(batch), 1, atol=1e-6)
    (inside / "link.bin").symlink_to(tmp_path / "weights.bin")
    for location in ("../weights.bin", str(tmp_path / "weights.bin"), "link.bin", "", "a/../../weights.bin"):
        good.write_bytes(_with_external(location)[0].SerializeToString())
        with pytest.raises(CheckpointError, match="outside of its folder"):
            OnnxModel(good)
    good.write_bytes(_with_external("missing.bin")[0].SerializeToString())
    with pytest.raises(CheckpointError, match="model.onnx keeps its weights there"):
        OnnxModel(good)


def test_a_graph_that_asks_for_all_memory_fails_in_one_line(tmp_path):
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["c"]),
        helper.make_node("ReduceSum", ["c"], ["r"], keepdims=0),
        helper.make_node("Add", ["x", "r"], ["y"]),
    ]
    model = OnnxModel(_saved(tmp_path, build(nodes, {"s": np.array([1 << 34], np.int64)})))
    with pytest.raises(CheckpointError, match="memory") as caught:
        model.run(np.zeros((1, 3, 8, 8), np.float32))
    assert len(str(caught.value).splitlines()) == 1


def test_an_input_that_takes_no_floats_is_refused(tmp_path):
    model = build([helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)])
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT32
    with pytest.raises(CheckpointError, match="not float or uint8 pictures"):
        OnnxModel(_saved(tmp_path, model))
