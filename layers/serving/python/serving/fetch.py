"""Where a function's artifact lies: in its package, or in S3 when it is too large to ride there.

A large one is fetched in the init phase, by parallel ranged reads into /tmp, and mapped from there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from serving import keys, manifest
from serving.errors import ArtifactError
from serving.lock import Lock

if TYPE_CHECKING:
    from serving.objects import Bucket

PACKAGED = "artifact"


def locate(root: Path, model: str, lock: Lock, bucket: str, environ: Mapping[str, str]) -> Path:
    """The folder of the artifact that `lock` names.  Raises ArtifactError when S3 lacks it.

    `environ` has the region and the credentials to read `bucket` with.
    """
    packaged = root / PACKAGED
    if packaged.is_dir():
        return packaged
    from tempfile import gettempdir

    from serving import objects

    held = objects.connect(bucket, environ)
    return download(held, model, lock.served, Path(gettempdir()) / PACKAGED)


def download(bucket: "Bucket", model: str, digest: str, into: Path) -> Path:
    """Fetch an artifact into a folder named by its digest.  Raises ArtifactError.

    The manifest is checked against `digest` before any file that it names is fetched.
    """
    folder = into / digest
    folder.mkdir(parents=True, exist_ok=True)
    raw = bucket.read(keys.artifact_manifest(model, digest))
    found = manifest.digest(raw)
    if found != digest:
        raise ArtifactError(
            f"s3://{bucket.name} holds a manifest of digest {found}, expected {digest}"
        )
    for name, entry in manifest.parse(raw).files.items():
        bucket.download(keys.artifact_file(model, digest, name), folder / name, entry.size_bytes)
    (folder / manifest.NAME).write_bytes(raw)
    return folder
