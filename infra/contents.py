"""What goes into each function's package: a model's folder and artifact, a service's files.

A model whose artifact is not there, or is not the one of its lock, has no package: it is listed
with the reason, and everything else is built.
"""

from collections.abc import Iterator
from pathlib import Path

from infra import packing, site
from infra.packing import Contents, Plan
from serving import artifact, fetch, folder, lock
from serving import manifest as manifests
from serving.artifact import Artifact
from serving.errors import ArtifactError
from serving.folder import ModelFolder
from serving.lock import Lock

# A larger artifact is fetched from S3 when its function starts (see serving.fetch).
RIDES_ALONG_BYTES = 50_000_000
_CATALOG = "catalog"
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
            locked = lock.read(model.path)
            released.append((model, locked, _released(root, model.name, locked)))
        except ArtifactError as error:
            missing[model.name] = str(error)
            continue
        plans[model.name] = packing.plan(_model(model, released[-1][-1]))
    for path in _services(root):
        files = _service(path)
        plans[path.name] = (
            site.plan(files, released) if path.name == _CATALOG else packing.plan(files)
        )
    return plans, missing


def _released(root: Path, name: str, locked: Lock) -> Artifact:
    """The artifact that the lock names.  Raises ArtifactError, saying what to run."""
    path = root / "training" / name / "artifact"
    if not path.is_dir():
        raise ArtifactError(f"{path} is missing: run `flotilla train {name}`")
    found = manifests.digest((path / manifests.NAME).read_bytes())
    if found != locked.digest:
        raise ArtifactError(
            f"{path} has digest {found[:12]}..., {lock.NAME} names {locked.digest[:12]}...: "
            f"run `flotilla publish {name}` to serve what is there"
        )
    return artifact.load_whole(path, locked.digest)


def _model(model: ModelFolder, released: Artifact) -> Contents:
    files: Contents = {name: model.path / name for name in (folder.NAME, lock.NAME)}
    if (model.path / _HOOKS).is_file():
        files[_HOOKS] = model.path / _HOOKS
    entries = released.manifest.files
    if sum(entry.size_bytes for entry in entries.values()) <= RIDES_ALONG_BYTES:
        for name in (manifests.NAME, *entries):
            files[f"{fetch.PACKAGED}/{name}"] = released.folder / name
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
