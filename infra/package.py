"""Build what the template refers to: two layers, and a package per function, into `build/`.

`local` is for this laptop's own Python, `lambda` for Python 3.13 on Lambda's platform, zipped.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from infra import contents, interpreters, layers, packing
from infra.packing import Package, Platform
from infra.setup import alone
from training.release import compiling


@dataclass(frozen=True, slots=True)
class Built:
    """What was built, and where; `missing` says for each model without a package why."""

    platform: Platform
    folder: Path
    layers: tuple[Package, ...]
    functions: tuple[Package, ...]
    missing: Mapping[str, str]


def build(platform: Literal["local", "lambda"], root: Path, own: Path | None = None) -> Built:
    """Build the layers, and the packages of the folders in `root`; keep what has not changed.

    With `own` the packages are in that folder as well, and no later build touches them there.
    Raises FolderError for a malformed folder, PackageError when the runtime layer cannot be had.
    """
    on = _local() if platform == "local" else _lambda()
    target = root / "build" / platform
    target.mkdir(parents=True, exist_ok=True)
    compiled = root / compiling.CACHE  # what both platforms share
    compiled.mkdir(parents=True, exist_ok=True)
    with alone(compiled):
        functions, missing = contents.functions(root)
    with alone(target):
        built = Built(
            platform=on,
            folder=target,
            layers=_make(target / "layers", layers.plans(on, root, target), on, on.layers_at),
            functions=_make(target / "functions", functions, on, on.functions_at),
            missing=missing,
        )
        return replace(built, folder=_held(built, own)) if own else built


def _held(built: Built, own: Path) -> Path:
    """Link what was built into `own`: a build makes new files, and leaves those that it replaces.

    Files are copied where they cannot be linked.
    """
    for room, packages in ("layers", built.layers), ("functions", built.functions):
        shutil.rmtree(own / room, ignore_errors=True)
        (own / room).mkdir(parents=True)
        for made in packages:
            source = built.folder / room / made.name
            shutil.copytree(source, own / room / made.name, copy_function=_link)
    return own


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one that knows no links
        shutil.copy2(source, target)


def _make(
    folder: Path, plans: Mapping[str, packing.Plan], on: Platform, seen_as: str | None
) -> tuple[Package, ...]:
    folder.mkdir(exist_ok=True)
    packing.remove_others(folder, set(plans))
    return tuple(
        packing.make(folder / name, plan, on, seen_as or str(folder / name))
        for name, plan in plans.items()
    )


def _local() -> Platform:
    return Platform("local", sys.executable, sys.version, zipped=False)


def _lambda() -> Platform:
    found = interpreters.find(layers.LAMBDA_PYTHON)
    python, version = found or (None, "")
    return Platform("lambda", python, version, True, layers_at="/opt", functions_at="/var/task")
