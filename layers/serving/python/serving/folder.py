"""Model folders: what `functions/<model>/model.toml` states.

Discovery is loud: one malformed folder fails everything, naming the file, the key, what it was and
what was expected.  The request path never reads this; it is for those who build and deploy.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from serving.errors import FolderError

NAME = "model.toml"
_MODEL_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_NAME = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A model folder and its facts; names and figures as AWS Lambda takes them."""

    path: Path
    description: str
    task: str
    memory_mb: int = 512
    timeout_s: int = 28
    reserved_concurrency: int = 10
    architecture: str = "x86_64"
    snapstart: bool = False
    tracing: bool = False
    deployment: str = "Canary10Percent5Minutes"

    @property
    def name(self) -> str:
        """The model's one name, taken from its folder."""
        return self.path.name


# key -> what its value must be, in words and as a check.
_EXPECTED: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "description": ("one non-empty line", lambda v: bool(v.strip()) and "\n" not in v),
    "task": ("a task's name", lambda v: bool(_MODEL_NAME.fullmatch(v))),
    "memory_mb": ("128 to 10240", lambda v: 128 <= v <= 10240),
    "timeout_s": ("1 to 900", lambda v: 1 <= v <= 900),
    "reserved_concurrency": ("1 to 1000", lambda v: 1 <= v <= 1000),
    "architecture": ("x86_64 or arm64", lambda v: v in ("x86_64", "arm64")),
    "snapstart": ("true or false", lambda v: v in (True, False)),
    "tracing": ("true or false", lambda v: v in (True, False)),
    "deployment": ("a CodeDeploy preference of Lambda", lambda v: v.isalnum()),
}


def is_name(name: str) -> bool:
    """Whether a model may be called so: snake_case, and not too long for the names built on it."""
    return bool(_MODEL_NAME.fullmatch(name)) and len(name) <= LONGEST_NAME


def read(path: Path) -> ModelFolder:
    """Read one model folder.  Raises FolderError."""
    if not is_name(path.name):
        raise FolderError(
            f"{path}: folder name {path.name!r}, expected snake_case, at most {LONGEST_NAME} long"
        )
    source = path / NAME
    try:
        facts = tomllib.loads(source.read_text("utf-8"))
    except FileNotFoundError:
        known = sorted(found.parent.name for found in path.parent.glob(f"*/{NAME}"))
        raise FolderError(f"{source} is missing, expected one of the models {known}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FolderError(f"{source}: not TOML: {error}") from None
    kinds = get_type_hints(ModelFolder)
    required = {"description", "task"}
    for key in sorted(required - facts.keys()):
        raise FolderError(f"{source}: '{key}' is missing, expected {_EXPECTED[key][0]}")
    for key, value in facts.items():
        if key not in _EXPECTED:
            raise FolderError(f"{source}: '{key}' is unknown, expected one of {sorted(_EXPECTED)}")
        words, holds = _EXPECTED[key]
        if type(value) is not kinds[key] or not holds(value):
            raise FolderError(f"{source}: '{key}' is {value!r}, expected {words}")
    return ModelFolder(path=path, **facts)


def discover(functions: Path) -> list[ModelFolder]:
    """Every model folder below `functions`, sorted by name.  Raises FolderError on a bad one.

    A folder with a `model.toml` is a model; one with a `handler.py` is a service and is left alone;
    anything else is an error.
    """
    if not functions.is_dir():
        raise FolderError(f"{functions} is missing, expected a folder per model in it")
    folders = []
    for path in sorted(functions.iterdir()):
        if not path.is_dir() or path.name.startswith((".", "__")):
            continue
        if (path / NAME).is_file():
            folders.append(read(path))
        elif not (path / "handler.py").is_file():
            raise FolderError(f"{path}: neither {NAME} (a model) nor handler.py (a service) in it")
    return folders
