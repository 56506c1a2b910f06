"""What goes into each function's package: a model's folder and artifact, a service's files.

A model whose artifact is not there, or is not the one of its lock, has no package: it is listed
with the reason, and everything else is built.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from infra import packing, site
from infra.packing import Contents, Plan
from serving import artifact, fetch, folder, lock
from serving import manifest as manifests
from serving.artifact import Artifact
from serving.errors import ArtifactError
from serving.folder import ModelFolder
from serving.lock import Lock
from training.release import compiling

# A larger artifact is fetched from S3 when its function starts (see serving.fetch).  Lambda takes
# 250 MB unzipped, of which the layers have 100, and unpacks before the time of a start is counted.
RIDES_ALONG_BYTES = 130_000_000
_CATALOG = "catalog"
_DISPATCH = "dispatch"
_HOOKS = "model.py"


def functions(root: Path) -> tuple[dict[str, Plan], dict[str, str]]:
    """What is in each function's package, and for each model without one why.

    Raises FolderError when a folder is malformed.
    """
    plans: dict[str, Plan] = {}
    missing: dict[str, str] = {}
    released: list[tuple[ModelFolder, Lock, Artifact]] = []
    for model in folder.discover(root / "functions"):
        try:
            trained = _trained(root, model.name)
            locked = lock.read(model.path)
            published = _released(trained, model.name, locked)
            form = served(root, locked, published)
        except ArtifactError as error:
            missing[model.name] = str(error)
            continue
        released.append((model, locked, published))
        plans[model.name] = packing.plan(_model(model, locked, form))
    for path in _services(root):
        files = _service(path)
        if path.name == _DISPATCH:
            tasks = {model.name: model.task for model, _, _ in released}
            files["functions/dispatch/models.json"] = json.dumps(tasks).encode()
        plans[path.name] = (
            site.plan(files, released) if path.name == _CATALOG else packing.plan(files)
        )
    return plans, missing


def _trained(root: Path, name: str) -> Path:
    """The folder of a model's artifact.  Raises ArtifactError, saying what to run."""
    path = root / "training" / name / "artifact"
    if not path.is_dir():
        raise ArtifactError(f"{path} is missing: run `flotilla train {name}`")
    return path


def _released(path: Path, name: str, locked: Lock) -> Artifact:
    """The artifact that the lock names.  Raises ArtifactError, saying what to run."""
    found = manifests.digest((path / manifests.NAME).read_bytes())
    if found != locked.digest:
        raise ArtifactError(
            f"{path} has digest {found[:12]}..., {lock.NAME} names {locked.digest[:12]}...: "
            f"run `flotilla publish {name}` to serve what is there"
        )
    return artifact.load_whole(path, locked.digest)


def served(root: Path, locked: Lock, released: Artifact) -> Artifact:
    """The form in which an artifact is served: compiled where that was measured to pay.

    Raises ArtifactError when it cannot be compiled.
    """
    return compiling.cached(root, released) if locked.tuning.mapped else released


def rides_along(form: Artifact) -> bool:
    """Whether an artifact is small enough for its function's package."""
    entries = form.manifest.files.values()
    return sum(entry.size_bytes for entry in entries) <= RIDES_ALONG_BYTES


def _model(model: ModelFolder, locked: Lock, form: Artifact) -> Contents:
    compiled = form.digest if form.manifest.compiled else ""
    files: Contents = {
        folder.NAME: model.path / folder.NAME,
        lock.NAME: lock.render(replace(locked, compiled=compiled)).encode(),
    }
    if (model.path / _HOOKS).is_file():
        files[_HOOKS] = model.path / _HOOKS
    if rides_along(form):
        for name in (manifests.NAME, *form.manifest.files):
            files[f"{fetch.PACKAGED}/{name}"] = form.folder / name
    return files


def _services(root: Path) -> Iterator[Path]:
    for path in sorted((root / "functions").iterdir()):
        if (path / "handler.py").is_file():
            yield path


def _service(path: Path) -> Contents:
    """A service's files; those of several modules stay where they import each other from.

    So the handler of one module is `handler.handler`, of several `functions.jobs.handler.handler`.
    """
    files = [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.suffix != ".md" and "__pycache__" not in file.parts
    ]
    modules = [file for file in files if file.suffix == ".py"]
    root = path if len(modules) == 1 else path.parents[1]
    return {file.relative_to(root).as_posix(): file for file in files}
