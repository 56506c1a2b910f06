"""Artifacts on disk: no byte is used that is not the one that was published.

A file is read once, and verified as it is read: what is never read (a variant that nobody asks for)
costs a start nothing.
"""

from dataclasses import dataclass
from pathlib import Path

from serving import digests
from serving import manifest as manifests
from serving.errors import ArtifactError
from serving.manifest import FileEntry, Manifest


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact: its folder, its verified manifest, and the digest that names it."""

    folder: Path
    manifest: Manifest
    digest: str

    def graph(self, variant: str | None = None) -> bytes:
        """The verified graph of a variant, or of the default one.  Raises ArtifactError."""
        return self.read(self.manifest.graphs[variant or self.manifest.variant])

    def mapped_graph(self) -> Path:
        """The compiled default graph, verified with its weights, to be mapped from its folder.

        Raises ArtifactError.
        """
        for name in (manifests.WEIGHTS, manifests.GRAPH):
            path, entry = _entry(self.folder, name, self.manifest)
            _require_digest(path, digests.sha256_of_file(path, entry.size_bytes), entry)
        return self.folder / manifests.GRAPH

    def read(self, name: str) -> bytes:
        """The bytes of one of its files, verified as they are read.  Raises ArtifactError."""
        path, entry = _entry(self.folder, name, self.manifest)
        content = path.read_bytes()
        _require_digest(path, digests.sha256(content), entry)
        return content


def load(folder: Path, expected_digest: str | None = None) -> Artifact:
    """The artifact in `folder`, its manifest verified.

    Raises ArtifactError on a missing or extra file, or a manifest that is not the one of
    `expected_digest`.  Its files are verified as they are read, by `Artifact.read`.
    """
    try:
        raw = (folder / manifests.NAME).read_bytes()
    except FileNotFoundError:
        raise ArtifactError(f"{folder} has no {manifests.NAME}") from None
    digest = manifests.digest(raw)
    if expected_digest is not None and digest != expected_digest:
        raise ArtifactError(f"{folder} has digest {digest}, expected {expected_digest}")
    manifest = manifests.parse(raw)
    present = {path.name for path in folder.iterdir()}
    promised = {*manifest.files, manifests.NAME}
    if present != promised:
        raise ArtifactError(
            f"{folder} has extra files {sorted(present - promised)} "
            f"and lacks {sorted(promised - present)}"
        )
    return Artifact(folder, manifest, digest)


def load_whole(folder: Path, expected_digest: str | None = None) -> Artifact:
    """The artifact in `folder`, with every byte verified now.  Raises ArtifactError."""
    artifact = load(folder, expected_digest)
    for name in artifact.manifest.files:
        artifact.read(name)
    return artifact


def _entry(folder: Path, name: str, manifest: Manifest) -> tuple[Path, FileEntry]:
    entry = manifest.files.get(name)
    if entry is None:
        raise ArtifactError(f"{folder} promises no file {name!r}")
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise ArtifactError(f"{path} is not a regular file")
    return path, entry


def _require_digest(path: Path, found: str, entry: FileEntry) -> None:
    if found != entry.sha256:
        raise ArtifactError(f"{path} has SHA-256 {found}, expected {entry.sha256}")
