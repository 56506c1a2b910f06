"""Publish: check an artifact, store it under a version, and lock the model folder to that version.

The lock is written last and at once, so a publish that fails leaves the folder as it was; a version
that was stored already is found again by the next try.

Without a registry (offline) the number is counted on from the lock.  That is for artifacts that
travel in git: there two branches that count the same number collide in `artifact.lock`, and seeding
a bucket refuses a number that stands for something else.
"""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from serving import artifact as artifacts
from serving import folder as folders
from serving import lock as locks
from serving import manifest as manifests
from serving.artifact import Artifact
from serving.lock import Lock, Tuning
from training.release import check as checks
from training.release import metrics, tuning
from training.release.check import Report
from training.release.registry import Registry

LOCAL_CLOUD = Path("build/local.json")
# The most that one file in git may have; what is larger lives in a bucket only.
GIT_FILE_BYTES = 10_000_000


class PublishError(Exception):
    """Nothing was published, and the lock is as it was; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish came to: the lock now, the one before, and the report of the check."""

    lock: Lock
    before: Lock | None
    report: Report


def publish(
    root: Path, model: str, registry: Registry | None, tolerance: float = metrics.TOLERANCE
) -> Published:
    """Publish `training/<model>/artifact` below `root`, offline when `registry` is None.

    Raises PublishError when the check fails; FolderError, ArtifactError and RegistryError as the
    folder, the artifact and the bucket have it.
    """
    folder = folders.read(root / "functions" / model)
    path = artifact_folder(root, model)
    if not path.is_dir():
        raise PublishError(f"{path} is missing: run `flotilla train {model}`")
    before = locks.read(folder.path) if (folder.path / locks.NAME).exists() else None
    artifact = artifacts.load(path)
    report = checks.check(path, folder, before, tolerance)
    if not report.passed:
        reasons = "; ".join(f"{finding.name}: {finding.detail}" for finding in report.failures)
        raise PublishError(f"{model} fails its check: {reasons}")
    tuned = _tuned(artifact, folder.path, before)
    number = registry.publish(artifact, before) if registry else _count_on(artifact, before)
    lock = Lock(number, artifact.digest, size_bytes(artifact), artifact.manifest.metrics, tuned)
    _write_at_once(folder.path / locks.NAME, locks.render(lock))
    return Published(lock, before, report)


def _tuned(artifact: Artifact, folder: Path, before: Lock | None) -> Tuning:
    """How the artifact is served best: measured once, as the same measured again may differ."""
    if before and before.digest == artifact.digest and before.tuning != Tuning():
        return before.tuning
    return tuning.measure(artifact, folder)


def artifact_folder(root: Path, model: str) -> Path:
    """Where training writes a model's artifact."""
    return root / "training" / model / "artifact"


def size_bytes(artifact: Artifact) -> int:
    """How large an artifact is, all of its files together."""
    files = sum(entry.size_bytes for entry in artifact.manifest.files.values())
    return files + (artifact.folder / manifests.NAME).stat().st_size


def too_large_for_git(artifact: Artifact) -> dict[str, int]:
    """The files of an artifact that do not belong into git, with their sizes in bytes."""
    return {
        name: entry.size_bytes
        for name, entry in artifact.manifest.files.items()
        if entry.size_bytes > GIT_FILE_BYTES
    }


def connect(root: Path, bucket: str | None = None) -> Registry:
    """The registry in `bucket`, or without one that of the local cloud running now.

    Raises PublishError when there is neither, or it does not answer.
    """
    if bucket is not None:
        return _reachable(Registry(boto3.client("s3"), bucket))
    try:
        running = json.loads((root / LOCAL_CLOUD).read_bytes())
    except FileNotFoundError:
        raise PublishError(
            "there is no S3 to publish to: start the local cloud with `flotilla up`, name a bucket "
            "with --bucket, or give --offline for an artifact that is committed to git"
        ) from None
    client = boto3.client(
        "s3",
        endpoint_url=running["s3_endpoint"],
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - the local cloud takes any
    )
    return _reachable(Registry(client, running["artifacts_bucket"]))


def _reachable(registry: Registry) -> Registry:
    try:
        registry.s3.head_bucket(Bucket=registry.bucket)
    except (BotoCoreError, ClientError) as error:
        raise PublishError(f"bucket {registry.bucket} cannot be reached: {error}") from None
    return registry


def _count_on(artifact: Artifact, before: Lock | None) -> int:
    if before is None:
        return 1
    return before.version if before.digest == artifact.digest else before.version + 1


def _write_at_once(path: Path, text: str) -> None:
    """Replace a file by one rename, so that nobody ever reads half of it."""
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(partial).chmod(0o644)
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
