"""Make one package: a folder in `build/`, and for Lambda a zip beside it; or keep the one there is.

A package is known by its inputs: while their digest is the one in its stamp, it is not made again.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from infra import archive, elf

Contents = dict[str, bytes | Path]
_OWN = tuple(Path(__file__).with_name(name) for name in ("archive.py", "elf.py", "packing.py"))


@dataclass(frozen=True, slots=True)
class Platform:
    """Where packages run, and the Python that compiles for it: its path and its full version.

    Without `python`, nothing is compiled.  `layers_at` and `functions_at` are where functions see
    the packages; None is where they are built.
    """

    name: str
    python: str | None
    version: str
    zipped: bool
    layers_at: str | None = None
    functions_at: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A package to be made: `inputs` decide what is in it, `contents` gathers that.

    Without `sources` only the compiled modules are in it, unless nothing is compiled.
    """

    inputs: str
    contents: Callable[[], Contents]
    sources: bool = True


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was made; `digest` is the SHA-256 of its zip."""

    name: str
    inputs: str
    size_bytes: int
    zip_bytes: int = 0
    digest: str = ""


def make(folder: Path, plan: Plan, platform: Platform, seen_as: str) -> Package:
    """The package of `plan` in `folder`, made anew only when its inputs have changed."""
    inputs = _digest(plan, platform)
    stamp, zipped = _beside(folder, "json"), _beside(folder, "zip")
    held = _read(stamp)
    if held and held.inputs == inputs and folder.is_dir() and zipped.is_file() == platform.zipped:
        return held
    stamp.unlink(missing_ok=True)
    new = _beside(folder, "new")
    shutil.rmtree(new, ignore_errors=True)
    _fill(new, plan.contents())
    if platform.python:
        archive.compile_ahead(new, platform.python, seen_as, plan.sources)
    size = sum(path.stat().st_size for path in new.rglob("*") if path.is_file())
    package = Package(folder.name, inputs, size)
    if platform.zipped:
        archive.write(new, zipped)
        digest = sha256(zipped.read_bytes()).hexdigest()
        package = Package(folder.name, inputs, size, zipped.stat().st_size, digest)
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)
    stamp.write_text(json.dumps(asdict(package), indent=2) + "\n")
    return package


def plan(contents: Contents) -> Plan:
    """A plan whose inputs are the contents themselves."""
    digest = sha256()
    for name, content in sorted(contents.items()):
        raw = content if isinstance(content, bytes) else content.read_bytes()
        digest.update(f"{name} {len(raw)}\n".encode() + raw)
    return Plan(digest.hexdigest(), lambda: contents)


def remove_others(folder: Path, names: set[str]) -> None:
    """Remove the packages below `folder` that have no source any more."""
    for path in folder.iterdir():
        if path.name.partition(".")[0] not in names:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _digest(plan: Plan, platform: Platform) -> str:
    parts = [plan.inputs, platform.name, platform.version]
    own = [source.read_text() for source in _OWN]
    return sha256("\n".join(parts + own).encode()).hexdigest()


def _fill(folder: Path, contents: Contents) -> None:
    for name, content in contents.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        raw = content if isinstance(content, bytes) else content.read_bytes()
        target.write_bytes(elf.strip(raw))


def _beside(folder: Path, suffix: str) -> Path:
    return folder.with_name(f"{folder.name}.{suffix}")


def _read(stamp: Path) -> Package | None:
    try:
        return Package(**json.loads(stamp.read_text()))
    except (OSError, TypeError, ValueError):
        return None
