"""Write a model as an ONNX graph, operator by operator, preprocessing included.

    graph = Graph("iris")
    rows = graph.input("features", "FP32", ("N", 4))
    centred = graph.add("Sub", rows, graph.constant("mean", mean))

Only standard operators, nothing outside the file: what `check` lets pass.  Where FP32 would not
give the framework's answer to within 1e-5, cast to FP64 inside the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, compose, helper, numpy_helper

from serving.datatypes import NUMPY
from serving.types import Array

OPSET = 20
IR_VERSION = 10
FLOAT = TensorProto.FLOAT
DOUBLE = TensorProto.DOUBLE

Shape = Sequence[int | str]


class Graph:
    """A graph under construction; whatever adds a tensor returns its name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._constants: list[TensorProto] = []
        self._nodes: list[onnx.NodeProto] = []

    def input(self, name: str, datatype: str, shape: Shape) -> str:
        """Add an input; free dimensions are names, `("N", 4)`."""
        self._inputs.append(_tensor_info(name, datatype, shape))
        return name

    def output(self, name: str, datatype: str, shape: Shape) -> None:
        """Declare a tensor that was added under this name to be an output."""
        self._outputs.append(_tensor_info(name, datatype, shape))

    def constant(self, name: str, value: Array) -> str:
        """Add an array under its own name, for those who read the graph."""
        self._constants.append(numpy_helper.from_array(value, name))
        return name

    def number(self, value: float) -> str:
        """The FP64 constant of this value, the same one each time."""
        return self._shared(f"number_{value:g}", np.array(float(value)))

    def integers(self, *values: int) -> str:
        """The list of whole numbers that many operators take for axes and shapes."""
        return self._shared("_".join(["integers", *map(str, values)]), np.array(values))

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node with one output, named after the operator unless `output` names it."""
        name = output or f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], name, **attributes))
        return name

    def add_all(self, operator: str, count: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add a node with `count` outputs; returns their names."""
        node = f"{operator.lower()}_{len(self._nodes)}"
        names = [f"{node}_{number}" for number in range(count)]
        self._nodes.append(helper.make_node(operator, list(inputs), names, node, **attributes))
        return names

    def include(self, prefix: str, model: ModelProto, *inputs: str) -> list[str]:
        """Put another exporter's model into this one, on these tensors; returns its outputs.

        Raises ValueError when it was exported for another opset.
        """
        versions = {entry.domain: entry.version for entry in model.opset_import}
        if versions != {"": OPSET}:
            raise ValueError(f"model '{prefix}' has opsets {versions}, expected {{'': {OPSET}}}")
        inner = compose.add_prefix(model, prefix).graph
        for tensor, given in zip(inner.input, inputs, strict=True):
            self._nodes.append(helper.make_node("Identity", [given], [tensor.name], tensor.name))
        self._constants.extend(inner.initializer)
        self._nodes.extend(inner.node)
        return [tensor.name for tensor in inner.output]

    def finish(self) -> bytes:
        """Check the graph and serialise it.  Raises onnx.checker.ValidationError."""
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, self._constants
        )
        model = helper.make_model(
            graph,
            producer_name="flotilla",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def _shared(self, name: str, value: Array) -> str:
        known = any(constant.name == name for constant in self._constants)
        return name if known else self.constant(name, value)


def _tensor_info(name: str, datatype: str, shape: Shape) -> onnx.ValueInfoProto:
    element = helper.np_dtype_to_tensor_dtype(NUMPY[datatype])
    return helper.make_tensor_value_info(name, element, list(shape))
