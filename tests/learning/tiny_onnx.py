"""ONNX models of a few nodes whose answers can be worked out by hand."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save_model

from synhead_tools.learning.onnx.declaration import OnnxDeclaration


def build(nodes, constants=(), *, side=8, batch="n", outputs=("y",), shape=None):
    """A model of one input x (batch, 3, side, side)."""
    shape = [batch, 3, side, side] if shape is None else shape
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    tensors = [numpy_helper.from_array(np.asarray(values), name) for name, values in dict(constants).items()]
    graph = helper.make_graph(list(nodes), "tiny", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def channel_means(weight, bias=0.0, *, axes=(2, 3), **options):
    """y = means of the three channels, times `weight` (3, k), plus `bias`."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=list(axes), keepdims=0),
        helper.make_node("MatMul", ["m", "w"], ["p"]),
        helper.make_node("Add", ["p", "b"], ["y"]),
    ]
    weight = np.asarray(weight, np.float32)
    bias = np.broadcast_to(np.asarray(bias, np.float32), weight.shape[1:])
    return build(nodes, {"w": weight, "b": bias}, **options)


def written(folder, **models):
    """Write models as NAME.onnx."""
    for name, model in models.items():
        save_model(model, folder / f"{name}.onnx")
    return folder


def declared(*names, **values):
    """A declaration of models of 8 px in `biwi+` angles, unless said otherwise."""
    files = tuple(f"{name}.onnx" for name in names)
    return OnnxDeclaration(
        **{"name": "tiny", "files": files, "size_px": 8, "kind": "euler", "convention": "biwi+"} | values
    )
