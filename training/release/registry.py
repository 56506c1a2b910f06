"""Published artifacts in S3: immutable files under their digest, and versions 1, 2, 3 ...

Every object is written once, with `If-None-Match: *`, so two publishers never overwrite each other
and never share a version number.  The manifest of an artifact is written after its files: where it
is, all of the artifact is.
"""

import json
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from serving import artifact as artifacts
from serving import keys, manifest
from serving.artifact import Artifact
from serving.lock import Lock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3 answers 409 while another conditional write of the same key is under way: wait and ask again.
_CONFLICT_PAUSES_S = (0.05, 0.1, 0.2, 0.4)


class RegistryError(Exception):
    """The registry holds something else than what was to be read or written there."""


@dataclass(frozen=True, slots=True)
class Version:
    """A published version of a model: its number and the digest it stands for."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Registry:
    """The artifacts bucket, through a boto3 S3 client."""

    s3: "S3Client"
    bucket: str

    def versions(self, model: str) -> list[Version]:
        """Every published version of `model`, oldest first."""
        prefix = keys.version_prefix(model)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        found = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return [self._version(key) for key in sorted(found)]

    def publish(self, artifact: Artifact, current: Lock | None = None) -> int:
        """Store the artifact and return its version number, the same one for the same digest.

        A new digest gets a number above every published one and above `current`, the lock that it
        replaces; a digest that `current` already names keeps that number if it is free.
        """
        self._put_files(artifact)
        while True:
            published = self.versions(artifact.manifest.model)
            for version in published:
                if version.digest == artifact.digest:
                    return version.number
            number = _next_number(artifact.digest, published, current)
            if self._claim(artifact.manifest.model, Version(number, artifact.digest)):
                return number

    def seed(self, lock: Lock, artifact: Artifact) -> None:
        """Store a locked artifact under the number its lock states; nothing if it is there.

        Raises RegistryError when the number stands for another digest, or the digest for another
        number.
        """
        model = artifact.manifest.model
        if artifact.digest != lock.digest:
            raise RegistryError(
                f"{artifact.folder} has digest {artifact.digest}, its lock says {lock.digest}"
            )
        for version in self.versions(model):
            if (version.number == lock.version) != (version.digest == lock.digest):
                raise RegistryError(_seed_conflict(self.bucket, model, version, lock))
        self._put_files(artifact)
        if not self._claim(model, Version(lock.version, lock.digest)):
            taken = self._version(keys.version(model, lock.version))
            if taken.digest != lock.digest:
                raise RegistryError(_seed_conflict(self.bucket, model, taken, lock))

    def store(self, artifact: Artifact) -> None:
        """Store an artifact under its digest, with no number: the compiled form of a version."""
        key = keys.artifact_manifest(artifact.manifest.model, artifact.digest)
        if not self.s3.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)["KeyCount"]:
            self._put_files(artifact)

    def fetch(self, model: str, digest: str, folder: Path) -> Artifact:
        """Download an artifact to the new folder `folder`, which appears whole and verified.

        Raises RegistryError when it is not published, ArtifactError when its bytes are not right.
        """
        if folder.exists():
            raise RegistryError(f"{folder} exists already, expected a new folder")
        raw = self._get(keys.artifact_manifest(model, digest))
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
            partial = Path(scratch) / "artifact"
            partial.mkdir()
            (partial / manifest.NAME).write_bytes(raw)
            for name in manifest.parse(raw).files:
                content = self._get(keys.artifact_file(model, digest, name))
                (partial / name).write_bytes(content)
            artifacts.load_whole(partial, digest)
            partial.rename(folder)
        return artifacts.load(folder, expected_digest=digest)

    def _put_files(self, artifact: Artifact) -> None:
        model = artifact.manifest.model
        for name in artifact.manifest.files:
            key = keys.artifact_file(model, artifact.digest, name)
            self._put_immutable(key, artifact.read(name))
        raw = (artifact.folder / manifest.NAME).read_bytes()
        if manifest.digest(raw) != artifact.digest:
            raise RegistryError(f"{artifact.folder / manifest.NAME} changed while it was published")
        self._put_immutable(keys.artifact_manifest(model, artifact.digest), raw)

    def _put_immutable(self, key: str, content: bytes) -> None:
        if self._put_if_absent(key, content):
            return
        stored = sha256(self._get(key)).hexdigest()
        expected = sha256(content).hexdigest()
        if stored != expected:
            raise RegistryError(
                f"s3://{self.bucket}/{key} has SHA-256 {stored}, expected {expected}: "
                "someone changed a published file; delete it and publish again"
            )

    def _claim(self, model: str, version: Version) -> bool:
        record = json.dumps({"version": version.number, "digest": version.digest}) + "\n"
        return self._put_if_absent(keys.version(model, version.number), record.encode())

    def _put_if_absent(self, key: str, content: bytes) -> bool:
        """True when written, False when something is there already."""
        for pause_s in _CONFLICT_PAUSES_S:
            try:
                self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, IfNoneMatch="*")
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status == HTTPStatus.PRECONDITION_FAILED:
                    return False
                if status != HTTPStatus.CONFLICT:
                    raise
                time.sleep(pause_s)
            else:
                return True
        raise RegistryError(f"s3://{self.bucket}/{key} is being written by others: publish again")

    def _get(self, key: str) -> bytes:
        try:
            content = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            raise RegistryError(f"s3://{self.bucket}/{key} is not published") from None
        return content

    def _version(self, key: str) -> Version:
        try:
            record = json.loads(self._get(key))
            version = Version(record["version"], record["digest"])
        except (KeyError, TypeError, ValueError) as error:
            raise RegistryError(f"s3://{self.bucket}/{key} is malformed: {error!r}") from None
        return version


def _next_number(digest: str, published: list[Version], current: Lock | None) -> int:
    taken = {version.number for version in published}
    if current is not None and current.digest == digest and current.version not in taken:
        return current.version
    return max(taken | {current.version if current else 0}) + 1


def _seed_conflict(bucket: str, model: str, stored: Version, lock: Lock) -> str:
    return (
        f"in bucket {bucket}, version {stored.number} of {model} is {stored.digest}, its lock says "
        f"version {lock.version} is {lock.digest}: run `flotilla publish {model} --bucket {bucket}`"
    )
