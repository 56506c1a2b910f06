"""What `check` lets through, and the hostile graphs that it stops."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from onnx import ModelProto, TensorProto, helper

from serving import artifact as artifacts
from serving import manifest as manifests
from serving.lock import Lock
from serving.manifest import FileEntry, Variant
from tests.unit.training import crafted
from tests.unit.training.crafted import example, value, with_function
from training.release.check import Finding, Report, check

HOSTILE = {
    "calls itself": with_function("my.company", "F", "F", inner_domain="my.company"),
    "calls another twice, thirty deep": crafted.doubling_functions(30),
    "constant without data": crafted.constant_without_data(2**40),
    "output before its input": crafted.cycle(),
    "tiles to the end of memory": crafted.feeding(
        helper.make_node("Tile", ["x", "times"], ["much"]), times=[2**31, 2**31]
    ),
    "counts to the end of memory": crafted.feeding(
        helper.make_node("Range", ["low", "high", "step"], ["much"]), low=0.0, high=1e9, step=1e-9
    ),
    "looks up what is not there": crafted.feeding(
        helper.make_node("Gather", ["x", "index"], ["much"], axis=1), index=[2**40]
    ),
}


def report_on(
    tmp_path: Path,
    graph: ModelProto | bytes | None = None,
    memory_mb: int = 512,
    **artifact: object,
) -> Report:
    path = crafted.write_artifact(tmp_path / "artifact", graph, **artifact)
    return check(path, crafted.model_folder(tmp_path / "double", memory_mb), limit_s=20)


def only_failure(report: Report) -> Finding:
    assert len(report.failures) == 1, report
    return report.failures[0]


def test_sound_artifact_passes(tmp_path: Path) -> None:
    report = report_on(tmp_path)
    assert report.passed, report
    assert [finding.name for finding in report.findings] == [
        "artifact",
        "graph",
        "versions",
        "operators",
        "external data",
        "structure",
        "tensors",
        "example one",
        "metrics",
    ]


def test_changed_byte_is_seen_first(tmp_path: Path) -> None:
    path = crafted.write_artifact(tmp_path / "artifact")
    (path / "model.onnx").write_bytes(b"changed")
    report = check(path, crafted.model_folder(tmp_path / "double"))
    assert only_failure(report).name == "artifact"
    assert "model.onnx has SHA-256" in only_failure(report).detail


def test_artifact_of_another_model_is_refused(tmp_path: Path) -> None:
    failure = only_failure(report_on(tmp_path, name="iris"))
    assert failure.detail.endswith("model is 'iris', expected 'double'")


def test_artifact_of_another_task_is_refused(tmp_path: Path) -> None:
    path = crafted.write_artifact(tmp_path / "artifact")
    folder = replace(crafted.model_folder(tmp_path / "double"), task="tabular_regression")
    failure = only_failure(check(path, folder))
    assert failure.detail.endswith("task is 'tensors', expected 'tabular_regression'")


@pytest.mark.parametrize("file", ["examples.json", "baseline.json"])
def test_artifact_that_lacks_a_file_is_refused(tmp_path: Path, file: str) -> None:
    failure = only_failure(report_on(tmp_path, without=file))
    assert (failure.name, failure.detail) == ("artifact", f"{tmp_path / 'artifact'} has no {file}")


def test_example_that_does_not_come_true_is_named(tmp_path: Path) -> None:
    wrong = example([1.0, 2.0, 3.0], [2.0, 4.0, 6.1], name="wrong")
    failure = only_failure(report_on(tmp_path, examples=[wrong]))
    assert failure.name == "example wrong"
    assert failure.detail == "answer.outputs[0].data[2] is 6.0, expected 6.1"


def test_example_that_is_refused_is_named(tmp_path: Path) -> None:
    failure = only_failure(report_on(tmp_path, examples=[example([1.0], [2.0])]))
    assert failure.detail.startswith("status 422")


def test_manifest_that_does_not_fit_the_graph_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = crafted.model([node], [value("x", ["n", 4])], [value("y", ["n", 4])])
    failure = only_failure(report_on(tmp_path, graph))
    assert failure.name == "tensors"
    assert failure.detail == (
        "the graph has inputs x FP32 [-1, 4], its manifest says x FP32 [-1, 3]; "
        "the graph has outputs y FP32 [-1, 4], its manifest says y FP32 [-1, 3]"
    )


@pytest.mark.parametrize("location", ["/etc/passwd", "../../secret.bin", "weights.bin", ""])
def test_external_data_is_refused(tmp_path: Path, location: str) -> None:
    failure = only_failure(report_on(tmp_path, crafted.external(location)))
    assert failure.name == "external data"
    assert failure.detail.startswith(
        f"tensor 'outside' keeps its data in another file ({location!r})"
    )


def test_external_data_in_a_subgraph_is_found(tmp_path: Path) -> None:
    outside = crafted.external("../x").graph.initializer[0]
    constant = helper.make_node("Constant", [], ["a"], value=outside)
    branch = helper.make_graph([constant], "then", [], [value("a", ["n", 3])])
    assert only_failure(report_on(tmp_path, crafted.branching(branch))).name == "external data"


@pytest.mark.parametrize(
    ("operator", "domain", "reason"),
    [
        ("Anything", "my.company", "is a custom one of domain 'my.company'"),
        ("Tokenizer", "com.microsoft", "is not among the allowed ones of com.microsoft"),
        ("NoSuchOperator", "", "is not among the allowed ones of ai.onnx"),
        ("RandomNormalLike", "", "draws random numbers"),
        ("RandomNormalLike", "ai.onnx", "draws random numbers"),
        ("Gradient", "ai.onnx.preview.training", "is a custom one of domain"),
    ],
)
def test_operator_outside_the_allow_list_is_refused(
    tmp_path: Path, operator: str, domain: str, reason: str
) -> None:
    failure = only_failure(report_on(tmp_path, crafted.one_node(operator, domain)))
    assert failure.name == "operators"
    assert failure.detail.startswith(f"node 'only': operator {operator} {reason}")


def test_custom_operator_in_a_subgraph_is_found(tmp_path: Path) -> None:
    node = helper.make_node("Steal", ["x"], ["a"], name="hidden", domain="my.company")
    branch = helper.make_graph([node], "then", [], [value("a", ["n", 3])])
    failure = only_failure(report_on(tmp_path, crafted.branching(branch)))
    assert "node 'hidden': operator Steal is a custom one" in failure.detail


def test_local_function_is_looked_into(tmp_path: Path) -> None:
    graph = with_function("my.company", "Wrapped", "RandomUniformLike")
    assert "RandomUniformLike draws random" in only_failure(report_on(tmp_path, graph)).detail


def test_local_function_of_allowed_operators_passes(tmp_path: Path) -> None:
    same = example([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    graph = with_function("my.company", "Wrapped", "Identity")
    assert report_on(tmp_path, graph, examples=[same]).passed


def test_local_function_may_not_pose_as_a_standard_operator(tmp_path: Path) -> None:
    failure = only_failure(report_on(tmp_path, with_function("", "Identity", "Neg")))
    assert failure.detail.startswith("local function 'Identity' stands in domain 'ai.onnx'")


@pytest.mark.parametrize(
    ("versions", "problem"),
    [
        ({"opset": 6}, "opset of ai.onnx is 6, expected 7 to 28"),
        ({"opset": 29}, "opset of ai.onnx is 29, expected 7 to 28"),
        ({"ir_version": 15}, "IR version is 15, expected 3 to 14"),
    ],
)
def test_version_that_is_not_supported_is_refused(
    tmp_path: Path, versions: dict[str, int], problem: str
) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = crafted.model([node], [value("x", ["n", 3])], [value("y", ["n", 3])], **versions)
    failure = only_failure(report_on(tmp_path, graph))
    assert (failure.name, failure.detail) == ("versions", problem)


def test_newest_supported_versions_pass(tmp_path: Path) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    inputs, outputs = [value("x", ["n", 3])], [value("y", ["n", 3])]
    graph = crafted.model([node], inputs, outputs, opset=28, ir_version=14)
    same = example([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert report_on(tmp_path, graph, examples=[same]).passed


def test_endless_graph_is_stopped_at_the_deadline(tmp_path: Path) -> None:
    failure = only_failure(report_on(tmp_path, crafted.endless(), limits={"deadline_s": 0.5}))
    assert failure.name == "example one"
    assert failure.detail.startswith("status 504")


def test_endless_graph_is_killed_at_the_limit(tmp_path: Path) -> None:
    path = crafted.write_artifact(tmp_path / "artifact", crafted.endless())
    report = check(path, crafted.model_folder(tmp_path / "double"), limit_s=5)
    failure = only_failure(report)
    assert failure.name == "examples"
    assert failure.detail.startswith("no answer after 5 s, it was killed")


@pytest.mark.parametrize("operator", ["ConstantOfShape", "Expand"])
def test_allocation_beyond_the_memory_limit_is_survived(tmp_path: Path, operator: str) -> None:
    graph = crafted.allocating(gigabytes=3, operator=operator)
    failure = only_failure(report_on(tmp_path, graph, memory_mb=512))
    assert failure.name == "example one"
    assert failure.detail.endswith("(memory_mb is 512)")


@pytest.mark.parametrize("graph", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_graph_is_survived(tmp_path: Path, graph: ModelProto) -> None:
    path = crafted.write_artifact(tmp_path / "artifact", graph)
    report = check(path, crafted.model_folder(tmp_path / "double"), limit_s=5)
    assert only_failure(report).name in {"structure", "example one"}


def test_too_little_memory_names_the_figure(tmp_path: Path) -> None:
    assert only_failure(report_on(tmp_path, memory_mb=128)).detail.endswith("(memory_mb is 128)")


def test_name_that_is_defined_twice_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Neg", ["x"], ["y"]), helper.make_node("Abs", ["x"], ["y"])]
    graph = crafted.model(nodes, [value("x", ["n", 3])], [value("y", ["n", 3])])
    assert only_failure(report_on(tmp_path, graph)).name == "structure"


@pytest.mark.parametrize("name", ["", "new\nline", "x" * 257])
def test_output_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: str) -> None:
    node = helper.make_node("Identity", ["x"], [name])
    graph = crafted.model([node], [value("x", ["n", 3])], [value(name, ["n", 3])])
    failure = only_failure(report_on(tmp_path, graph))
    assert failure.detail == f"output {name!r}: expected a printable name of 1 to 256"


def test_input_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    graph = crafted.doubling()
    graph.graph.input.append(graph.graph.input[0])
    assert only_failure(report_on(tmp_path, graph)).detail == "input 'x' is there twice"


def test_negative_size_is_refused(tmp_path: Path) -> None:
    graph = crafted.doubling()
    graph.graph.input[0].type.tensor_type.shape.dim[1].dim_value = -5
    failure = only_failure(report_on(tmp_path, graph))
    assert failure.detail == "input 'x' has shape [-1, -5], expected sizes of at least 0"


def test_training_info_is_refused(tmp_path: Path) -> None:
    graph = crafted.doubling()
    graph.training_info.add()
    assert "carries training_info" in only_failure(report_on(tmp_path, graph)).detail


def test_map_output_is_refused_with_the_way_out(tmp_path: Path) -> None:
    graph = crafted.doubling()
    map_type = helper.make_map_type_proto(
        TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    )
    sequence = helper.make_sequence_type_proto(map_type)
    graph.graph.output[0].type.CopyFrom(sequence)
    failure = only_failure(report_on(tmp_path, graph))
    assert failure.detail == (
        "output 'y' is a sequence, expected a tensor: "
        "with skl2onnx, convert with options={'zipmap': False}"
    )


@pytest.mark.parametrize("raw", [b"", b"not a model", b"\x0a\xff\xff\xff\xff\x0f"])
def test_file_that_is_no_model_is_refused(tmp_path: Path, raw: bytes) -> None:
    assert "not an ONNX model" in only_failure(report_on(tmp_path, raw)).detail


def test_artifact_with_worse_metrics_fails(tmp_path: Path) -> None:
    path = crafted.write_artifact(tmp_path / "artifact", metrics={"accuracy": 0.8})
    current = Lock(3, "0" * 64, 1, {"accuracy": 0.9})
    folder = crafted.model_folder(tmp_path / "double")
    report = check(path, folder, current)
    assert only_failure(report).detail == "accuracy is 0.8, in version 3 it was 0.9"
    assert check(path, folder, current, tolerance=0.2).passed


def with_variant(folder: Path, graph: bytes) -> None:
    """Put a second graph into an artifact."""
    held = artifacts.load(folder)
    (folder / "model.int8.onnx").write_bytes(graph)
    entry = FileEntry(sha256(graph).hexdigest(), len(graph))
    variants = {
        "fp32": Variant("model.onnx", {}, 1.0),
        "int8": Variant("model.int8.onnx", {}, 1.0),
    }
    files = {**held.manifest.files, "model.int8.onnx": entry}
    changed = replace(held.manifest, files=files, variants=variants)
    (folder / manifests.NAME).write_bytes(manifests.render(changed))


def test_every_variant_is_looked_at_loaded_and_asked(tmp_path: Path) -> None:
    path = crafted.write_artifact(tmp_path / "artifact")
    folder = crafted.model_folder(tmp_path / "double")
    with_variant(path, crafted.doubling().SerializeToString())
    report = check(path, folder, limit_s=20)
    assert report.passed, report
    names = [finding.name for finding in report.findings]
    assert {"int8 operators", "int8 tensors", "int8 examples"} <= set(names)


def test_a_hostile_variant_is_refused(tmp_path: Path) -> None:
    path = crafted.write_artifact(tmp_path / "artifact")
    with_variant(path, crafted.cycle().SerializeToString())
    report = check(path, crafted.model_folder(tmp_path / "double"), limit_s=20)
    assert only_failure(report).name == "int8 structure"
