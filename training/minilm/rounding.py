"""Weights in eight bits that compute in FP32: stored small, and the same answers everywhere.

arrays = rounded(arrays)        what torch then computes with
model = compressed(model)       what the graph stores: INT8, made FP32 again when it is loaded
"""

from collections.abc import Mapping

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, helper, numpy_helper

from serving.types import Array

_MOST = 127
_LARGE = 2**16
_CLOSE = 1e-5


def rounded(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The large matrices rounded to 255 steps a row, in FP32; the rest as it was."""
    return {
        name: np.multiply(*_steps(array, 1)) if _is_large(array) else array
        for name, array in arrays.items()
    }


def compressed(model: ModelProto) -> ModelProto:
    """A copy of the model whose rounded matrices are INT8, each times its scales."""
    small = ModelProto()
    small.CopyFrom(model)
    graph = small.graph
    added = []
    for tensor in list(graph.initializer):
        array = numpy_helper.to_array(tensor)
        if tensor.data_type == TensorProto.FLOAT and _is_large(array):
            graph.initializer.remove(tensor)
            added += _stored(graph, tensor.name, array)
    nodes = [*added, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return small


def _stored(graph: GraphProto, name: str, array: Array) -> list[object]:
    steps, scale = next(
        (steps, scale)
        for steps, scale in (_steps(array, 1), _steps(array, 0))
        if np.abs(steps * scale - array).max() <= _CLOSE * np.abs(array).max()
    )
    graph.initializer.append(numpy_helper.from_array(steps.astype(np.int8), f"{name}_steps"))
    graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
    return [
        helper.make_node("Cast", [f"{name}_steps"], [f"{name}_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}_float", f"{name}_scale"], [name]),
    ]


def _steps(array: Array, axis: int) -> tuple[Array, Array]:
    """Whole numbers of -127 to 127 and what they are times, one for each row or column."""
    scale = (np.abs(array).max(axis=axis, keepdims=True) / _MOST).astype(np.float32)
    scale = np.maximum(scale, np.finfo(np.float32).tiny)
    return np.rint(array / scale), scale


def _is_large(array: Array) -> bool:
    return array.ndim == 2 and array.size >= _LARGE
