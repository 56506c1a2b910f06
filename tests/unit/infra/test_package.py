"""The local build: this machine's own layers serve a model, and a second build is nothing to do."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from errno import EXDEV
from pathlib import Path

import pytest

from infra import package
from infra.package import Built
from infra.setup import alone
from tests.unit.infra.test_contents import add_model

ROOT = Path(__file__).parents[3]
ASK = """
import json, sys
from pathlib import Path
from serving.service import Service
service = Service.load(Path(sys.argv[1]) / "artifact")
print(json.dumps(service.predict([[9, 9, 9]])))
print(sorted({module.partition(".")[0] for module in sys.modules}))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one model, and our layers."""
    root = tmp_path_factory.mktemp("repository")
    (root / "layers").symlink_to(ROOT / "layers")
    add_model(root)
    return root


@pytest.fixture(scope="module")
def built(root: Path) -> Built:
    """Its local build."""
    return package.build("local", root)


def test_every_package_is_there(built: Built) -> None:
    assert [made.name for made in built.layers] == ["runtime", "serving"]
    assert [made.name for made in built.functions] == ["sorter"]
    assert (built.folder / "layers" / "serving" / "python" / "serving" / "entry.py").is_file()
    assert (built.folder / "layers" / "runtime" / "python" / "numpy" / "__init__.pyc").is_file()
    assert built.missing == {}


def test_packages_answer_with_nothing_else_installed(built: Built) -> None:
    layers = [str(built.folder / "layers" / made.name / "python") for made in built.layers]
    run = subprocess.run(
        [sys.executable, "-S", "-c", ASK, str(built.folder / "functions" / "sorter")],
        env={"PYTHONPATH": os.pathsep.join(layers), "ORT_DISABLE_TELEMETRY": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answer, modules = run.stdout.splitlines()
    assert json.loads(answer)[0]["label"] == "high"
    assert "'pip'" not in modules


def test_a_second_build_makes_nothing_again(root: Path, built: Built) -> None:
    made = [path.stat().st_ino for path in sorted(built.folder.glob("*/*"))]
    assert package.build("local", root) == built
    assert [path.stat().st_ino for path in sorted(built.folder.glob("*/*"))] == made


def test_two_builds_at_once_do_not_compile_in_each_others_way(root: Path, built: Built) -> None:
    with ThreadPoolExecutor() as pool:
        with alone(root / "build" / "compiled"):
            second = pool.submit(package.build, "local", root)
            with pytest.raises(TimeoutError):
                second.result(timeout=1)
        assert second.result() == built


def test_a_model_that_went_takes_its_package_along(root: Path, built: Built) -> None:
    add_model(root, "short_lived")
    assert len(package.build("local", root).functions) == 2
    for room in ("functions", "training"):
        (root / room / "short_lived").rename(root / room / ".gone")
    assert package.build("local", root) == built
    assert not (built.folder / "functions" / "short_lived").exists()


def test_packages_of_ones_own_are_left_alone_by_later_builds(tmp_path: Path) -> None:
    (tmp_path / "layers").symlink_to(ROOT / "layers")
    add_model(tmp_path)
    own = tmp_path / "own"
    held = package.build("local", tmp_path, own).folder
    assert held == own
    facts = held / "functions" / "sorter" / "model.toml"
    before = facts.read_bytes()
    model = tmp_path / "functions" / "sorter" / "model.toml"
    model.write_text(model.read_text().replace("Sorts.", "Sorts better."))
    built = package.build("local", tmp_path)
    assert (built.folder / "functions" / "sorter" / "model.toml").read_bytes() != before
    assert facts.read_bytes() == before
    assert package.build("local", tmp_path, own).folder == held
    assert facts.read_bytes() == model.read_bytes()


def test_packages_are_copied_where_links_are_not_to_be_had(
    root: Path, built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    held = package.build("local", root, tmp_path / "own").folder
    facts = Path("functions") / "sorter" / "model.toml"
    assert (held / facts).read_bytes() == (built.folder / facts).read_bytes()
