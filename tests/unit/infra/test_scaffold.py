"""`flotilla new`: somebody's ONNX file becomes a served model, or nothing at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from infra import adoption, scaffold
from infra.scaffold import NewModel, ScaffoldError
from serving import artifact as artifacts
from serving import folder as folders
from serving import lock as locks
from serving.service import Service
from serving.types import JsonObject
from tests.unit.training import crafted
from tests.unit.training.crafted import value
from training.release import publish


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository without models."""
    for room in ("functions", "training"):
        (tmp_path / "repository" / room).mkdir(parents=True)
    return tmp_path / "repository"


def adopt(root: Path, graph: ModelProto | bytes, name: str = "given", **options: float) -> NewModel:
    path = root.parent / "some model.onnx"
    path.write_bytes(graph if isinstance(graph, bytes) else graph.SerializeToString())
    return scaffold.from_graph(root, name, path, **options)


def refusal(root: Path, graph: ModelProto | bytes, name: str = "given", **options: float) -> str:
    """Why a graph is refused; nothing may be left of it."""
    before = sorted(root.rglob("*"))
    with pytest.raises(ScaffoldError) as refused:
        adopt(root, graph, name, **options)
    left = set(root.rglob("*")) - set(before) - {root / "build"}
    assert left == set()
    return str(refused.value)


def examples_of(made: NewModel) -> list[JsonObject]:
    entries: list[JsonObject] = json.loads(
        (made.training / "artifact" / "examples.json").read_bytes()
    )["examples"]
    return entries


def first_shapes(made: NewModel) -> dict[str, list[int]]:
    return {entry["name"]: entry["shape"] for entry in examples_of(made)[0]["body"]["inputs"]}


def test_graph_becomes_a_model_that_answers(root: Path) -> None:
    made = adopt(root, crafted.doubling())
    assert (made.functions, made.training) == (root / "functions/given", root / "training/given")
    (facts,) = folders.discover(root / "functions")
    assert (facts.name, facts.task, facts.memory_mb) == ("given", "tensors", 512)
    assert facts.description == "some model.onnx, as it was given."
    lock = locks.read(made.functions)
    assert (lock, lock.version) == (made.lock, 1)
    service = Service.load(made.training / "artifact", digest=lock.digest)
    assert service.infer({"x": np.float32([[1, 2, 3.5]])})["y"].tolist() == [[2, 4, 7]]
    graph = (made.training / "artifact" / "model.onnx").read_bytes()
    assert graph == crafted.doubling().SerializeToString()
    assert sorted(path.name for path in made.training.iterdir()) == [
        "README.md",
        "artifact",
    ]
    assert list((root / "build").iterdir()) == []


def test_same_file_gives_the_same_digest(root: Path) -> None:
    digests = set()
    for parent in ("one", "two"):
        other = root.parent / parent / "repository"
        for room in ("functions", "training"):
            (other / room).mkdir(parents=True)
        made = adopt(other, crafted.doubling())
        assert made.lock is not None
        digests.add(made.lock.digest)
    assert len(digests) == 1


def test_examples_ask_one_row_and_a_batch(root: Path) -> None:
    one, two = examples_of(adopt(root, crafted.doubling()))
    assert (one["name"], two["name"]) == ("seeded", "seeded_batch_of_two")
    row = one["body"]["inputs"][0]["data"]
    answer = one["answer"]["outputs"][0]["data"]
    assert answer == pytest.approx([2 * number for number in row])
    assert two["answer"]["outputs"][0]["shape"] == [2, 3]


def test_graph_that_takes_one_row_only_has_one_example(root: Path) -> None:
    shape = numpy_helper.from_array(np.array([1, 3]), "shape")
    node = helper.make_node("Reshape", ["x", "shape"], ["y"])
    graph = crafted.model([node], [value("x", ["n", 3])], [value("y", [1, 3])], [shape])
    assert [entry["name"] for entry in examples_of(adopt(root, graph))] == ["seeded"]


def test_free_sizes_are_tried_until_the_graph_answers(root: Path) -> None:
    """A picture that is cut into 32 x 32 patches: sides of 8 do not do."""
    weights = numpy_helper.from_array(np.ones((1, 3, 32, 32), np.float32), "weights")
    convolution = helper.make_node("Conv", ["image", "weights"], ["map"], strides=[32, 32])
    graph = crafted.model(
        [convolution],
        [value("image", ["n", 3, "h", "w"])],
        [value("map", ["n", 1, "rows", "columns"])],
        [weights],
    )
    assert first_shapes(adopt(root, graph)) == {"image": [1, 3, 32, 32]}


def test_several_inputs_agree_on_free_sizes(root: Path) -> None:
    graph = crafted.model(
        [
            helper.make_node("Gather", ["words", "ids"], ["looked_up"]),
            helper.make_node("Mul", ["looked_up", "mask"], ["kept"]),
            helper.make_node("ReduceSum", ["kept", "axis"], ["y"], keepdims=0),
        ],
        [value("ids", ["n", "length"], TensorProto.INT64), value("mask", ["n", "length"])],
        [value("y", ["n"])],
        [
            numpy_helper.from_array(np.array([0.5, 1.5], np.float32), "words"),
            numpy_helper.from_array(np.array([1]), "axis"),
        ],
    )
    assert first_shapes(adopt(root, graph)) == {"ids": [1, 8], "mask": [1, 8]}


def test_input_that_is_a_shape_is_asked_in_ones(root: Path) -> None:
    node = helper.make_node("Reshape", ["x", "shape"], ["y"], allowzero=1)
    inputs = [value("x", [1, 1]), value("shape", [3], TensorProto.INT64)]
    one = examples_of(adopt(root, crafted.model([node], inputs, [value("y", [1, 1, 1])])))[0]
    assert one["body"]["inputs"][1]["data"] == [1, 1, 1]


def test_every_type_is_asked_in_kind(root: Path) -> None:
    kinds = {"BYTES": TensorProto.STRING, "UINT8": TensorProto.UINT8, "BOOL": TensorProto.BOOL}
    graph = crafted.model(
        [helper.make_node("Identity", [f"{name} in"], [f"{name} out"]) for name in kinds],
        [value(f"{name} in", ["n", 3], kind) for name, kind in kinds.items()],
        [value(f"{name} out", ["n", 3], kind) for name, kind in kinds.items()],
    )
    one = examples_of(adopt(root, graph))[0]
    asked, answered = one["body"]["inputs"], one["answer"]["outputs"]
    assert [tensor["datatype"] for tensor in asked] == list(kinds)
    assert [tensor["data"] for tensor in answered] == [tensor["data"] for tensor in asked]


def test_names_with_paths_and_quotes_are_only_names(root: Path) -> None:
    names = ("../../etc/in:0", 'out "y" \\ | 漢')
    node = helper.make_node("Identity", [names[0]], [names[1]])
    graph = crafted.model([node], [value(names[0], ["n", 3])], [value(names[1], ["n", 3])])
    made = adopt(root, graph)
    assert list(first_shapes(made)) == [names[0]]


def test_long_fixed_first_axis_raises_the_limit(root: Path) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = crafted.model([node], [value("x", [300, 2])], [value("y", [300, 2])])
    made = adopt(root, graph)
    assert artifacts.load(made.training / "artifact").manifest.limits == {"batch": 300}


def test_file_too_large_for_git_is_kept_out_of_it(root: Path) -> None:
    weights = numpy_helper.from_array(np.ones((3, 850_000), np.float32), "weights")
    graph = crafted.model(
        [
            helper.make_node("MatMul", ["x", "weights"], ["wide"]),
            helper.make_node("ReduceMax", ["wide", "axis"], ["y"]),
        ],
        [value("x", ["n", 3])],
        [value("y", ["n", 1])],
        [weights, numpy_helper.from_array(np.array([1]), "axis")],
    )
    made = adopt(root, graph)
    assert (made.training / ".gitignore").read_text() == "artifact/model.onnx\n"
    assert len(made.warnings) == 1
    assert "`flotilla publish given --bucket BUCKET`" in made.warnings[0]
    assert folders.read(made.functions).memory_mb == 640


@pytest.mark.parametrize(("mebibytes", "memory_mb"), [(0.1, 512), (10, 640), (100, 1024)])
def test_memory_grows_with_the_graph(mebibytes: float, memory_mb: int) -> None:
    assert adoption.memory_for(bytes(int(mebibytes * 1024**2))) == memory_mb


def test_memory_can_be_given(root: Path) -> None:
    made = adopt(root, crafted.doubling(), memory_mb=1024)
    assert folders.read(made.functions).memory_mb == 1024
    assert "| memory of the function | 1024 MB |" in (made.training / "README.md").read_text()


@pytest.mark.parametrize("name", ["../out", "a/b", "Iris", "", "x" * 33, "con sole", "1st"])
def test_name_that_is_no_models_is_refused(root: Path, name: str) -> None:
    assert f"model name {name!r}, expected snake_case" in refusal(root, crafted.doubling(), name)


@pytest.mark.parametrize("taken", ["functions/given", "training/given", "training/given.py"])
def test_name_that_is_taken_is_refused(root: Path, taken: str) -> None:
    (root / taken).mkdir()
    assert f"is taken: there is {root / taken}" in refusal(root, crafted.doubling())


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (b"not a model", "not an ONNX model"),
        (crafted.external("../../etc/passwd"), "tensor 'outside' keeps its data in another file"),
        (crafted.one_node("Steal", "my.company"), "node 'only': operator Steal is a custom one"),
        (
            crafted.one_node("RandomNormalLike"),
            "node 'only': operator RandomNormalLike draws random",
        ),
        (crafted.doubling(opset=6), "opset of ai.onnx is 6, expected 7 to 28"),
        (crafted.one_node("LayerNormalization"), "Node(only) with schema(::LayerNormalization"),
    ],
)
def test_graph_that_cannot_be_served_leaves_nothing(
    root: Path, graph: ModelProto | bytes, reason: str
) -> None:
    assert f"some model.onnx cannot be served: {reason}" in refusal(root, graph)


@pytest.mark.parametrize("operator", ["ConstantOfShape", "Expand"])
def test_graph_that_wants_too_much_memory_says_how_to_give_more(root: Path, operator: str) -> None:
    reason = refusal(root, crafted.allocating(3, operator))
    assert "it gives no answer: status 413" in reason
    assert reason.endswith("; it had 512 MB, --memory-mb gives it more")


def test_endless_graph_is_given_up(root: Path) -> None:
    reason = refusal(root, crafted.endless(), limit_s=3)
    assert reason.endswith("no answer after 3 s, it was killed")


def test_graph_without_inputs_is_refused(root: Path) -> None:
    node = helper.make_node("Constant", [], ["y"], value_float=1.0)
    assert "it has no inputs" in refusal(root, crafted.model([node], [], [value("y", [])]))


def test_input_of_no_known_rank_is_refused(root: Path) -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = crafted.model([node], [value("x", None)], [value("y", ["n"])])
    assert "input 'x' has no shape, not even a rank" in refusal(root, graph)


def test_input_of_a_type_without_a_name_is_refused(root: Path) -> None:
    node = helper.make_node("Cast", ["x"], ["y"], to=1)
    graph = crafted.model([node], [value("x", ["n"], TensorProto.BFLOAT16)], [value("y", ["n"])])
    assert "input 'x' is of BFLOAT16, expected one of" in refusal(root, graph)


def test_answer_that_is_not_finite_is_refused(root: Path) -> None:
    zero = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
    node = helper.make_node("Div", ["x", "zero"], ["y"])
    graph = crafted.model([node], [value("x", ["n", 3])], [value("y", ["n", 3])], [zero])
    assert "not finite" in refusal(root, graph)


def test_batch_whose_answer_is_beyond_the_limit_is_no_example(root: Path) -> None:
    made = adopt(root, widening(170_000))
    assert [entry["name"] for entry in examples_of(made)] == ["seeded"]


def test_answer_beyond_lambdas_limit_is_refused(root: Path) -> None:
    reason = refusal(root, widening(330_000))
    assert "bytes of JSON, a function may answer 5900000" in reason


def test_question_beyond_the_limit_is_refused(root: Path) -> None:
    node = helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)
    graph = crafted.model([node], [value("x", [1, 3, 600, 600])], [value("y", [])])
    assert "status 413" in refusal(root, graph)


def test_file_that_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(ScaffoldError, match=r"gone\.onnx cannot be served: there is no such file"):
        scaffold.from_graph(root, "given", root / "gone.onnx")


def test_file_larger_than_a_function_holds_is_not_even_read(root: Path) -> None:
    path = root.parent / "large.onnx"
    path.touch()
    os.truncate(path, 501 * 1024**2)
    with pytest.raises(ScaffoldError, match="it has 501 MB, expected at most 500 MB"):
        scaffold.from_graph(root, "given", path)


def test_second_folder_that_cannot_be_moved_takes_the_first_along(root: Path) -> None:
    (root / "functions").rmdir()
    (root / "functions").touch()
    with pytest.raises(OSError, match="Not a directory"):
        adopt(root, crafted.doubling())
    assert list((root / "training").iterdir()) == []


def test_training_script_to_start_from_works_as_it_is(root: Path) -> None:
    made = scaffold.from_task(root, "clouds", "tabular_classification", memory_mb=1024)
    (facts,) = folders.discover(root / "functions")
    assert (facts.name, facts.task, facts.memory_mb) == ("clouds", "tabular_classification", 1024)
    subprocess.run([sys.executable, made.training / "train.py"], check=True, capture_output=True)
    published = publish.publish(root, "clouds", registry=None)
    assert published.lock.version == 1
    assert published.lock.metrics["accuracy"] > 0.9
    service = Service.load(made.training / "artifact")
    assert service.predict([[2.0, 2.0]])[0]["label"] == "upper_right"
    assert (made.training / "README.md").read_text().startswith("# clouds\n")


def test_task_without_a_training_script_is_refused(root: Path) -> None:
    with pytest.raises(
        ScaffoldError, match=r"for task 'forecasting', .* \['tabular_classification'\]"
    ):
        scaffold.from_task(root, "given", "forecasting")
    assert not (root / "functions" / "given").exists()


def widening(columns: int) -> ModelProto:
    """A graph whose answer has so many numbers of 18 digits a row."""
    shape = numpy_helper.from_array(np.array([1, columns]), "shape")
    third = numpy_helper.from_array(np.array(1 / 3, np.float32), "third")
    nodes = [
        helper.make_node("Mul", ["x", "third"], ["part"]),
        helper.make_node("Expand", ["part", "shape"], ["y"]),
    ]
    inputs, outputs = [value("x", ["n", 1])], [value("y", ["n", columns])]
    return crafted.model(nodes, inputs, outputs, [shape, third])
