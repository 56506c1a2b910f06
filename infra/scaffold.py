"""`flotilla new`: the two folders of a new model.

They are built in a folder of their own and moved into place by two renames, so a model that is
refused leaves nothing behind.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from infra import adopted_card, adoption
from infra.adoption import Place
from serving import artifact as artifacts
from serving import folder as folders
from serving.errors import FolderError
from serving.limits import MIB
from serving.lock import Lock
from training.release import publish
from training.release.graphs import GraphError

# What `--task` takes, each with a training script to start from.
STARTERS = Path(__file__).with_name("starters")
_ROOMS = ("training", "functions")


class ScaffoldError(Exception):
    """No model was made; the message names the file, the node or the tensor, and the reason."""


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model that was made, and what whoever made it should know.

    It has no lock yet when it is still to be trained.
    """

    functions: Path
    training: Path
    lock: Lock | None = None
    warnings: tuple[str, ...] = ()


def from_graph(
    root: Path, name: str, graph: Path, memory_mb: int | None = None, limit_s: float = 60.0
) -> NewModel:
    """Make the model `name` below `root` from an ONNX file; the local cloud serves it at once.

    `memory_mb` is guessed from the size when it is not given.  Raises ScaffoldError when the name
    is taken or the graph cannot be served.
    """
    with _new_folders(root, name) as stage:
        try:
            raw = adoption.read(graph)
            place = Place(
                functions=stage / "functions" / name,
                artifact=publish.artifact_folder(stage, name),
                memory_mb=adoption.memory_for(raw) if memory_mb is None else memory_mb,
                limit_s=limit_s,
            )
            description = f"{graph.name}, as it was given."
            _write_facts(place.functions, description, adoption.TASK, place.memory_mb)
            manifest = adoption.write_artifact(place, raw, graph.name)
            lock = publish.publish(stage, name, registry=None).lock
        except (GraphError, FolderError, publish.PublishError) as error:
            raise ScaffoldError(f"{graph} cannot be served: {error}") from None
        training = stage / "training" / name
        card = adopted_card.render(manifest, place.memory_mb, guessed=memory_mb is None)
        (training / "README.md").write_text(card)
        warnings = _keep_out_of_git(training, name)
    return NewModel(root / "functions" / name, root / "training" / name, lock, warnings)


def from_task(root: Path, name: str, task: str, memory_mb: int | None = None) -> NewModel:
    """Make the model `name` with a training script for `task` that works as it is.

    Raises ScaffoldError when the name is taken or the task has no such script.
    """
    starter = STARTERS / task
    if not starter.is_dir():
        known = sorted(path.name for path in STARTERS.iterdir() if path.is_dir())
        raise ScaffoldError(
            f"there is no training script for task {task!r}, expected one of {known}"
        )
    with _new_folders(root, name) as stage:
        description = f"A model for {task.replace('_', ' ')}, from training/{name}/train.py."
        _write_facts(stage / "functions" / name, description, task, memory_mb or 512)
        unneeded = shutil.ignore_patterns("__pycache__")
        shutil.copytree(starter, stage / "training" / name, ignore=unneeded)
    return NewModel(root / "functions" / name, root / "training" / name)


@contextmanager
def _new_folders(root: Path, name: str) -> Iterator[Path]:
    """A folder to build `functions/<name>` and `training/<name>` in; moved to `root` at the end."""
    _require_free(root, name)
    (root / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root / "build", prefix="new-") as scratch:
        stage = Path(scratch)
        for room in _ROOMS:
            (stage / room).mkdir()
        yield stage
        _move_into_place(root, stage, name)


def _require_free(root: Path, name: str) -> None:
    if not folders.is_name(name):
        raise ScaffoldError(
            f"model name {name!r}, expected snake_case, at most {folders.LONGEST_NAME} long"
        )
    for taken in (*(root / room / name for room in _ROOMS), root / "training" / f"{name}.py"):
        if taken.exists():
            raise ScaffoldError(f"model name {name!r} is taken: there is {taken}")


def _write_facts(folder: Path, description: str, task: str, memory_mb: int) -> None:
    folder.mkdir(parents=True)
    facts = {"description": description, "task": task, "memory_mb": memory_mb}
    (folder / folders.NAME).write_text(tomli_w.dumps(facts))


def _keep_out_of_git(training: Path, name: str) -> tuple[str, ...]:
    """Ignore an artifact's files that are too large for git, and say what that means."""
    large = publish.too_large_for_git(artifacts.load(training / "artifact"))
    if not large:
        return ()
    (training / ".gitignore").write_text("".join(f"artifact/{file}\n" for file in large))
    return tuple(
        f"{file} has {size / MIB:.0f} MB, too much for git: training/{name}/.gitignore names it, "
        f"and only this machine has it until `flotilla publish {name} --bucket BUCKET`"
        for file, size in large.items()
    )


def _move_into_place(root: Path, stage: Path, name: str) -> None:
    """Training first: a model folder without its twin would be taken for a broken model."""
    (stage / "training" / name).rename(root / "training" / name)
    try:
        (stage / "functions" / name).rename(root / "functions" / name)
    except OSError:
        shutil.rmtree(root / "training" / name)
        raise
