"""Compile an artifact: its default graph optimised, its constants in a file that is mapped.

Creating a session from it neither folds constants nor copies weights; answers are the same.  The
plain `model.onnx` stays what is published, checked and kept in git; the compiled form is made of it
by `flotilla build`, for one version of onnxruntime, and is an artifact of its own digest.
`training.release.optimiser` does it, in a sandbox.
"""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import onnxruntime as ort

from serving import artifact as artifacts
from serving import digests
from serving import manifest as manifests
from serving.artifact import Artifact
from serving.errors import ArtifactError
from serving.manifest import GRAPH, WEIGHTS, Compiled, FileEntry
from training.release import graphs, sandbox
from training.release.sandbox import SandboxError

CACHE = Path("build") / "compiled"
_MEMORY_MB = 8192
_LIMIT_S = 300.0


def cached(root: Path, source: Artifact) -> Artifact:
    """The compiled form of an artifact, below `build/`; made when it is not there yet.

    Raises ArtifactError when it cannot be made.
    """
    place = root / CACHE / source.manifest.model / f"{source.digest[:16]}-{ort.__version__}"
    if held := _held(place):
        return held
    shutil.rmtree(place.parent, ignore_errors=True)
    return compiled(source, place)


def compiled(source: Artifact, place: Path) -> Artifact:
    """Compile an artifact into the new folder `place`, which appears whole.

    Raises ArtifactError when onnxruntime cannot do it, or changes more than it may.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".compiling.") as scratch:
        folder = Path(scratch) / "artifact"
        folder.mkdir()
        graph = source.folder / GRAPH
        places = [str(graph.resolve()), str(folder.resolve())]
        try:
            sandbox.run(
                "training.release.optimiser", [*places, str(_MEMORY_MB), str(_LIMIT_S)], _LIMIT_S
            )
        except SandboxError as error:
            raise ArtifactError(f"{graph} cannot be compiled: {error}") from None
        _require_same(source, folder / GRAPH)
        for name in source.manifest.files:
            if name != GRAPH:
                (folder / name).write_bytes(source.read(name))
        (folder / manifests.NAME).write_bytes(_manifest(source, folder))
        folder.rename(place)
    return artifacts.load(place)


def _held(place: Path) -> Artifact | None:
    """What was compiled into `place` before, unless something of it is missing or cut off."""
    try:
        held = artifacts.load(place)
    except ArtifactError:
        return None
    sizes = {path.name: path.stat().st_size for path in place.iterdir()}
    whole = all(sizes[name] == entry.size_bytes for name, entry in held.manifest.files.items())
    return held if whole else None


def _require_same(source: Artifact, graph: Path) -> None:
    """Raise unless the graph has the tensors of its source, and data in our file only."""
    model = graphs.parse(graph.read_bytes())
    manifest = source.manifest
    found = graphs.signature(model)
    if found != (manifest.inputs, manifest.outputs):
        raise ArtifactError(f"{graph} has inputs and outputs {found}, its source has others")
    elsewhere = graphs.locations(model) - {WEIGHTS}
    if elsewhere:
        raise ArtifactError(f"{graph} keeps data in {sorted(elsewhere)}, expected {WEIGHTS} only")


def _manifest(source: Artifact, folder: Path) -> bytes:
    files = {
        path.name: FileEntry(digests.sha256_of_file(path, path.stat().st_size), path.stat().st_size)
        for path in folder.iterdir()
    }
    made_of = Compiled(source.digest, ort.__version__)
    return manifests.render(replace(source.manifest, files=files, compiled=made_of))
