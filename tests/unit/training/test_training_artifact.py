"""Writing artifacts: what serving accepts, the same bytes each time, and never half of it."""

from pathlib import Path

import pytest

from serving import artifact as artifacts
from serving.errors import ArtifactError
from serving.manifest import TensorSpec
from tests.unit.training import lessons
from training import artifact
from training.release import examples


def write(folder: Path, graph: bytes | None = None, model: str = "double") -> artifacts.Artifact:
    contents, lesson = lessons.contents_and_lesson()
    return artifact.write(folder, model, graph or lessons.graph(), contents, lesson)


def test_written_artifact_is_the_one_that_serving_loads(tmp_path: Path) -> None:
    written = write(tmp_path)
    loaded = artifacts.load(tmp_path / "artifact", written.digest)
    assert loaded.graph() == lessons.graph()
    assert sorted(loaded.manifest.files) == ["baseline.json", "examples.json", "model.onnx"]
    assert [path.name for path in tmp_path.iterdir()] == ["artifact"]


def test_manifest_says_how_the_model_was_made(tmp_path: Path) -> None:
    manifest = write(tmp_path).manifest
    assert manifest.inputs == (TensorSpec("features", "FP32", (-1, 1)),)
    assert manifest.outputs == (TensorSpec("value", "FP32", (-1, 1)),)
    assert manifest.task == "tabular_regression"
    assert manifest.details["target"] == {
        "name": "y",
        "unit": "m",
        "description": "twice the length",
    }
    assert manifest.metrics["mae"] == 0.5
    training = manifest.training
    assert training["framework"] == "head 1.0"
    assert training["split"] == {"seed": 0, "train_rows": 40, "held_out_rows": 10}
    assert training["intervals_95"]["mae"] == [0.5, 0.5]
    assert training["other_splits"]["splits"] == 9
    assert training["parity"]["rows"] == 10


def test_examples_are_answered_by_the_framework(tmp_path: Path) -> None:
    asked = examples.parse(write(tmp_path).read("examples.json"), "double")
    row = float(asked[3].body)
    assert asked[3].answer == {"predictions": [{"value": 2 * row, "unit": "m"}]}


def test_same_model_gives_the_same_digest(tmp_path: Path) -> None:
    assert write(tmp_path / "first").digest == write(tmp_path / "second").digest


def test_new_artifact_takes_the_place_of_the_old(tmp_path: Path) -> None:
    write(tmp_path, model="old")
    (tmp_path / "artifact" / "stray.txt").write_text("not of the artifact")
    assert write(tmp_path).manifest.model == "double"
    assert artifacts.load(tmp_path / "artifact").manifest.model == "double"
    assert [path.name for path in tmp_path.iterdir()] == ["artifact"]


def test_interrupted_writing_is_cleared_away(tmp_path: Path) -> None:
    for leftover in (".artifact.new", ".artifact.old"):
        (tmp_path / leftover).mkdir()
        (tmp_path / leftover / "half").write_text("a half")
    write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["artifact"]


def test_refused_artifact_leaves_the_old_one_standing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write(tmp_path)
    monkeypatch.setattr(artifact.manifests, "GRAPH", "../model.onnx")
    with pytest.raises(ArtifactError, match=r"\.\./model\.onnx"):
        write(tmp_path)
    monkeypatch.undo()
    assert artifacts.load(tmp_path / "artifact").digest == old.digest
