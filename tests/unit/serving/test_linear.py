"""Which graphs are weighted sums, and with which weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, helper
from skl2onnx import to_onnx
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from serving.explain import linear
from serving.hooks import Hooks
from serving.manifest import TensorSpec
from serving.service import Service
from serving.types import Array
from tests import artifacts

CONSTANTS = {
    "column": np.array([[2], [-3]], dtype=np.float32),
    "row": np.array([[2, -3]], dtype=np.float32),
    "two": np.array([2], dtype=np.float32),
    "one": np.array([1], dtype=np.int64),
    "tall": np.array([-1, 1], dtype=np.int64),
    "flat": np.array([0, 2], dtype=np.int64),
}
# the nodes between x (N, 2) and y (N, 1) -> their weights, or None when it is no weighted sum
GRAPHS: dict[str, tuple[list[NodeProto], list[float] | None]] = {
    "MatMul": ([helper.make_node("MatMul", ["x", "column"], ["y"])], [2, -3]),
    "Gemm": (
        [helper.make_node("Gemm", ["x", "row", "two"], ["y"], transA=0, transB=1, alpha=0.5)],
        [1, -1.5],
    ),
    "Gemm without an addend": (
        [helper.make_node("Gemm", ["x", "column"], ["y"])],
        [2, -3],
    ),
    "constants among themselves": (
        [
            helper.make_node("Mul", ["column", "two"], ["twice"]),
            helper.make_node("Identity", ["twice"], ["same"]),
            helper.make_node("MatMul", ["x", "same"], ["y"]),
        ],
        [4, -6],
    ),
    "every step": (
        [
            helper.make_node("Sub", ["x", "row"], ["a"]),
            helper.make_node("Div", ["a", "two"], ["b"]),
            helper.make_node("Cast", ["b"], ["c"], to=11),
            helper.make_node("Cast", ["c"], ["d"], to=1),
            helper.make_node("Reshape", ["d", "flat"], ["e"]),
            helper.make_node("MatMul", ["e", "column"], ["f"]),
            helper.make_node("Add", ["f", "f"], ["g"]),
            helper.make_node("Mul", ["two", "g"], ["h"]),
            helper.make_node("Reshape", ["h", "tall"], ["y"]),
        ],
        [4, -6],
    ),
    "a square": (
        [
            helper.make_node("Mul", ["x", "x"], ["a"]),
            helper.make_node("MatMul", ["a", "column"], ["y"]),
        ],
        None,
    ),
    "a division by the row": (
        [
            helper.make_node("Div", ["two", "x"], ["a"]),
            helper.make_node("MatMul", ["a", "column"], ["y"]),
        ],
        None,
    ),
    "a bend": (
        [
            helper.make_node("Relu", ["x"], ["a"]),
            helper.make_node("MatMul", ["a", "column"], ["y"]),
        ],
        None,
    ),
    "rounding": (
        [
            helper.make_node("Cast", ["x"], ["a"], to=7),
            helper.make_node("Cast", ["a"], ["b"], to=1),
            helper.make_node("MatMul", ["b", "column"], ["y"]),
        ],
        None,
    ),
}


def service(
    folder: Path, graph: bytes, width: int = 2, stated: int | None = None, **hooks: Any
) -> Service:
    artifacts.write(
        folder,
        "tabular_regression",
        graph,
        [TensorSpec("x", "FP32", (-1, stated or width))],
        [TensorSpec("value", "FP32", (-1, 1))],
        {"features": [{"name": f"f{index}"} for index in range(width)], "target": {}},
    )
    return Service.load(folder, hooks=Hooks(**hooks))


def plain(nodes: list[NodeProto], width: int | str = 2) -> bytes:
    return artifacts.graph(
        [*nodes, helper.make_node("Identity", ["y"], ["value"])],
        [artifacts.tensor("x", "FP32", ["n", width])],
        [artifacts.tensor("value", "FP32", ["n", 1])],
        CONSTANTS,
    )


@pytest.mark.parametrize(("nodes", "expected"), GRAPHS.values(), ids=GRAPHS)
def test_weights_of_a_graph(
    tmp_path: Path, nodes: list[NodeProto], expected: list[float] | None
) -> None:
    found = linear.weights(service(tmp_path, plain(nodes)))
    assert (found if found is None else found.tolist()) == expected


def test_the_width_of_a_graphs_rows_may_be_free(tmp_path: Path) -> None:
    nodes, expected = GRAPHS["MatMul"]
    found = linear.weights(service(tmp_path, plain(nodes, "width"), stated=-1))
    assert found is not None
    assert found.tolist() == expected


def test_a_model_with_steps_of_its_own_is_no_weighted_sum(tmp_path: Path) -> None:
    graph = plain(GRAPHS["MatMul"][0])
    hooked = service(tmp_path, graph, preprocess=lambda tensors: {"x": tensors["x"] ** 2})
    assert linear.weights(hooked) is None


def exported(model: Any, rows: Array) -> bytes:
    """What scikit-learn's exporter makes of a model, its input and output named as ours."""
    graph = to_onnx(model, rows, target_opset={"": 21, "ai.onnx.ml": 3})
    ours = {graph.graph.input[0].name: "x", graph.graph.output[0].name: "value"}
    for tensor in (*graph.graph.input, *graph.graph.output):
        tensor.name = ours[tensor.name]
    for node in graph.graph.node:
        for names in (node.input, node.output):
            names[:] = [ours.get(name, name) for name in names]
    return bytes(graph.SerializeToString())


@pytest.mark.parametrize(
    ("make", "is_linear"),
    [
        (LinearRegression, True),
        (lambda: make_pipeline(StandardScaler(), LinearRegression()), True),
        (lambda: DecisionTreeRegressor(max_depth=2), False),
    ],
    ids=["linear", "scaled", "tree"],
)
def test_models_of_scikit_learn(tmp_path: Path, make: Callable[[], Any], is_linear: bool) -> None:
    generator = np.random.default_rng(3)
    rows = generator.normal(5, 2, size=(50, 3)).astype(np.float32)
    model = make().fit(rows, rows @ [1, -2, 3] + generator.normal(size=50))
    found = linear.weights(service(tmp_path, exported(model, rows), width=3))
    if not is_linear:
        assert found is None
        return
    basis = np.vstack([np.zeros(3), np.eye(3)])
    answers = model.predict(basis)
    assert found is not None
    assert found == pytest.approx(answers[1:] - answers[0], abs=1e-5)
