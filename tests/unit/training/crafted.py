"""Small artifacts and graphs, made node by node: sound ones, and ones no one should serve."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    ValueInfoProto,
    helper,
    numpy_helper,
)

from serving import manifest as manifests
from serving.folder import ModelFolder
from serving.manifest import FileEntry, Manifest, TensorSpec

FLOAT = TensorProto.FLOAT


def value(name: str, shape: list[int | str] | None, kind: int = FLOAT) -> ValueInfoProto:
    """A graph input or output."""
    return helper.make_tensor_value_info(name, kind, shape)


def model(
    nodes: list[NodeProto],
    inputs: list[ValueInfoProto],
    outputs: list[ValueInfoProto],
    initializers: list[TensorProto] | None = None,
    domains: tuple[str, ...] = (),
    opset: int = 20,
    ir_version: int = 10,
) -> ModelProto:
    """A model of one graph."""
    graph = helper.make_graph(nodes, "crafted", inputs, outputs, initializers or [])
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(domain, 1) for domain in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)


def doubling(opset: int = 20) -> ModelProto:
    """y = 2 x for rows of three: the sound one."""
    two = numpy_helper.from_array(np.array(2, np.float32), "two")
    node = helper.make_node("Mul", ["x", "two"], ["y"], name="double")
    return model([node], [value("x", ["n", 3])], [value("y", ["n", 3])], [two], opset=opset)


def one_node(operator: str, domain: str = "", **attributes: object) -> ModelProto:
    """x -> operator -> y."""
    node = helper.make_node(operator, ["x"], ["y"], name="only", domain=domain, **attributes)
    domains = () if domain in ("", "ai.onnx") else (domain,)
    return model([node], [value("x", ["n", 3])], [value("y", ["n", 3])], domains=domains)


def external(location: str) -> ModelProto:
    """A model whose constant lies in another file."""
    outside = TensorProto(name="outside", data_type=FLOAT, dims=[3])
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value=location)
    node = helper.make_node("Add", ["x", "outside"], ["y"])
    return model([node], [value("x", ["n", 3])], [value("y", ["n", 3])], [outside])


def endless() -> ModelProto:
    """A Loop that never ends: its condition stays true and it has no trip count."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["on"]),
            helper.make_node("Mul", ["carried", "carried"], ["next"]),
        ],
        "body",
        [
            value("turn", [], TensorProto.INT64),
            value("going", [], TensorProto.BOOL),
            value("carried", ["n", 3]),
        ],
        [value("on", [], TensorProto.BOOL), value("next", ["n", 3])],
    )
    loop = helper.make_node("Loop", ["", "yes", "x"], ["y"], name="forever", body=body)
    yes = numpy_helper.from_array(np.array(True), "yes")
    return model([loop], [value("x", ["n", 3])], [value("y", ["n", 3])], [yes])


def allocating(gigabytes: int, operator: str = "ConstantOfShape") -> ModelProto:
    """A few bytes of graph that ask for gigabytes when they run."""
    shape = numpy_helper.from_array(np.array([gigabytes * 2**28], np.int64), "shape")
    zero = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
    nodes = {
        "ConstantOfShape": [helper.make_node("ConstantOfShape", ["shape"], ["huge"])],
        "Expand": [
            helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
            helper.make_node("Expand", ["sum", "shape"], ["huge"]),
        ],
    }[operator]
    total = helper.make_node("ReduceSum", ["huge"], ["total"], keepdims=0)
    out = helper.make_node("Add", ["x", "total"], ["y"])
    inputs, outputs = [value("x", ["n", 3])], [value("y", ["n", 3])]
    return model([*nodes, total, out], inputs, outputs, [shape, zero])


def feeding(node: NodeProto, **constants: float | list[int]) -> ModelProto:
    """y = x + the sum of `much`, which `node` makes of x and these constants."""
    total = helper.make_node("ReduceSum", ["much"], ["total"], keepdims=0)
    out = helper.make_node("Add", ["x", "total"], ["y"])
    initializers = [
        numpy_helper.from_array(
            np.array(constant, np.int64 if isinstance(constant, list) else np.float32), name
        )
        for name, constant in constants.items()
    ]
    inputs, outputs = [value("x", ["n", 3])], [value("y", ["n", 3])]
    return model([node, total, out], inputs, outputs, initializers)


def constant_without_data(size: int) -> ModelProto:
    """A constant that says it has so many numbers, and has none."""
    hollow = TensorProto(name="hollow", data_type=FLOAT, dims=[size])
    node = helper.make_node("Add", ["x", "hollow"], ["y"])
    return model([node], [value("x", ["n", 3])], [value("y", ["n", 3])], [hollow])


def cycle() -> ModelProto:
    """Two nodes that wait for each other."""
    nodes = [helper.make_node("Add", ["x", "z"], ["y"]), helper.make_node("Neg", ["y"], ["z"])]
    return model(nodes, [value("x", ["n", 3])], [value("y", ["n", 3])])


def with_function(domain: str, name: str, operator: str, inner_domain: str = "") -> ModelProto:
    """x -> local function -> y, with one operator in the function's body."""
    body = [helper.make_node(operator, ["a"], ["b"], name="inner", domain=inner_domain)]
    opsets = [helper.make_opsetid("", 20)]
    if inner_domain:
        opsets.append(helper.make_opsetid(inner_domain, 1))
    graph = one_node(name, domain)
    graph.functions.append(helper.make_function(domain, name, ["a"], ["b"], body, opsets))
    return graph


def doubling_functions(levels: int) -> ModelProto:
    """A local function that calls another twice, which calls another twice, and so on."""
    domain = "my.company"
    graph = with_function(domain, "F0", "Identity")
    graph.graph.node[0].op_type = f"F{levels}"
    for level in range(1, levels + 1):
        inner = f"F{level - 1}"
        body = [
            helper.make_node(inner, ["a"], ["middle"], domain=domain),
            helper.make_node(inner, ["middle"], ["b"], domain=domain),
        ]
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(domain, 1)]
        graph.functions.append(
            helper.make_function(domain, f"F{level}", ["a"], ["b"], body, opsets)
        )
    return graph


def branching(branch: GraphProto) -> ModelProto:
    """A model with `branch` on one side of an If."""
    other = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["b"])], "else", [], [value("b", ["n", 3])]
    )
    node = helper.make_node(
        "If", ["yes"], ["y"], name="fork", then_branch=branch, else_branch=other
    )
    yes = numpy_helper.from_array(np.array(True), "yes")
    return model([node], [value("x", ["n", 3])], [value("y", ["n", 3])], [yes])


def example(row: list[float], answer: list[float], name: str = "one") -> dict[str, object]:
    """An example for a graph that takes rows `x` and gives rows `y`."""
    return {
        "name": name,
        "operation": "infer",
        "media_type": "application/json",
        "body": {
            "inputs": [{"name": "x", "datatype": "FP32", "shape": [1, len(row)], "data": row}]
        },
        "answer": {
            "outputs": [
                {"name": "y", "datatype": "FP32", "shape": [1, len(answer)], "data": answer}
            ]
        },
    }


def write_artifact(
    path: Path,
    graph: ModelProto | bytes | None = None,
    examples: list[dict[str, object]] | None = None,
    metrics: dict[str, float] | None = None,
    limits: dict[str, object] | None = None,
    name: str = "double",
    without: str = "",
) -> Path:
    """Write an artifact of rows of three to rows of three; by default one that passes."""
    graph = doubling() if graph is None else graph
    files = {
        manifests.GRAPH: graph if isinstance(graph, bytes) else graph.SerializeToString(),
        manifests.EXAMPLES: json.dumps(
            {"examples": examples or [example([1.0, 2.0, 3.0], [2.0, 4.0, 6.0])]}
        ).encode(),
        manifests.BASELINE: b"{}\n",
    }
    files.pop(without, None)
    path.mkdir(parents=True)
    for file, content in files.items():
        (path / file).write_bytes(content)
    manifest = Manifest(
        model=name,
        task="tensors",
        variant="fp32",
        inputs=(TensorSpec("x", "FP32", (-1, 3)),),
        outputs=(TensorSpec("y", "FP32", (-1, 3)),),
        files={
            file: FileEntry(sha256(content).hexdigest(), len(content))
            for file, content in files.items()
        },
        metrics=metrics or {},
        limits=limits or {},
    )
    (path / manifests.NAME).write_bytes(manifests.render(manifest))
    return path


def model_folder(path: Path, memory_mb: int = 512) -> ModelFolder:
    """A model folder on disk, for the `tensors` task."""
    path.mkdir(parents=True)
    facts = f'description = "Rows of three."\ntask = "tensors"\nmemory_mb = {memory_mb}\n'
    (path / "model.toml").write_text(facts)
    return ModelFolder(path=path, description="Rows of three.", task="tensors", memory_mb=memory_mb)
