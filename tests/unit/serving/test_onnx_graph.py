"""The reader of ONNX graphs agrees with the `onnx` package."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import AttributeProto, helper, numpy_helper

from serving.explain import onnx_graph
from tests import artifacts

ROOT = Path(__file__).parents[3]
GRAPHS = sorted(ROOT.glob("training/*/artifact/*.onnx"))
READ = {"float32", "float64", "float16", "int64"}
GEMM = artifacts.graph(
    [helper.make_node("Gemm", ["x", "w"], ["y"], alpha=0.5, transB=1)],
    [artifacts.tensor("x", "FP32", ["n", 2])],
    [artifacts.tensor("y", "FP32", ["n", 1])],
    {"w": np.array([[1.5, -2]], dtype=np.float32)},
)


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.parts[-3])
def test_released_graphs_are_read_as_onnx_reads_them(path: Path) -> None:
    expected = onnx.load(path).graph
    found = onnx_graph.parse(path.read_bytes())
    for node, read in zip(expected.node, found.nodes, strict=True):
        domain = f"{node.domain}." if node.domain not in ("", "ai.onnx") else ""
        assert read.operator == domain + node.op_type
        assert (read.inputs, read.outputs) == (list(node.input), list(node.output))
        for attribute in node.attribute:
            if attribute.type in (AttributeProto.INT, AttributeProto.FLOAT, AttributeProto.FLOATS):
                value = helper.get_attribute_value(attribute)
                assert np.array_equal(read.attributes[attribute.name], np.asarray(value))
    for tensor in expected.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype.name in READ:
            assert np.array_equal(found.constants[tensor.name], array)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [(kind, raw) for kind in sorted(READ) for raw in (True, False) if raw or kind != "float16"],
)
def test_both_ways_to_write_a_tensor(kind: str, raw: bool) -> None:
    values = np.array([[1, -2], [3, 0]], dtype=kind)
    number = helper.np_dtype_to_tensor_dtype(values.dtype)
    content = values.tobytes() if raw else values.flatten()
    tensor = helper.make_tensor("t", number, values.shape, content, raw=raw)
    model = helper.make_model(helper.make_graph([], "g", [], [], [tensor]))
    found = onnx_graph.parse(model.SerializeToString()).constants["t"]
    assert found.dtype == values.dtype
    assert np.array_equal(found, values)


def test_data_in_another_file_is_not_plain() -> None:
    tensor = onnx.TensorProto(name="t", data_type=1, dims=[1], data_location=1)
    model = helper.make_model(helper.make_graph([], "g", [], [], [tensor]))
    with pytest.raises(onnx_graph.NotPlain, match="another file"):
        onnx_graph.parse(model.SerializeToString())


@given(st.binary(max_size=60))
def test_bytes_that_are_no_graph(raw: bytes) -> None:
    try:
        onnx_graph.parse(raw)
    except onnx_graph.NotPlain:
        return


@given(st.integers(0, len(GEMM) - 1), st.integers(0, 255))
def test_a_damaged_graph_is_read_or_refused(at: int, byte: int) -> None:
    for damaged in (GEMM[:at], GEMM[:at] + bytes([byte]) + GEMM[at + 1 :]):
        try:
            onnx_graph.parse(damaged)
        except onnx_graph.NotPlain:
            continue
