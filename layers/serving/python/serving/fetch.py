"""Where a function's artifact lies: in its package, or in S3 when it is too large to ride there.

A large one is fetched in the init phase, by parallel ranged reads into /tmp.
"""

from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from serving import keys, manifest
from serving.errors import ArtifactError
from serving.limits import MIB
from serving.lock import Lock
from serving.types import Json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PACKAGED = "artifact"
_RANGE_BYTES = 8 * MIB
_READERS = 8


def locate(root: Path, model: str, lock: Lock, bucket: str) -> Path:
    """The folder of the artifact that `lock` names.  Raises ArtifactError when S3 lacks it."""
    packaged = root / PACKAGED
    if packaged.is_dir():
        return packaged
    import boto3

    return download(boto3.client("s3"), bucket, model, lock.digest, Path(gettempdir()) / PACKAGED)


def download(client: "S3Client", bucket: str, model: str, digest: str, into: Path) -> Path:
    """Fetch an artifact into a folder named by its digest.  Raises ArtifactError.

    The manifest is checked against `digest` before any file that it names is fetched.
    """
    folder = into / digest
    folder.mkdir(parents=True, exist_ok=True)
    raw = _read(client, bucket, keys.artifact_manifest(model, digest), None)
    found = manifest.digest(raw)
    if found != digest:
        raise ArtifactError(f"s3://{bucket} holds a manifest of digest {found}, expected {digest}")
    for name, entry in manifest.parse(raw).files.items():
        key = keys.artifact_file(model, digest, name)
        _download_file(client, bucket, key, folder / name, entry.size_bytes)
    (folder / manifest.NAME).write_bytes(raw)
    return folder


def _download_file(client: "S3Client", bucket: str, key: str, path: Path, size: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with path.open("wb") as file, ThreadPoolExecutor(_READERS) as readers:
        file.truncate(size)
        starts = range(0, size, _RANGE_BYTES)
        parts = readers.map(
            lambda start: _read(client, bucket, key, (start, min(start + _RANGE_BYTES, size))),
            starts,
        )
        for start, part in zip(starts, parts, strict=True):
            file.seek(start)
            file.write(part)


def _read(client: "S3Client", bucket: str, key: str, part: tuple[int, int] | None) -> bytes:
    from botocore.exceptions import ClientError

    wanted: Json = {"Range": f"bytes={part[0]}-{part[1] - 1}"} if part else {}
    try:
        with client.get_object(Bucket=bucket, Key=key, **wanted)["Body"] as stream:
            raw: bytes = stream.read()
            return raw
    except ClientError as error:
        raise ArtifactError(f"s3://{bucket}/{key} cannot be read: {error}") from None
