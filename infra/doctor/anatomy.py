"""What a graph is made of, and what of it will hurt in Lambda; it is only looked at, not run."""

from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import Literal

from onnx import ModelProto, TensorProto, helper

from serving.manifest import TensorSpec
from training.release import graphs

_LARGE_BYTES = 50_000_000
# Operators that take more time for some values than for others of the same shape.
_UNEVEN = {"Loop", "Scan", "NonMaxSuppression"}
_KINDS = helper.get_all_tensor_dtypes()
_SHOWN = 8

Severity = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was seen: `bad` cannot be served, a `note` costs something."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Counts of a graph, and what follows from them."""

    opset: int
    nodes: int
    operators: dict[str, int]
    weights_bytes: int
    free_dimensions: tuple[str, ...]
    findings: tuple[Finding, ...]


def look(raw: bytes) -> Anatomy:
    """Take a graph apart.  Raises GraphError when it is none."""
    model = graphs.parse(raw)
    inputs, _ = graphs.signature(model)
    operators = Counter(node.op_type for node in graphs.nodes(model))
    constants = list(graphs.tensors(model))
    versions = {entry.domain: entry.version for entry in model.opset_import}
    return Anatomy(
        opset=versions.get("", versions.get("ai.onnx", 0)),
        nodes=sum(operators.values()),
        operators=dict(operators.most_common()),
        weights_bytes=sum(_size(tensor) for tensor in constants),
        free_dimensions=tuple(
            f"{tensor.name}[{place}]"
            for tensor in inputs
            for place, size in enumerate(tensor.shape)
            if size == -1
        ),
        findings=tuple(_findings(model, inputs, operators, _fp32_bytes(constants))),
    )


def _findings(
    model: ModelProto, inputs: tuple[TensorSpec, ...], operators: Counter[str], fp32_bytes: int
) -> list[Finding]:
    return [
        *_judged(graphs.version_problems(model), "versions are supported"),
        *_judged(graphs.operator_problems(model), "every operator may be served"),
        *_judged(graphs.external_data_problems(model), "no external data"),
        *_shapes(inputs),
        *_weights(fp32_bytes),
        *_pace(operators),
    ]


def _judged(problems: list[str], otherwise: str) -> list[Finding]:
    if not problems:
        return [Finding("good", otherwise)]
    more = [Finding("bad", f"and {len(problems) - _SHOWN} more")] if len(problems) > _SHOWN else []
    return [*(Finding("bad", problem) for problem in problems[:_SHOWN]), *more]


def _shapes(inputs: tuple[TensorSpec, ...]) -> list[Finding]:
    found = []
    single = [tensor.name for tensor in inputs if not tensor.shape or tensor.shape[0] != -1]
    if single:
        found.append(
            Finding("note", f"no free batch in {', '.join(single)}: one instance is one run")
        )
    growing = [tensor.name for tensor in inputs if -1 in tensor.shape[1:]]
    if growing:
        found.append(
            Finding(
                "note",
                f"dimensions besides the batch are free in {', '.join(growing)}: memory and time "
                "grow with what callers send, so measure the largest that you allow",
            )
        )
    return found or [Finding("good", "only the batch is free: every request costs about the same")]


def _weights(fp32_bytes: int) -> list[Finding]:
    if fp32_bytes <= _LARGE_BYTES:
        return []
    return [
        Finding(
            "note",
            f"{fp32_bytes / 1e6:.0f} MB of weights in FP32: an int8 variant starts quicker and "
            "takes a quarter of the memory",
        )
    ]


def _pace(operators: Counter[str]) -> list[Finding]:
    if uneven := _UNEVEN & operators.keys():
        names = ", ".join(sorted(uneven))
        return [Finding("note", f"{names}: how long it runs depends on what is in the input")]
    return []


def _fp32_bytes(tensors: list[TensorProto]) -> int:
    return sum(_size(tensor) for tensor in tensors if tensor.data_type == TensorProto.FLOAT)


def _size(tensor: TensorProto) -> int:
    if tensor.data_type not in _KINDS:  # as of the empty one of an attribute of another kind
        return 0
    kind = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    return int(prod(tensor.dims) * kind.itemsize)
