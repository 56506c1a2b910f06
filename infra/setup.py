"""Set up `.venv`: the hashed pins of one purpose, and this project itself.

Runs before anything is installed: standard library only, and no syntax that an older Python could
not parse, so that it can still say what it needs.  A stamp in `.venv` makes repeats instant.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = {
    "local": "infra/requirements.txt",
    "dev": "tests/requirements.txt",
    "train": "training/requirements.txt",
}
CUDA = "training/requirements-cuda.txt"
_HOLDING = {"local": ("local", "dev", "train"), "dev": ("dev",), "train": ("train",)}
_OLDEST, _NEWEST = (3, 11), (3, 13)
_PIP_THAT_REACHES_OUT = (22, 3)  # the first that installs for another Python
_STAMP = "flotilla.json"


class SetupError(Exception):
    """The set-up cannot go on; the message says what to do."""


@dataclass(frozen=True)
class Stamp:
    """What an environment holds: where it was made, each group's digest, what was begun last."""

    root: str = ""
    groups: dict[str, str] = field(default_factory=dict)
    unfinished: str = ""


def main(
    arguments: list[str], root: Path = ROOT, version: tuple[int, ...] = sys.version_info[:2]
) -> int:
    """Set up the group that `arguments` name; the exit status."""
    if len(arguments) != 1 or arguments[0] not in PINS:
        print(f"usage: python3 infra/setup.py {{{'|'.join(PINS)}}}", file=sys.stderr)
        return 2
    try:
        if not _OLDEST <= version <= _NEWEST:
            return _run_elsewhere(arguments[0], version)
        with alone(root):
            set_up(arguments[0], root)
    except SetupError as error:
        print(f"set-up of '{arguments[0]}' failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def set_up(group: str, root: Path) -> None:
    """Make `.venv` hold `group`; does nothing when it already does.  Raises SetupError."""
    environment = root / ".venv"
    stamp = _read_stamp(environment)
    usable = _is_usable(stamp, root)
    if usable and _holds(stamp, group, root):
        return
    started = time.monotonic()
    pins = root / PINS[group]
    tool = "uv" if shutil.which("uv") else "pip"
    count = sum(line[:1].isalnum() for line in pins.read_text().splitlines())
    said = f"Setting up .venv for '{group}': {count} packages by {tool}, downloaded the first time"
    print(said, flush=True)
    if not usable:
        stamp = Stamp(str(root))
        venv.create(environment, clear=True, symlinks=True)
    _write_stamp(environment, replace(stamp, unfinished=group))
    _install(tool, environment / "bin" / "python", pins, root)
    groups = {**stamp.groups, group: digest(group, root)}
    _write_stamp(environment, replace(stamp, groups=groups))
    print(f"Set up in {time.monotonic() - started:.0f} s.")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder, so that of two processes that work in it one waits for the other."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def digest(group: str, root: Path) -> str:
    """SHA-256 of what decides the contents of the environment: the pins and the project's facts."""
    import tomllib  # not at the top: an older Python must come as far as the version check

    facts = tomllib.loads((root / "pyproject.toml").read_text())
    project = {key: facts.get(key) for key in ("build-system", "project")}
    project["hatch"] = facts.get("tool", {}).get("hatch")
    text = (root / PINS[group]).read_text() + json.dumps(project, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _holds(stamp: Stamp, group: str, root: Path) -> bool:
    held = stamp.groups.keys() & _HOLDING[group]
    return any(stamp.groups[name] == digest(name, root) for name in held)


def _is_usable(stamp: Stamp, root: Path) -> bool:
    """Whether the environment was finished, was made here, and still has its Python."""
    made_here = stamp.root == str(root) and not stamp.unfinished
    return made_here and (root / ".venv" / "bin" / "python").exists()


def _install(tool: str, python: Path, pins: Path, root: Path) -> None:
    if tool == "uv":
        install = ["uv", "pip", "install", "--quiet", "--python", str(python), "--no-deps"]
    else:
        _bootstrap_pip(python, pins)
        # Compiling is left to the first import: it would triple the time, mostly for nothing.
        install = [*_pip(python), "install", "--quiet", "--no-compile", "--no-deps"]
    _run([*install, "--require-hashes", "-r", str(pins)])
    if _asks_for_cuda(python.parent.parent):
        print("This torch asks for CUDA's libraries: gigabytes more", flush=True)
        _run([*install, "--require-hashes", "-r", str(root / CUDA)])
    _run([*install, "--no-build-isolation", "-e", str(root)])


def _asks_for_cuda(environment: Path) -> bool:
    """Whether its torch is PyPI's for Linux, which cannot be imported without CUDA's libraries."""
    found = environment.glob("lib/python*/site-packages/torch-*.dist-info/METADATA")
    needs = re.compile(r"^Requires-Dist: (nvidia|cuda)-", re.MULTILINE)
    return sys.platform == "linux" and any(needs.search(path.read_text()) for path in found)


def _bootstrap_pip(python: Path, pins: Path) -> None:
    """Bring the pinned pip: the one of Python 3.11 takes twice as long for the rest."""
    if _own_pip() >= _PIP_THAT_REACHES_OUT:
        pip = [*_pip(sys.executable), "--python", str(python)]
    elif importlib.util.find_spec("ensurepip"):
        _run([str(python), "-m", "ensurepip"])
        pip = _pip(python)
    else:
        raise SetupError(
            "this Python comes without pip: install uv (https://docs.astral.sh/uv), or on Debian "
            "and Ubuntu `apt install python3-venv`, and run the same command again"
        )
    pin = re.search(r"^pip==.*?(?=^\S|\Z)", pins.read_text(), re.DOTALL | re.MULTILINE)
    if pin is None:
        raise SetupError(f"{pins} has no line 'pip==...', expected one: run `make lock`")
    own = python.parent.parent / "pip.txt"
    own.write_text(pin.group())
    _run([*pip, "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(own)])


def _own_pip() -> tuple[int, ...]:
    """The version of this Python's own pip; no version is the least of all."""
    try:
        return tuple(int(part) for part in importlib.metadata.version("pip").split(".")[:2])
    except importlib.metadata.PackageNotFoundError:
        return ()


def _pip(python: Path | str) -> list[str]:
    return [str(python), "-m", "pip", "--disable-pip-version-check"]


def _run(command: list[str]) -> None:
    status = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    if status:
        raise SetupError(f"`{' '.join(command)}` exited {status}, see above; then try again")


def _run_elsewhere(group: str, version: tuple[int, ...]) -> int:
    """Run this file with a Python that is supported.  Raises SetupError when there is none."""
    for minor in range(_NEWEST[1], _OLDEST[1] - 1, -1):
        python = f"python3.{minor}"
        works = shutil.which(python) and subprocess.run([python, "-c", ""], capture_output=True)
        if works and works.returncode == 0:
            return subprocess.run([python, __file__, group]).returncode
    if shutil.which("uv"):
        uv = ["uv", "run", "--no-project", "--python", "{}.{}".format(*_NEWEST)]
        return subprocess.run([*uv, "python", __file__, group]).returncode
    raise SetupError(
        "python3 is {}.{}, expected {}.{} to {}.{}: install one of these, or uv, which brings it; "
        "or name one with `make PYTHON=...`".format(*version, *_OLDEST, *_NEWEST)
    )


def _read_stamp(environment: Path) -> Stamp:
    try:
        return Stamp(**json.loads((environment / _STAMP).read_text()))
    except (OSError, TypeError, ValueError):
        return Stamp()


def _write_stamp(environment: Path, stamp: Stamp) -> None:
    (environment / _STAMP).write_text(json.dumps(asdict(stamp), indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
