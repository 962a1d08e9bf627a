"""Nodes and constants of an ONNX graph, put down one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 18, 8
"""Old enough for runtimes of 2023."""

Entry = tuple[str, int, Sequence[int | str]]
"""Name, element type and shape of an input or output; a name in the shape is a free length."""


class GraphBuilder:
    """Grows a graph; values are known by their names.

    The same steps make the same bytes: names are counted.
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._initialisers: list[onnx.TensorProto] = []
        self._known: dict[tuple[Any, ...], str] = {}

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Put down a node with one output; returns its name."""
        return self.add_many(operator, 1, *inputs, **attributes)[0]

    def add_many(self, operator: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """Put down a node with several outputs."""
        number = len(self._nodes)
        names = [f"{operator.lower()}_{number}" + (f"_{k}" if k else "") for k in range(outputs)]
        self._nodes.append(helper.make_node(operator, inputs, names, name=names[0], **attributes))
        return names

    def constant(self, values: Any, dtype: type = np.float32) -> str:
        """A tensor that the file holds; small ones are kept once."""
        array = np.array(values, dtype, order="C")  # ascontiguousarray would give a number an axis
        key = (array.shape, array.dtype.str, array.tobytes())
        if array.size > 64:
            return self._initialiser(array)
        if key not in self._known:
            self._known[key] = self._initialiser(array)
        return self._known[key]

    def integers(self, *values: int) -> str:
        """A list of int64."""
        return self.constant(values, np.int64)

    def default(self, name: str, value: float) -> None:
        """The value of an input (1,) float32 that need not be given."""
        self._initialisers.append(numpy_helper.from_array(np.array([value], np.float32), name))

    def model(self, name: str, inputs: Sequence[Entry], outputs: Sequence[tuple[str, Entry]]) -> onnx.ModelProto:
        """The finished model, checked.

        Parameters
        ----------
        name : str
            Of the graph.
        inputs : sequence of `Entry`
        outputs : sequence of (str, Entry)
            Name of a value, and what it is called as an output.
        """
        for value, (called, _, _) in outputs:
            self._nodes.append(helper.make_node("Identity", [value], [called], name=called))
        graph = helper.make_graph(
            self._nodes, name, [helper.make_tensor_value_info(*entry) for entry in inputs],
            [helper.make_tensor_value_info(*entry) for _, entry in outputs], self._initialisers,
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model

    def _initialiser(self, array: np.ndarray) -> str:
        name = f"constant_{len(self._initialisers)}"
        self._initialisers.append(numpy_helper.from_array(array, name))
        return name


FLOAT, INT64, UINT8 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.UINT8
