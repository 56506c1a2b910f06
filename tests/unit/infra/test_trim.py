"""What goes into the runtime layer: every pin is decided on, every rule has its use."""

from importlib.metadata import distribution
from pathlib import Path

import pytest

from infra import trim
from infra.trim import Drop, PackageError

RUNTIME = Path(__file__).parents[3] / "layers" / "runtime"
FACTS = """
[keep]
numpy = "tensors"
[leave_out]
six = "old"
[[drop]]
why = "tests"
files = ["*/tests/*"]
but = ["*/tests/data.txt"]
"""


def read(tmp_path: Path, pins: dict[str, str]) -> trim.Rules:
    (tmp_path / "trim.toml").write_text(FACTS)
    return trim.read(tmp_path / "trim.toml", pins)


def test_a_new_pin_must_be_decided_on(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"\['onnx'\] are pinned, expected in \[keep\] or in"):
        read(tmp_path, {"numpy": "2", "six": "1", "onnx": "1"})


def test_a_pin_that_went_must_go_from_the_rules(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"\['six'\] are not pinned any more"):
        read(tmp_path, {"numpy": "2"})


def test_dropped_files_and_their_exceptions(tmp_path: Path) -> None:
    rules = read(tmp_path, {"numpy": "2", "six": "1"})
    assert rules.keep == {"numpy"}
    assert not rules.keeps("numpy/lib/tests/test_io.py")
    assert rules.keeps("numpy/lib/tests/data.txt")
    assert rules.keeps("numpy/lib/io.py")


def test_pins_are_read_with_their_markers(tmp_path: Path) -> None:
    pins = tmp_path / "requirements.txt"
    pins.write_text(
        "numpy==2.4.6 \\\n    --hash=sha256:00\npywin32==312 ; sys_platform == 'win32' \\\n"
        "    --hash=sha256:11\nhttp-core.2==1.0 ; sys_platform != 'emscripten' \\\n"
    )
    assert trim.pins(pins) == {"numpy": "2.4.6", "http-core.2": "1.0"}


def test_files_of_a_distribution_are_modules_only() -> None:
    rules = trim.Rules(frozenset({"numpy"}), (Drop("notes", ("*.dist-info/*",)),))
    found = dict(trim.files([distribution("numpy")], rules))
    assert found["numpy/__init__.py"].is_file()
    assert not [name for name in found if name.endswith(".pyc") or name.startswith("..")]
    assert not [name for name in found if ".dist-info/" in name]


def test_our_rules_decide_on_our_pins() -> None:
    rules = trim.read(RUNTIME / "trim.toml", trim.pins(RUNTIME / "requirements.txt"))
    assert {"numpy", "onnxruntime", "pillow"} <= rules.keep
    assert not rules.keep & {"boto3", "botocore", "sympy", "huggingface-hub", "protobuf"}
    assert all(drop.why for drop in rules.drops)
