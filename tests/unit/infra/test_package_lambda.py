"""The build for Lambda: what is in the layers, how large they are, and that they work there.

The wheels come from the package index; they and the layers are kept in this repository's `build/`.
"""

import json
import subprocess
from importlib.metadata import distributions
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra import interpreters, layers, package, trim
from infra.package import Built
from tests.unit.infra.test_contents import add_model
from tests.unit.infra.test_package import ASK

ROOT = Path(__file__).parents[3]
BUDGET_BYTES = 115_000_000
ZIPPED_BUDGET_BYTES = 37_000_000
# Whatever else turns up at the top of a layer has to be argued for here.
MODULES = {
    "PIL", "aws_lambda_powertools", "aws_xray_sdk", "jmespath", "numpy", "numpy.libs",
    "onnxruntime", "pillow.libs", "serving", "tokenizers", "typing_extensions.py", "wrapt",
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one model, our layers, and our wheels."""
    root = tmp_path_factory.mktemp("repository")
    (root / "layers").symlink_to(ROOT / "layers")
    wheels = ROOT / "build" / "lambda" / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    (root / "build" / "lambda").mkdir(parents=True)
    (root / "build" / "lambda" / "wheels").symlink_to(wheels)
    add_model(root)
    return root


@pytest.fixture(scope="module")
def built(root: Path) -> Built:
    """Its build for Lambda."""
    return package.build("lambda", root)


def names(built: Built, layer: str) -> list[str]:
    with ZipFile(built.folder / "layers" / f"{layer}.zip") as opened:
        return opened.namelist()


def test_layers_hold_what_is_listed_and_nothing_else(built: Built) -> None:
    found = {name.split("/")[1] for layer in ("runtime", "serving") for name in names(built, layer)}
    kept = {name for name in found if not name.endswith(".dist-info") and name != "__pycache__"}
    assert kept == MODULES


def test_layers_keep_their_budget(built: Built) -> None:
    assert sum(made.size_bytes for made in built.layers) <= BUDGET_BYTES
    assert sum(made.zip_bytes for made in built.layers) <= ZIPPED_BUDGET_BYTES


def test_every_rule_of_trim_still_drops_something(built: Built) -> None:
    runtime = ROOT / "layers" / "runtime"
    rules = trim.read(runtime / "trim.toml", trim.pins(runtime / "requirements.txt"))
    (wheels,) = (ROOT / "build" / "lambda" / "wheels").iterdir()
    files = [
        file.as_posix() for found in distributions(path=[str(wheels)]) for file in found.files or ()
    ]
    assert files
    for drop in rules.drops:
        assert any(drop.matches(file) for file in files), drop.why


def test_the_same_sources_give_the_same_bytes(built: Built, root: Path) -> None:
    digests = [made.digest for made in (*built.layers, *built.functions)]
    for stamp in built.folder.glob("*/*.json"):
        stamp.unlink()
    again = package.build("lambda", root)
    assert [made.digest for made in (*again.layers, *again.functions)] == digests


def test_every_module_is_compiled_for_lambdas_python(built: Built) -> None:
    python, _ = _lambdas_python()
    show = "import importlib.util, sys; sys.stdout.buffer.write(importlib.util.MAGIC_NUMBER)"
    magic = subprocess.run([python, "-c", show], capture_output=True, check=True).stdout
    with ZipFile(built.folder / "layers" / "runtime.zip") as opened:
        found = set(opened.namelist())
        assert opened.read("python/numpy/__pycache__/__init__.cpython-313.pyc")[:4] == magic
    for name in found:
        if name.endswith(".py"):
            folder, _, file = name.rpartition("/")
            assert f"{folder}/__pycache__/{file[:-3]}.cpython-313.pyc" in found


def test_layers_answer_on_lambdas_python_with_nothing_else_installed(
    built: Built, tmp_path: Path
) -> None:
    python, _ = _lambdas_python()
    for made in (*built.layers, *built.functions):
        kind = "layers" if made in built.layers else "functions"
        with ZipFile(built.folder / kind / f"{made.name}.zip") as opened:
            opened.extractall(tmp_path / kind)
    run = subprocess.run(
        [python, "-S", "-c", ASK, str(tmp_path / "functions")],
        env={"PYTHONPATH": str(tmp_path / "layers" / "python"), "ORT_DISABLE_TELEMETRY": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[0])[0]["label"] == "high"


def _lambdas_python() -> tuple[str, str]:
    found = interpreters.find(layers.LAMBDA_PYTHON)
    if found is None:
        pytest.skip(f"there is no Python {layers.LAMBDA_PYTHON} on this machine")
    return found
