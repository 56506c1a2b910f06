"""The compiled form of an artifact answers as the plain one does, from weights that are mapped."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from serving import artifact as artifacts
from serving.artifact import Artifact
from serving.errors import ArtifactError
from serving.manifest import TensorSpec
from serving.service import Service
from tests import artifacts as tiny
from training.release import compiling, graphs

SIZE = 64
WEIGHTS = np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(np.float32)


def dense(folder: Path) -> Artifact:
    """y = x (W + W), where the sum can be computed ahead, and is large enough to be mapped."""
    nodes = [
        helper.make_node("Add", ["weights", "weights"], ["twice"]),
        helper.make_node("MatMul", ["x", "twice"], ["y"]),
    ]
    graph = tiny.graph(
        nodes,
        [tiny.tensor("x", "FP32", ["n", SIZE])],
        [tiny.tensor("y", "FP32", ["n", SIZE])],
        {"weights": WEIGHTS},
    )
    specs = [[TensorSpec(name, "FP32", (-1, SIZE))] for name in ("x", "y")]
    return artifacts.load(tiny.write(folder, "tensors", graph, *specs))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return dense(tmp_path_factory.mktemp("made") / "artifact")


@pytest.fixture(scope="module")
def made(source: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return compiling.cached(tmp_path_factory.mktemp("root"), source)


def test_answers_are_the_same_to_the_bit(source: Artifact, made: Artifact) -> None:
    inputs = {"x": np.random.default_rng(1).normal(size=(5, SIZE)).astype(np.float32)}
    plain, mapped = (Service.load(one.folder).infer(inputs)["y"] for one in (source, made))
    assert np.array_equal(plain, mapped)


def test_constants_are_folded_and_lie_beside_the_graph(made: Artifact) -> None:
    model = graphs.parse(made.graph())
    assert [node.op_type for node in model.graph.node] == ["MatMul"]
    assert graphs.locations(model) == {"model.weights"}
    stored = np.frombuffer(made.read("model.weights"), np.float32)
    assert np.array_equal(stored.reshape(SIZE, SIZE), 2 * WEIGHTS)


def test_it_is_known_by_the_digest_of_what_was_published(source: Artifact, made: Artifact) -> None:
    assert made.digest != source.digest
    assert Service.load(made.folder, digest=made.digest).digest == source.digest


def test_compiling_again_gives_the_same_bytes(
    source: Artifact, made: Artifact, tmp_path: Path
) -> None:
    assert compiling.compiled(source, tmp_path / "again").digest == made.digest


def test_what_was_compiled_is_found_again_and_what_was_cut_off_is_not(
    source: Artifact, tmp_path: Path
) -> None:
    made = compiling.cached(tmp_path, source)
    inode = (made.folder / "model.weights").stat().st_ino
    assert (compiling.cached(tmp_path, source).folder / "model.weights").stat().st_ino == inode
    (made.folder / "model.weights").write_bytes(b"cut off")
    again = compiling.cached(tmp_path, source)
    assert sha256(again.read("model.weights")).hexdigest() == (
        made.manifest.files["model.weights"].sha256
    )


@pytest.mark.parametrize("name", ["model.weights", "manifest.json"])
def test_what_was_compiled_and_lacks_a_file_is_made_again(
    name: str, source: Artifact, made: Artifact, tmp_path: Path
) -> None:
    (compiling.cached(tmp_path, source).folder / name).unlink()
    assert compiling.cached(tmp_path, source).digest == made.digest


def test_a_changed_weight_is_refused_before_onnxruntime_maps_it(
    source: Artifact, tmp_path: Path
) -> None:
    made = compiling.compiled(source, tmp_path / "made")
    weights = made.folder / "model.weights"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(ArtifactError, match=r"model\.weights has SHA-256"):
        Service.load(made.folder, digest=made.digest)


def test_another_onnxruntime_is_refused(made: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.session.ort.get_version_string", lambda: "1.0.0")
    with pytest.raises(ArtifactError, match=r"this is onnxruntime 1\.0\.0: run `flotilla build`"):
        Service.load(made.folder)


def test_a_graph_that_cannot_be_loaded_leaves_nothing(tmp_path: Path) -> None:
    broken = artifacts.load(tiny.write(tmp_path / "broken", "tensors", b"no graph", [], []))
    with pytest.raises(ArtifactError, match="cannot be compiled"):
        compiling.compiled(broken, tmp_path / "made" / "here")
    assert list((tmp_path / "made").iterdir()) == []
