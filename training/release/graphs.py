"""What an ONNX graph is made of, read without running it and without following its paths.

Everything here only looks at the parsed protobuf message: subgraphs of If, Loop and Scan and the
bodies of local functions are looked into as well.  What a graph does when it runs is for the trial
(`training.release.trial`) to find out.
"""

from collections.abc import Iterable, Iterator

from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

from serving.manifest import TensorSpec
from training.release import operators

_DATATYPES: dict[int, str] = {
    TensorProto.BOOL: "BOOL",
    TensorProto.UINT8: "UINT8",
    TensorProto.UINT16: "UINT16",
    TensorProto.UINT32: "UINT32",
    TensorProto.UINT64: "UINT64",
    TensorProto.INT8: "INT8",
    TensorProto.INT16: "INT16",
    TensorProto.INT32: "INT32",
    TensorProto.INT64: "INT64",
    TensorProto.FLOAT16: "FP16",
    TensorProto.FLOAT: "FP32",
    TensorProto.DOUBLE: "FP64",
    TensorProto.STRING: "BYTES",
}
_LONGEST_NAME = 256


class GraphError(Exception):
    """The graph cannot be served; the message names the node or the tensor."""


def parse(raw: bytes) -> ModelProto:
    """Read a serialised model; data that it keeps elsewhere is not read.  Raises GraphError."""
    model = ModelProto()
    try:
        model.ParseFromString(raw)
    except DecodeError as error:
        raise GraphError(f"not an ONNX model: {error}") from None
    if not model.HasField("graph"):
        raise GraphError("not an ONNX model: there is no graph in it")
    return model


def version_problems(model: ModelProto) -> list[str]:
    """What is wrong with the versions that the graph and its local functions ask for."""
    problems = []
    if model.ir_version not in operators.IR_VERSIONS:
        expected = operators.span(operators.IR_VERSIONS)
        problems.append(f"IR version is {model.ir_version}, expected {expected}")
    imports = [*model.opset_import, *(o for f in model.functions for o in f.opset_import)]
    for domain, version in sorted({(o.domain, o.version) for o in imports}):
        problems += operators.opset_problems(domain, version)
    return problems


def operator_problems(model: ModelProto) -> list[str]:
    """The nodes whose operator may not be served, each with its reason."""
    local = {(function.domain, function.name) for function in model.functions}
    problems = [
        f"local function {name!r} stands in domain {domain or 'ai.onnx'!r}, expected one of its own"
        for domain, name in sorted(local)
        if operators.is_known(domain)
    ]
    for node in nodes(model):
        reason = operators.refusal(node.domain, node.op_type)
        if reason and (node.domain, node.op_type) not in local:
            problems.append(f"node {node.name!r}: operator {node.op_type} {reason}")
    if model.training_info:
        problems.append("the model carries training_info: export it for inference")
    return problems


def external_data_problems(model: ModelProto) -> list[str]:
    """The tensors whose data lie in another file, wherever that is."""
    return [
        f"tensor {tensor.name!r} keeps its data in another file ({_location(tensor)!r}): "
        "save the model with save_as_external_data=False"
        for tensor in tensors(model)
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data
    ]


def locations(model: ModelProto) -> set[str]:
    """The files that tensors keep their data in."""
    return {
        _location(tensor)
        for tensor in tensors(model)
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data
    }


def signature(model: ModelProto) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """The inputs and outputs of the graph.  Raises GraphError on one that cannot be served."""
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    _refuse_doubles("input", inputs)
    _refuse_doubles("output", graph.output)
    return (
        tuple(_spec("input", value) for value in inputs),
        tuple(_spec("output", value) for value in graph.output),
    )


def _refuse_doubles(kind: str, values: Iterable[ValueInfoProto]) -> None:
    seen: set[str] = set()
    for value in values:
        if value.name in seen:
            raise GraphError(f"{kind} {value.name!r} is there twice")
        seen.add(value.name)


def _spec(kind: str, value: ValueInfoProto) -> TensorSpec:
    name = value.name
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise GraphError(f"{kind} {name!r}: expected a printable name of 1 to {_LONGEST_NAME}")
    what = value.type.WhichOneof("value")
    if what != "tensor_type":
        raise GraphError(f"{kind} {name!r} is a {_kind(what)}, expected a tensor{_hint(what)}")
    tensor = value.type.tensor_type
    if tensor.elem_type not in _DATATYPES:
        known = TensorProto.DataType.values()
        number = tensor.elem_type
        found = TensorProto.DataType.Name(number) if number in known else f"type {number}"
        raise GraphError(f"{kind} {name!r} is of {found}, expected one of {[*_DATATYPES.values()]}")
    if not tensor.HasField("shape"):
        raise GraphError(
            f"{kind} {name!r} has no shape, not even a rank: "
            "run onnx.shape_inference.infer_shapes on the model first"
        )
    sizes = tuple(
        dimension.dim_value if dimension.HasField("dim_value") else -1
        for dimension in tensor.shape.dim
    )
    if any(size < -1 for size in sizes):
        raise GraphError(f"{kind} {name!r} has shape {list(sizes)}, expected sizes of at least 0")
    return TensorSpec(name, _DATATYPES[tensor.elem_type], sizes)


def _kind(what: str | None) -> str:
    return "value without a type" if what is None else what.removesuffix("_type").replace("_", " ")


def _hint(what: str | None) -> str:
    if what in ("sequence_type", "map_type"):
        return ": with skl2onnx, convert with options={'zipmap': False}"
    return ""


def nodes(model: ModelProto) -> Iterator[NodeProto]:
    """Every node of the model: of the graph, of its subgraphs, of the local functions."""
    yield from _nodes_below(model.graph.node)
    for function in model.functions:
        yield from _nodes_below(function.node)


def _nodes_below(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    for node in nodes:
        yield node
        for graph in _subgraphs(node):
            yield from _nodes_below(graph.node)


def _subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Every constant of the model, wherever it stands."""
    every = list(nodes(model))
    for graph in [model.graph, *(graph for node in every for graph in _subgraphs(node))]:
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    defaults = (default for function in model.functions for default in function.attribute_proto)
    for attribute in [*(a for node in every for a in node.attribute), *defaults]:
        yield from _attribute_tensors(attribute)


def _attribute_tensors(attribute: AttributeProto) -> Iterator[TensorProto]:
    yield attribute.t
    yield from attribute.tensors
    for sparse in [attribute.sparse_tensor, *attribute.sparse_tensors]:
        yield from (sparse.values, sparse.indices)


def _location(tensor: TensorProto) -> str:
    entries: dict[str, str] = {entry.key: entry.value for entry in tensor.external_data}
    return entries.get("location", "")
