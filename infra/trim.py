"""What of the pinned distributions goes into the runtime layer, by `layers/runtime/trim.toml`."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

_PIN = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)(?:\s*;\s*(.+?))?\s*\\?$", re.MULTILINE
)


class PackageError(Exception):
    """A package cannot be built; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Files that are left out: those that match `files`, except those that match `but`."""

    why: str
    files: tuple[str, ...]
    but: tuple[str, ...] = ()

    def matches(self, path: str) -> bool:
        """Whether a path below `python/` is left out by this rule."""
        return _any_matches(self.files, path) and not _any_matches(self.but, path)


@dataclass(frozen=True, slots=True)
class Rules:
    """The distributions of the layer, and the files of them that stay out."""

    keep: frozenset[str]
    drops: tuple[Drop, ...]

    def keeps(self, path: str) -> bool:
        """Whether a file of a kept distribution goes into the layer."""
        return not any(drop.matches(path) for drop in self.drops)


def read(path: Path, pins: dict[str, str]) -> Rules:
    """The rules in `path`, which must name every pinned distribution.  Raises PackageError."""
    facts = tomllib.loads(path.read_text())
    keep, leave_out = facts["keep"].keys(), facts["leave_out"].keys()
    if unknown := sorted(pins.keys() - keep - leave_out):
        raise PackageError(f"{path}: {unknown} are pinned, expected in [keep] or in [leave_out]")
    if gone := sorted((keep | leave_out) - pins.keys()):
        raise PackageError(f"{path}: {gone} are not pinned any more, expected in neither list")
    drops = (
        Drop(drop["why"], tuple(drop["files"]), tuple(drop.get("but", ())))
        for drop in facts["drop"]
    )
    return Rules(frozenset(keep), tuple(drops))


def pins(requirements: Path) -> dict[str, str]:
    """Distribution to version, of the pins that Linux uses."""
    found = _PIN.findall(requirements.read_text())
    return {name: version for name, version, marker in found if "win32" not in marker}


def files(distributions: Iterable[Distribution], rules: Rules) -> Iterator[tuple[str, Path]]:
    """Each file of the layer: its path below `python/`, and where it lies now."""
    for distribution in distributions:
        for file in distribution.files or ():
            if _is_importable(file) and rules.keeps(file.as_posix()):
                yield file.as_posix(), Path(str(file.locate()))


def _is_importable(file: PurePosixPath) -> bool:
    """Not a script outside the packages, and not compiled for the Python that is here."""
    return ".." not in file.parts and "__pycache__" not in file.parts and file.parts[0] != "bin"


def _any_matches(patterns: tuple[str, ...], path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
