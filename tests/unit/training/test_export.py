"""Building graphs operator by operator."""

import numpy as np
import onnx
import pytest
from onnx import helper

from training import export, parity
from training.export import Graph


def doubled(opset: int) -> onnx.ModelProto:
    """Another exporter's model: y = 2 x, with a constant named as ours may be."""
    info = [helper.make_tensor_value_info(name, onnx.TensorProto.DOUBLE, ["N", 1]) for name in "xy"]
    constant = onnx.numpy_helper.from_array(np.array(2.0), "offset")
    node = helper.make_node("Mul", ["x", "offset"], ["y"])
    graph = helper.make_graph([node], "doubled", info[:1], info[1:], [constant])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def around(model: onnx.ModelProto) -> bytes:
    """3 + the model's answer, FP32 in and out."""
    graph = Graph("around")
    rows = graph.add("Cast", graph.input("rows", "FP32", ("N", 1)), to=export.DOUBLE)
    (answer,) = graph.include("inner_", model, rows)
    moved = graph.add("Add", answer, graph.constant("offset", np.array(3.0)))
    graph.add("Cast", moved, to=export.FLOAT, output="value")
    graph.output("value", "FP32", ("N", 1))
    return graph.finish()


def test_included_model_keeps_its_own_names() -> None:
    rows = np.array([[1], [5]], dtype=np.float32)
    assert parity.run(around(doubled(export.OPSET)), rows, 2).tolist() == [[5], [13]]


def test_model_of_another_opset_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'inner_' has opsets \{'': 17\}, expected \{'': 20\}"):
        around(doubled(17))


def test_graph_says_what_it_takes_and_gives() -> None:
    model = onnx.load_from_string(around(doubled(export.OPSET)))
    (rows,), (value,) = model.graph.input, model.graph.output
    assert (rows.name, value.name) == ("rows", "value")
    dimensions = rows.type.tensor_type.shape.dim
    assert (dimensions[0].dim_param, dimensions[1].dim_value) == ("N", 1)
    assert {entry.domain for entry in model.opset_import} == {""}


def test_shared_constants_are_stored_once() -> None:
    graph = Graph("shared")
    rows = graph.input("rows", "FP64", ("N",))
    once = graph.add("Add", rows, graph.number(0.5))
    graph.add("Add", once, graph.number(0.5), output="value")
    graph.output("value", "FP64", ("N",))
    raw = graph.finish()
    assert len(onnx.load_from_string(raw).graph.initializer) == 1
    assert parity.run(raw, np.zeros(2), 2).tolist() == [1, 1]


def test_broken_graph_is_not_finished() -> None:
    graph = Graph("broken")
    graph.add("Relu", "nowhere", output="value")
    graph.output("value", "FP32", ("N",))
    with pytest.raises(onnx.checker.ValidationError, match="nowhere"):
        graph.finish()


def test_types_that_do_not_fit_are_not_finished() -> None:
    graph = Graph("mixed")
    rows = graph.input("rows", "FP32", ("N",))
    graph.add("Add", rows, graph.number(1), output="value")
    graph.output("value", "FP32", ("N",))
    with pytest.raises(onnx.shape_inference.InferenceError):
        graph.finish()
