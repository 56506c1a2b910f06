"""Artifacts: refused unless every byte is the one that was published."""

import json
from collections.abc import Callable
from math import inf, nan
from pathlib import Path

import pytest

from serving import artifact, manifest
from serving.errors import ArtifactError
from serving.service import Service
from serving.types import Json, JsonObject
from tests import artifacts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return artifacts.classifier(tmp_path / "artifact")


def flip_a_byte(folder: Path) -> None:
    path = folder / "model.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(folder: Path) -> None:
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1])


def link_elsewhere(folder: Path) -> None:
    moved = folder.parent / "elsewhere.onnx"
    (folder / "model.onnx").rename(moved)
    (folder / "model.onnx").symlink_to(moved)


def add_a_space(folder: Path) -> None:
    path = folder / manifest.NAME
    path.write_bytes(path.read_bytes() + b" ")


TAMPERINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a flipped byte": (flip_a_byte, "has SHA-256"),
    "a truncated file": (truncate, "has SHA-256"),
    "an extra file": (lambda f: (f / "extra.bin").write_bytes(b"x"), "extra files ['extra.bin']"),
    "an extra folder": (lambda f: (f / "sub").mkdir(), "extra files ['sub']"),
    "a missing file": (lambda f: (f / "examples.json").unlink(), "lacks ['examples.json']"),
    "a missing manifest": (lambda f: (f / "manifest.json").unlink(), "has no manifest.json"),
    "a changed manifest": (add_a_space, "has digest"),
    "a link": (link_elsewhere, "not a regular file"),
}


@pytest.mark.parametrize(("tamper", "part"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_is_refused_before_onnxruntime_sees_it(
    folder: Path, tamper: Callable[[Path], object], part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = artifact.load(folder).digest
    tamper(folder)
    monkeypatch.setattr("serving.service.Session", lambda *_: pytest.fail("a session was made"))
    with pytest.raises(ArtifactError) as refusal:
        Service.load(folder, digest=digest)
    assert part in str(refusal.value)


def test_an_untouched_artifact_is_read_whole(folder: Path) -> None:
    loaded = artifact.load(folder)
    assert artifact.load(folder, loaded.digest) == loaded
    assert loaded.graph() == (folder / "model.onnx").read_bytes()
    assert json.loads(loaded.read("examples.json")) == {"examples": []}
    with pytest.raises(ArtifactError, match="promises no file 'other'"):
        loaded.read("other")


def test_rendering_a_parsed_manifest_gives_the_same_bytes(folder: Path) -> None:
    raw = (folder / manifest.NAME).read_bytes()
    assert manifest.render(manifest.parse(raw)) == raw


def set_to(value: Json, *path: str | int) -> Callable[[JsonObject], None]:
    """An edit of the manifest's document."""

    def edit(document: JsonObject) -> None:
        target: Json = document
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return edit


ENTRY = {"sha256": "0" * 64, "size_bytes": 1}
VARIANT = {"file": "model.onnx", "metrics": {}, "latency_ms": 0.5}
MALFORMED: dict[str, tuple[Callable[[JsonObject], None], str]] = {
    "another schema": (set_to(2, "schema"), "schema 2, expected 1"),
    "no model": (lambda d: d.pop("model"), "'model' is missing, expected a str"),
    "a task that is a number": (set_to(1, "task"), "'task' is a int, expected a str"),
    "inputs that are an object": (set_to({}, "inputs"), "'inputs' is a dict, expected a list"),
    "an input that is a name": (set_to(["x"], "inputs"), "'x' has no 'datatype', expected an obj"),
    "a file that is a name": (set_to({"a": "x"}, "files"), "'x' has no 'sha256', expected an obj"),
    "a variant that is a name": (set_to({"a": "x"}, "variants"), "'x' has no 'file', expected"),
    "no such datatype": (set_to("FP8", "inputs", 0, "datatype"), "datatype 'FP8'"),
    "a shape of words": (set_to(["n", 3], "inputs", 0, "shape"), "expected whole numbers"),
    "a shape below -1": (set_to([-2], "inputs", 0, "shape"), "expected whole numbers"),
    "a file elsewhere": (set_to({"../model.onnx": ENTRY}, "files"), "expected a plain name"),
    "a file named as the manifest": (set_to(ENTRY, "files", "manifest.json"), "plain name"),
    "no graph": (set_to({}, "files"), "has no model.onnx"),
    "variants that are a list": (set_to([], "variants"), "'variants' is a list, expected a dict"),
    "variants without the default": (set_to({}, "variants"), "'variants' are [], expected 'fp32'"),
    "a variant without a file": (
        set_to({"int8": VARIANT | {"file": "x"}}, "variants"),
        "variant 'int8' is in 'x', no such file",
    ),
    "a second variant of the same file": (
        set_to({"fp32": VARIANT, "int8": VARIANT}, "variants"),
        "variant 'int8' is in 'model.onnx', expected 'fp32' and no other",
    ),
}


@pytest.mark.parametrize(("edit", "part"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_manifest_names_the_key(
    folder: Path, edit: Callable[[JsonObject], None], part: str
) -> None:
    document = json.loads((folder / manifest.NAME).read_bytes())
    edit(document)
    with pytest.raises(ArtifactError) as refusal:
        manifest.parse(json.dumps(document).encode())
    assert part in str(refusal.value)


@pytest.mark.parametrize(("raw", "part"), [(b"{", "not JSON"), (b"[]", "expected an object")])
def test_a_manifest_that_is_no_object_is_refused(raw: bytes, part: str) -> None:
    with pytest.raises(ArtifactError, match=part):
        manifest.parse(raw)


def edited(folder: Path, edit: Callable[[JsonObject], None]) -> Path:
    """The artifact with an edit of its manifest, which then has a digest of its own."""
    path = folder / manifest.NAME
    document = json.loads(path.read_bytes())
    edit(document)
    path.write_text(json.dumps(document))
    return folder


UNFIT: dict[str, tuple[Callable[[JsonObject], None], str]] = {
    "no such task": (set_to("astrology", "task"), "task is 'astrology', expected one of"),
    "a task of other inputs": (set_to("image_classification", "task"), "expected ['UINT8']"),
    "a task of other outputs": (set_to("tabular_regression", "task"), "expected ['value']"),
    "another input name": (set_to("x", "inputs", 0, "name"), "the graph has inputs"),
    "another output shape": (set_to([-1, 9], "outputs", 0, "shape"), "the graph has outputs"),
    "no labels": (set_to([], "details", "labels"), "details.labels is []"),
    "no features": (lambda d: d["details"].pop("features"), "details.features lacks"),
    "an unknown limit": (set_to({"colour": 1}, "limits"), "limit 'colour' is unknown"),
    "a limit of nothing": (set_to({"batch": 0}, "limits"), "limit 'batch' is 0"),
    "a limit that is a bool": (set_to({"batch": True}, "limits"), "limit 'batch' is True"),
    "half an instance": (set_to({"batch": 2.5}, "limits"), "expected a positive whole number"),
    "no time at all": (set_to({"deadline_s": nan}, "limits"), "expected a positive number"),
    "endless time": (set_to({"deadline_s": inf}, "limits"), "expected a positive number"),
}


@pytest.mark.parametrize(("edit", "part"), UNFIT.values(), ids=UNFIT)
def test_a_manifest_that_does_not_fit_its_graph_or_task_is_refused(
    folder: Path, edit: Callable[[JsonObject], None], part: str
) -> None:
    with pytest.raises(ArtifactError) as refusal:
        Service.load(edited(folder, edit))
    assert part in str(refusal.value)


def test_an_image_task_needs_its_channels(tmp_path: Path) -> None:
    folder = artifacts.brightness(tmp_path / "artifact")
    with pytest.raises(ArtifactError, match="channels is None, expected 1 or 3"):
        Service.load(edited(folder, set_to({"labels": ["a", "b"]}, "details")))


def test_a_graph_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = artifacts.write(tmp_path / "artifact", "tensors", b"no graph", [], [])
    with pytest.raises(ArtifactError, match="onnxruntime cannot load the graph"):
        Service.load(folder)
