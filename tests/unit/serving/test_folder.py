"""Model folders: loud about the file, the key, what it was and what was expected."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from serving import folder, hooks, lock
from serving.errors import ArtifactError, FolderError
from serving.lock import Tuning

GOOD = 'description = "Which way the wind blows."\ntask = "tensors"\n'


def model_folder(root: Path, facts: str = GOOD, name: str = "wind") -> Path:
    path = root / name
    path.mkdir(parents=True)
    (path / "model.toml").write_text(facts)
    return path


def test_facts_have_defaults(tmp_path: Path) -> None:
    facts = folder.read(model_folder(tmp_path, GOOD + "memory_mb = 1769\nsnapstart = true\n"))
    assert (facts.name, facts.task) == ("wind", "tensors")
    assert (facts.memory_mb, facts.snapstart, facts.architecture) == (1769, True, "x86_64")


@pytest.mark.parametrize(
    ("facts", "part"),
    [
        ("description = 1", "'task' is missing, expected a task's name"),
        ('task = "tensors"', "'description' is missing"),
        ("task = ", "not TOML"),
        (GOOD + "memory = 512", "'memory' is unknown, expected one of"),
        (GOOD + 'memory_mb = "512"', "'memory_mb' is '512', expected 128 to 10240"),
        (GOOD + "memory_mb = 127", "'memory_mb' is 127, expected 128 to 10240"),
        (GOOD + "memory_mb = true", "'memory_mb' is True"),
        (GOOD + "timeout_s = 901", "'timeout_s' is 901, expected 1 to 900"),
        (GOOD + "reserved_concurrency = 0", "'reserved_concurrency' is 0"),
        (GOOD + 'architecture = "riscv"', "expected x86_64 or arm64"),
        (GOOD + "snapstart = 1", "'snapstart' is 1, expected true or false"),
        (GOOD + 'deployment = "All at once"', "expected a CodeDeploy preference"),
        ('description = "Two\\nlines."\ntask = "tensors"', "expected one non-empty line"),
        ('description = "x"\ntask = "../etc"', "'task' is '../etc'"),
    ],
)
def test_wrong_facts_name_the_key(tmp_path: Path, facts: str, part: str) -> None:
    with pytest.raises(FolderError) as refusal:
        folder.read(model_folder(tmp_path, facts))
    assert part in str(refusal.value)
    assert "model.toml" in str(refusal.value)


def test_facts_are_utf_8_in_every_locale(tmp_path: Path) -> None:
    path = model_folder(tmp_path)
    (path / "model.toml").write_bytes('description = "Größe"\ntask = "tensors"\n'.encode())
    code = f"import pathlib; from serving import folder; folder.read(pathlib.Path({str(path)!r}))"
    locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | locale)


@pytest.mark.parametrize("name", ["Wind", "the-wind", "1wind", "wind_", "a" * 33])
def test_wrong_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FolderError, match="expected snake_case"):
        folder.read(model_folder(tmp_path, name=name))


def test_discovery_is_sorted_and_leaves_services_alone(tmp_path: Path) -> None:
    model_folder(tmp_path, name="b")
    model_folder(tmp_path, name="a")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "handler.py").touch()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "README.md").touch()
    assert [found.name for found in folder.discover(tmp_path)] == ["a", "b"]


def test_discovery_refuses_a_folder_that_is_nothing(tmp_path: Path) -> None:
    model_folder(tmp_path, name="a")
    (tmp_path / "stray").mkdir()
    with pytest.raises(FolderError, match="stray: neither"):
        folder.discover(tmp_path)


LOCK = lock.Lock(version=2, digest="0" * 64, size_bytes=10, metrics={"accuracy": 0.9})


def test_a_lock_is_read_as_it_was_rendered(tmp_path: Path) -> None:
    (tmp_path / "artifact.lock").write_text(lock.render(LOCK))
    assert lock.read(tmp_path) == LOCK
    assert "tuning" not in lock.render(LOCK)
    tuned = replace(LOCK, tuning=Tuning(mapped=True, threads=1), compiled="1" * 64)
    (tmp_path / "artifact.lock").write_text(lock.render(tuned))
    assert lock.read(tmp_path) == tuned


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (None, "is missing: run `flotilla publish"),
        ("{", "is malformed"),
        ("{}", "is malformed"),
        (lock.render(LOCK).replace("2", "0"), "version is 0, expected 1, 2, 3"),
        (lock.render(LOCK).replace("0" * 64, "0" * 63), "expected 64 hexadecimal digits"),
        (lock.render(replace(LOCK, compiled="x")), "digest is 'x', expected 64"),
        ('{"tuning": 1}', "is malformed"),
    ],
)
def test_a_wrong_lock_is_refused(tmp_path: Path, text: str | None, part: str) -> None:
    if text is not None:
        (tmp_path / "artifact.lock").write_text(text)
    with pytest.raises(ArtifactError) as refusal:
        lock.read(tmp_path)
    assert part in str(refusal.value)


def test_hooks_are_a_models_own_steps(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        "from serving.datatypes import NUMPY\n"
        "def postprocess(outputs):\n    return {'y': _twice(outputs['y'])}\n"
        "def _twice(y):\n    return 2 * y\n"
    )
    steps = hooks.load(tmp_path)
    assert steps.postprocess({"y": 2}) == {"y": 4}  # type: ignore[dict-item]
    assert steps.preprocess({}) == {}


def test_no_model_py_means_no_hooks(tmp_path: Path) -> None:
    assert hooks.load(tmp_path) == hooks.Hooks()


def test_a_misspelt_hook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("def post_process(outputs):\n    return outputs\n")
    with pytest.raises(FolderError, match="'post_process', expected preprocess or postprocess"):
        hooks.load(tmp_path)


def test_a_missing_model_names_those_that_are_there(tmp_path: Path) -> None:
    model_folder(tmp_path)
    with pytest.raises(FolderError, match=r"expected one of the models \['wind'\]"):
        folder.read(tmp_path / "rain")
