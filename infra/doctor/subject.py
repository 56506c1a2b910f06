"""What doctor examines: a model of this repository, or anybody's ONNX file, packed."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from infra import archive, contents, package, packing, scaffold
from infra.package import Built
from serving import artifact as artifacts
from serving import folder as folders
from serving import lock as locks
from serving.artifact import Artifact
from serving.errors import ArtifactError
from serving.folder import LONGEST_NAME, ModelFolder
from serving.lock import Lock
from serving.manifest import EXAMPLES
from training.release import examples, publish
from training.release.examples import Example

_PATIENT = Path(__file__).with_name("patient.py")


@dataclass(frozen=True, slots=True)
class Subject:
    """A model, packed: its folder, lock and artifact, and the function's package for doctor."""

    facts: ModelFolder
    lock: Lock
    artifact: Artifact
    form: Artifact
    task_root: Path
    layers: tuple[Path, ...]
    layers_bytes: int
    package_bytes: int
    zip_bytes: int
    question: Example

    @property
    def fetched_bytes(self) -> int:
        """What the function fetches from S3 when it starts; nothing for what is packed."""
        if contents.rides_along(self.form):
            return 0
        return sum(entry.size_bytes for entry in self.form.manifest.files.values())


@contextmanager
def packed(root: Path, named: str) -> Iterator[Subject]:
    """Pack a model of the repository in `root`, or an ONNX file, for the time of the block.

    Raises ArtifactError, FolderError, PackageError and ScaffoldError saying what to do.
    """
    foreign = named.endswith(".onnx")
    if not foreign:
        folders.read(root / "functions" / named)
    built = package.build("local", root)
    with tempfile.TemporaryDirectory(prefix="doctor-") as scratch:
        if foreign:
            home = Path(scratch) / "root"
            (home / "functions").mkdir(parents=True)
            (home / "training").mkdir()
            name = _name(Path(named))
            scaffold.from_graph(home, name, Path(named))
        else:
            home, name = root, named
        yield _subject(home, name, built, Path(scratch) / "task")


def _subject(home: Path, name: str, built: Built, task_root: Path) -> Subject:
    facts = folders.read(home / "functions" / name)
    plans, missing = contents.functions(home)
    if name in missing:
        raise ArtifactError(missing[name])
    lock = locks.read(facts.path)
    source = artifacts.load(publish.artifact_folder(home, name), lock.digest)
    form = contents.served(home, lock, source)
    platform = replace(built.platform, zipped=False)
    made = packing.make(task_root, plans[name], platform, str(task_root))
    archive.write(task_root, task_root.with_suffix(".zip"))
    if not contents.rides_along(form):  # as if it had been fetched
        shutil.copytree(form.folder, task_root / "artifact")
    shutil.copy(_PATIENT, task_root / _PATIENT.name)
    return Subject(
        facts=facts,
        lock=lock,
        artifact=source,
        form=form,
        task_root=task_root,
        layers=tuple(built.folder / "layers" / layer.name for layer in built.layers),
        layers_bytes=sum(layer.size_bytes for layer in built.layers),
        package_bytes=made.size_bytes,
        zip_bytes=task_root.with_suffix(".zip").stat().st_size,
        question=_question(source, name),
    )


def _question(source: Artifact, name: str) -> Example:
    """The first example in the native protocol, or else the first."""
    asked = examples.parse(source.read(EXAMPLES), name)
    return next((one for one in asked if one.path.startswith("/v1/")), asked[0])


def _name(graph: Path) -> str:
    """A model's name from a file's."""
    words = re.sub(r"[^a-z0-9]+", "_", graph.stem.lower()).strip("_")[:LONGEST_NAME].strip("_")
    return words if folders.is_name(words) else f"m_{words}"[:LONGEST_NAME].rstrip("_")
