"""The command line: what it prints, and that what goes wrong is one line."""

import json
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra import package
from infra.cli import app
from infra.packing import Package, Platform
from tests.unit.infra.test_contents import add_model


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--root", str(root), *arguments])


def fails(root: Path, *arguments: str) -> str:
    """What a command says that fails as it may: one line, exit code 1."""
    result = run(root, *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one model."""
    add_model(tmp_path)
    (tmp_path / "infra").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("check", "nix"), "expected one of the models ['sorter']"),
        (("publish", "sorter"), "start the local cloud with `flotilla up`"),
        (("train", "nix"), "train.py is missing"),
        (("call", "sorter", "1,2"), "start the local one with `flotilla up`"),
        (("new", "fraud", "--from", "nowhere.onnx"), "nowhere.onnx"),
        (("new", "Fraud!", "--task", "tabular_classification"), "snake_case"),
    ],
)
def test_what_goes_wrong_is_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], part: str
) -> None:
    monkeypatch.delenv("FLOTILLA_URL", raising=False)
    assert part in fails(root, *arguments)


def test_a_malformed_folder_stops_a_build_with_one_line(root: Path) -> None:
    (root / "functions" / "sorter" / "model.toml").write_text("task = 1\n")
    assert "model.toml: 'description' is missing" in fails(root, "build", "--local")


@pytest.mark.parametrize("command", ["build", "render", "up"])
def test_a_root_that_is_no_repository_is_one_line(tmp_path: Path, command: str) -> None:
    assert "functions is missing" in fails(tmp_path, command)


def test_a_root_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere", "up")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_bugs_show_their_traceback(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "build", lambda *_: 1 / 0)
    assert isinstance(run(root, "build").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ((), "error: No space left on device"),
        (("build/logs",), "error: No space left on device: build/logs"),
    ],
)
def test_a_disk_that_refuses_is_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, where: tuple[str, ...], told: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(ENOSPC, "No space left on device", *where)

    monkeypatch.setattr(package, "build", refuse)
    assert fails(root, "build") == told


def test_new_asks_for_a_graph_or_a_task(root: Path) -> None:
    result = run(root, "new", "fraud")
    assert result.exit_code == 2
    assert "--from model.onnx" in result.stderr


def test_build_lists_packages_and_what_is_missing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = package.Built(
        platform=Platform("lambda", None, "", zipped=True),
        folder=root / "build" / "lambda",
        layers=(Package("runtime", "i", 112_000_000, 36_000_000, "ab" * 32),),
        functions=(Package("sorter", "i", 10_000, 4_000, "cd" * 32),),
        missing={"fraud": "training/fraud/artifact is missing: run `flotilla train fraud`"},
    )
    monkeypatch.setattr(package, "build", lambda *_: built)
    result = run(root, "build")
    assert result.exit_code == 0
    assert "112.00 MB" in result.stdout
    assert "abababab" in result.stdout
    assert "not built: fraud: training/fraud/artifact is missing" in result.stderr
    assert "no Python 3.13 is here to compile with" in result.stderr
    document = json.loads(run(root, "build", "--json").stdout)
    assert document["layers"][0]["zip_bytes"] == 36_000_000
    assert document["missing"].keys() == {"fraud"}


def test_render_writes_the_template(root: Path) -> None:
    result = run(root, "render")
    assert result.exit_code == 0
    assert "SorterFunction" in (root / "infra" / "template.yaml").read_text()


def test_check_reports_every_finding_and_fails_by_its_exit_code(root: Path) -> None:
    result = run(root, "check", "sorter")
    assert result.exit_code == 1
    assert result.stdout.startswith("failed artifact")
    report = json.loads(run(root, "check", "sorter", "--json").stdout)
    assert not report["findings"][0]["passed"]


@pytest.mark.parametrize("memory_mb", ["1", "99999"])
def test_memory_that_no_function_has_is_refused(root: Path, memory_mb: str) -> None:
    task = ("--task", "tabular_classification")
    assert run(root, "new", "clouds", *task, "--memory-mb", memory_mb).exit_code == 2
    assert not (root / "functions" / "clouds").exists()


def test_where_only_the_client_is_installed_a_line_says_so() -> None:
    code = "import sys; sys.modules['typer'] = None; from infra import command; command.main()"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert seen.returncode == 1
    (line,) = seen.stderr.splitlines()
    assert line.startswith("error: typer is not installed: `flotilla` runs in a clone")


def test_help_needs_none_of_the_heavy_libraries() -> None:
    code = "import sys, infra.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    seen = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"boto3", "numpy", "onnx", "onnxruntime", "yaml", "moto", "aiohttp"} & set(seen)
