"""The table of versions against the onnxruntime that is installed."""

import os

import pytest
from onnx import helper

from tests.unit.training import crafted
from tests.unit.training.crafted import value
from training.release import operators

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort


def loads(domain: str = "", version: int = 20, ir_version: int = 10) -> bool:
    """Whether onnxruntime loads a graph that asks for these versions."""
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = crafted.model([node], [value("x", [1])], [value("y", [1])], ir_version=ir_version)
    if domain:
        graph.opset_import.append(helper.make_opsetid(domain, version))
    else:
        graph.opset_import[0].version = version
    try:
        ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    except ort.capi.onnxruntime_pybind11_state.Fail:
        return False
    return True


@pytest.mark.parametrize("domain", operators.OPSETS)
def test_last_opset_is_the_last_that_loads(domain: str) -> None:
    last = operators.OPSETS[domain].stop - 1
    assert loads(domain, last)
    assert not loads(domain, last + 1)


def test_ir_versions_are_those_that_load() -> None:
    assert loads(ir_version=operators.IR_VERSIONS.start)
    assert loads(ir_version=operators.IR_VERSIONS.stop - 1)
    assert not loads(ir_version=operators.IR_VERSIONS.stop)


def test_allowed_and_refused_do_not_overlap() -> None:
    assert operators.REFUSED.keys().isdisjoint(operators.ALLOWED[""])
    assert {"Conv", "Loop", "LSTM", "Attention"} <= operators.ALLOWED[""]


def test_microsofts_operators_are_onnxruntimes() -> None:
    schemas = ort.capi.onnxruntime_pybind11_state.get_all_operator_schema()
    known = {schema.name for schema in schemas if schema.domain == "com.microsoft"}
    assert operators.ALLOWED["com.microsoft"] <= known
