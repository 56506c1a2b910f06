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
BUDGET_BYTES = 100_000_000
ZIPPED_BUDGET_BYTES = 36_000_000
# What is at the top of the layers, each with the most MB it may have; anything else, and anything
# that grows, has to be argued for here.
CEILINGS_MB = {
    "PIL": 2.2,
    "aws_lambda_powertools": 1.7,
    "aws_xray_sdk": 0.4,
    "jmespath": 0.2,
    "numpy": 17.5,
    "numpy.libs": 28.5,
    "onnxruntime": 38.0,
    "orjson": 0.4,
    "pillow.libs": 3.5,
    "serving": 1.5,
    "tokenizers": 9.0,
    "typing_extensions.pyc": 0.2,
    "wrapt": 0.4,
}

USE_EVERYTHING = """
import io
import aws_lambda_powertools, aws_lambda_powertools.event_handler
import aws_lambda_powertools.utilities.batch
import aws_lambda_powertools.utilities.data_classes.sqs_event
import numpy as np
from PIL import Image
from tokenizers import Tokenizer, models
for kind in ("PNG", "JPEG"):
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, kind)
    assert Image.open(file, formats=[kind]).resize((4, 4)).size == (4, 4)
assert Tokenizer(models.WordLevel({"a": 0}, unk_token="a")).encode("a").ids == [0]
assert (np.ones((64, 64)) @ np.ones((64, 64))).sum() == 64**3
assert np.linalg.solve([[2.0]], [4.0]) == 2 and np.fft.rfft([1.0]) == 1
assert 0 <= np.random.default_rng(1).random() < 1 and np.median([1, 2, 6]) == 2
aws_lambda_powertools.Logger(service="s").info("done")
"""


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


def test_layers_hold_what_is_listed_and_nothing_larger(built: Built) -> None:
    found: dict[str, float] = {}
    for layer in ("runtime", "serving"):
        with ZipFile(built.folder / "layers" / f"{layer}.zip") as opened:
            for entry in opened.infolist():
                name = entry.filename.split("/")[1]
                found[name] = found.get(name, 0) + entry.file_size / 1e6
    kept = {name: size for name, size in found.items() if not name.endswith(".dist-info")}
    assert kept.keys() == CEILINGS_MB.keys()
    assert {name: size for name, size in kept.items() if size > CEILINGS_MB[name]} == {}


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
        assert opened.read("python/numpy/__init__.pyc")[:4] == magic
        assert [name for name in opened.namelist() if name.endswith(".py")] == []
    with ZipFile(built.folder / "layers" / "serving.zip") as opened:
        found = set(opened.namelist())
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
    for code in (ASK, USE_EVERYTHING):
        run = subprocess.run(
            [python, "-S", "-c", code, str(tmp_path / "functions")],
            env={"PYTHONPATH": str(tmp_path / "layers" / "python"), "ORT_DISABLE_TELEMETRY": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        if code is ASK:
            assert json.loads(run.stdout.splitlines()[0])[0]["label"] == "high"


def _lambdas_python() -> tuple[str, str]:
    found = interpreters.find(layers.LAMBDA_PYTHON)
    if found is None:
        pytest.skip(f"there is no Python {layers.LAMBDA_PYTHON} on this machine")
    return found
