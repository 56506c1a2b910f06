"""Artifacts on disk: refused unless every byte is the one that was published."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from serving import manifest as manifests
from serving.errors import ArtifactError
from serving.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified artifact: its folder, its manifest, and the digest that names it."""

    folder: Path
    manifest: Manifest
    digest: str
    graph: bytes

    def read(self, name: str) -> bytes:
        """The bytes of one of its files, verified again as they are read.  Raises ArtifactError."""
        return _read_verified(self.folder, name, self.manifest)


def load(folder: Path, expected_digest: str | None = None) -> Artifact:
    """Verify the artifact in `folder` and read its graph.

    Raises ArtifactError on a missing or extra file, a changed byte, or a manifest that is not the
    one of `expected_digest`.  The graph is handed on as the very bytes that were verified.
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
    contents = {name: _read_verified(folder, name, manifest) for name in manifest.files}
    return Artifact(folder, manifest, digest, contents[manifests.GRAPH])


def _read_verified(folder: Path, name: str, manifest: Manifest) -> bytes:
    entry = manifest.files.get(name)
    if entry is None:
        raise ArtifactError(f"{folder} promises no file {name!r}")
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise ArtifactError(f"{path} is not a regular file")
    content = path.read_bytes()
    found = sha256(content).hexdigest()
    if found != entry.sha256:
        raise ArtifactError(f"{path} has SHA-256 {found}, expected {entry.sha256}")
    return content
