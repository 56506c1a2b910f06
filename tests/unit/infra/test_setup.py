"""The set-up, in a small repository whose wheels lie in a folder: nothing here needs a network."""

import ensurepip
import os
import shutil
import subprocess
import sys
import sysconfig
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

from infra import setup

SCRIPT = Path(setup.__file__)
# An editable install, as a build back end inside the repository makes it.
BACK_END = """
from zipfile import ZipFile
def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "fleet-1.0-py3-none-any.whl"
    with ZipFile(wheel_directory + "/" + name, "w") as wheel:
        wheel.writestr("fleet.pth", FOLDER)
        wheel.writestr("fleet-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: fleet\\nVersion: 1.0\\n")
        wheel.writestr("fleet-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("fleet-1.0.dist-info/RECORD", "")
    return name
"""  # noqa: E501 - a file of its own
PROJECT = """
[build-system]
requires = []
build-backend = "back_end"
backend-path = ["."]
[project]
name = "fleet"
version = "1.0"
"""


class Repository:
    """A repository that sets itself up from wheels of its own."""

    def __init__(self, root: Path, tool: str) -> None:
        self.root, self.tool, self.wheels = root, tool, root.parent / "wheels"
        self.wheels.mkdir()
        for room in ("infra", "tests", "training"):
            (root / room).mkdir(parents=True)
        shutil.copy(SCRIPT, root / "infra" / "setup.py")
        (root / "pyproject.toml").write_text(PROJECT)
        (root / "back_end.py").write_text(f"FOLDER = {str(root)!r}\n{BACK_END}")
        bundled = Path(ensurepip.__file__).with_name("_bundled")
        folder = sysconfig.get_config_var("WHEEL_PKG_DIR") or bundled  # Debian moves them
        (pip,) = Path(folder).glob("pip-*.whl")
        self._pip = self._pin(Path(shutil.copy(pip, self.wheels)))
        self.pin("local", self.wheel("alpha", "1.0"))
        self.pin("dev", self.wheel("alpha", "1.0"), self.wheel("beta", "1.0"))

    def wheel(self, name: str, version: str, more: str = "") -> str:
        """A wheel of one module; its line in a requirements file."""
        path = self.wheels / f"{name}-{version}-py3-none-any.whl"
        facts = f"{name}-{version}.dist-info"
        named = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        contents = {
            f"{name}.py": f"VERSION = {version!r}\n",
            f"{facts}/METADATA": named + more,
            f"{facts}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{facts}/RECORD": "",
        }
        with ZipFile(path, "w") as wheel:
            for file, content in contents.items():
                wheel.writestr(ZipInfo(file), content)  # dated 1980, so always the same wheel
        return self._pin(path)

    def pin(self, group: str, *lines: str) -> None:
        (self.root / setup.PINS[group]).write_text("".join((*lines, self._pip)))

    def start(self, group: str) -> "subprocess.Popen[str]":
        path = os.environ["PATH"] if self.tool == "uv" else os.defpath
        (self.wheels / "uv.toml").write_text(f"no-index = true\nfind-links = ['{self.wheels}']\n")
        environment = {
            "PATH": path,
            "HOME": os.environ["HOME"],
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "UV_CONFIG_FILE": str(self.wheels / "uv.toml"),
        }
        return subprocess.Popen(
            [sys.executable, "infra/setup.py", group],
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def set_up(self, group: str) -> str:
        """What a set-up that succeeds says."""
        run = self.start(group)
        said, complaints = run.communicate()
        assert run.returncode == 0, complaints
        return said

    def sees(self, code: str) -> bool:
        """Whether the environment's Python runs `code`."""
        python = self.root / ".venv" / "bin" / "python"
        return subprocess.run([python, "-c", code], capture_output=True).returncode == 0

    def _pin(self, wheel: Path) -> str:
        name, version = wheel.name.split("-")[:2]
        return f"{name}=={version} --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository", "uv" if shutil.which("uv") else "pip")


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_it_installs_once_and_anew_when_pins_change(tmp_path: Path, tool: str) -> None:
    if tool == "uv" and not shutil.which(tool):
        pytest.skip("uv is not on this machine's PATH")
    repository = Repository(tmp_path / "repository", tool)
    assert "'local': 2 packages" in repository.set_up("local")
    assert repository.sees("import alpha, back_end")
    assert not repository.sees("import beta")
    assert repository.set_up("local") == ""
    assert "'dev': 3 packages" in repository.set_up("dev")
    assert repository.sees("import alpha, beta, back_end")
    repository.pin("local", repository.wheel("alpha", "2.0.1"))
    assert repository.set_up("dev") == ""
    assert repository.set_up("local") == ""  # dev holds all of local
    repository.pin("dev", repository.wheel("alpha", "2.0.1"), repository.wheel("beta", "1.0"))
    assert "'local'" in repository.set_up("local")
    assert repository.sees("import alpha; assert alpha.VERSION == '2.0.1'")


def test_what_failed_or_was_moved_is_made_anew(repository: Repository) -> None:
    good = repository.wheel("alpha", "1.0")
    unhashed = good.partition(" ")[0] + "\n"
    for bad in (unhashed, f"{unhashed.strip()} --hash=sha256:{'0' * 64}\n"):
        repository.pin("local", bad)
        run = repository.start("local")
        _, complaints = run.communicate()
        assert run.returncode == 1
        assert "set-up of 'local' failed" in complaints.splitlines()[-1]
    (repository.root / ".venv" / "left-over").touch()
    repository.pin("local", good)
    repository.set_up("local")
    assert not (repository.root / ".venv" / "left-over").exists()
    repository.root = repository.root.rename(repository.root.with_name("moved"))
    assert "Setting up" in repository.set_up("local")
    (repository.root / ".venv" / "bin" / "python").unlink()
    assert "Setting up" in repository.set_up("local")
    assert repository.sees("import alpha")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch has no CUDA")
def test_a_torch_that_asks_for_cuda_gets_it(repository: Repository) -> None:
    (repository.root / setup.CUDA).write_text(repository.wheel("cuda_small", "1.0"))
    repository.pin("train", repository.wheel("torch", "1.0+cpu"))
    repository.set_up("train")
    assert not repository.sees("import cuda_small")
    asks = "Requires-Dist: cuda-small==1.0; platform_system == 'Linux'\n"
    repository.pin("train", repository.wheel("torch", "2.0", asks))
    assert "This torch asks for CUDA's libraries" in repository.set_up("train")
    assert repository.sees("import torch, cuda_small")


def test_two_at_once_set_up_once(repository: Repository) -> None:
    runs = [repository.start("local") for _ in range(2)]
    said = sorted(run.communicate()[0] for run in runs)
    assert [run.returncode for run in runs] == [0, 0]
    assert said[0] == ""
    assert "Setting up" in said[1]


def test_an_unsupported_python_says_what_it_expects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert setup.main(["local"], tmp_path, version=(3, 9)) == 1
    assert "python3 is 3.9, expected 3.11 to 3.13: install one of these" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["all"], ["local", "dev"]])
def test_unknown_groups_get_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup.main(arguments) == 2
    assert "{local|dev|train}" in capsys.readouterr().err
