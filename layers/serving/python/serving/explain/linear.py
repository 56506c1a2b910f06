"""Graphs that are a weighted sum of the features: the weights, from the graph itself.

Of such a model the Shapley values need no coalition at all: each feature adds its weight times its
distance from the reference,

    phi_i = w_i (x_i - r_i)

(Lundberg and Lee, 2017, corollary 1: "Linear SHAP").
"""

from collections.abc import Callable

import numpy as np

from serving.explain import onnx_graph
from serving.explain.onnx_graph import Graph, Node, NotPlain
from serving.hooks import Hooks
from serving.service import Service
from serving.types import Array

# A larger graph is more than a weight for each feature.
_LARGEST_BYTES = 1_000_000
_FLOATS = (1, 11)  # TensorProto.FLOAT and DOUBLE

# What a node makes of its inputs, in FP64, or None when that is no weighted sum of the row any
# more; the booleans say which inputs depend on the row.
_Rule = Callable[[Node, list[Array], list[bool]], Array | None]


def weights(service: Service) -> Array | None:
    """The weight FP64 (F,) of each feature, or None unless the model is a weighted sum of them."""
    name = service.manifest.graphs[service.variant]
    small = service.manifest.files[name].size_bytes <= _LARGEST_BYTES
    if not small or service.hooks != Hooks():
        return None
    (row,), (value,) = service.manifest.inputs, service.manifest.outputs
    try:
        graph = onnx_graph.parse(service.artifact.graph(service.variant))
    except NotPlain:
        return None
    # All of them at once: the row of zeros, and for each feature the row that has a 1 there.
    width = len(service.manifest.details["features"])
    basis = np.vstack([np.zeros(width), np.eye(width)])
    answers = _run(graph, row.name, basis, value.name)
    if answers is None or answers.size != len(basis):
        return None
    found: Array = answers.reshape(-1)[1:] - answers.reshape(-1)[0]
    return found


def _run(graph: Graph, given: str, rows: Array, wanted: str) -> Array | None:
    """What the graph makes of these rows (N, F), or None where a node is no weighted sum."""
    values = {name: _double(constant) for name, constant in graph.constants.items()}
    values[given] = rows
    varying = {given}
    for node in graph.nodes:
        if node.operator not in _RULES or not set(node.inputs) <= values.keys():
            return None
        depends = [name in varying for name in node.inputs]
        result = _RULES[node.operator](node, [values[name] for name in node.inputs], depends)
        if result is None:
            return None
        values[node.outputs[0]] = result
        if any(depends):
            varying.add(node.outputs[0])
    return values.get(wanted)


def _double(constant: Array) -> Array:
    return constant.astype(np.float64)


def _cast(node: Node, operands: list[Array], depends: list[bool]) -> Array | None:
    return operands[0] if node.attributes["to"] in _FLOATS else None


def _product(node: Node, operands: list[Array], depends: list[bool]) -> Array | None:
    return None if all(depends) else operands[0] * operands[1]


def _quotient(node: Node, operands: list[Array], depends: list[bool]) -> Array | None:
    return None if depends[1] else operands[0] / operands[1]


def _matrix_product(node: Node, operands: list[Array], depends: list[bool]) -> Array | None:
    return None if depends[1] else operands[0] @ operands[1]


_ONE = {"alpha": np.array(1.0), "beta": np.array(1.0)}


def _gemm(node: Node, operands: list[Array], depends: list[bool]) -> Array | None:
    stated = _ONE | node.attributes
    if depends[1] or stated.get("transA"):
        return None
    matrix = operands[1].T if stated.get("transB") else operands[1]
    product: Array = stated["alpha"] * (operands[0] @ matrix)
    return product + stated["beta"] * operands[2] if len(operands) > 2 else product


def _reshaped(node: Node, operands: list[Array], depends: list[bool]) -> Array | None:
    rows, shape = operands[0], operands[1].astype(int).tolist()
    result = rows.reshape([size or rows.shape[axis] for axis, size in enumerate(shape)])
    return result if len(result) == len(rows) else None


def _scaled(node: Node, operands: list[Array], depends: list[bool]) -> Array | None:
    found: Array = (operands[0] - node.attributes["offset"]) * node.attributes["scale"]
    return found


def _regressed(node: Node, operands: list[Array], depends: list[bool]) -> Array | None:
    stated = node.attributes
    if stated.get("targets", 1) != 1 or stated.get("post_transform", b"NONE") != b"NONE":
        return None
    found: Array = operands[0] @ stated["coefficients"][:, None] + stated.get("intercepts", 0)
    return found


_RULES: dict[str, _Rule] = {
    "Add": lambda node, operands, depends: operands[0] + operands[1],
    "Cast": _cast,
    "Div": _quotient,
    "Gemm": _gemm,
    "Identity": lambda node, operands, depends: operands[0],
    "MatMul": _matrix_product,
    "Mul": _product,
    "Reshape": _reshaped,
    "Sub": lambda node, operands, depends: operands[0] - operands[1],
    "ai.onnx.ml.LinearRegressor": _regressed,
    "ai.onnx.ml.Scaler": _scaled,
}
