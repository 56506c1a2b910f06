"""Artifacts and versions in S3, with moto as the S3."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from threading import Lock as Mutex
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from serving import artifact as artifacts
from serving import keys
from serving.artifact import Artifact
from serving.errors import ArtifactError
from serving.lock import Lock
from tests.unit.training import crafted
from training.release.registry import Registry, RegistryError, Version

BUCKET = "artifacts"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def registry(s3: Any) -> Registry:
    return Registry(s3, BUCKET)


def artifact_of(folder: Path, accuracy: float) -> Artifact:
    """Artifacts of different accuracy have different digests."""
    path = folder / f"{accuracy}"
    return artifacts.load(crafted.write_artifact(path, metrics={"accuracy": accuracy}))


def lock_of(artifact: Artifact, version: int) -> Lock:
    return Lock(version, artifact.digest, 1, artifact.manifest.metrics)


def test_versions_count_up(registry: Registry, tmp_path: Path) -> None:
    first, second = artifact_of(tmp_path, 0.8), artifact_of(tmp_path, 0.9)
    assert [registry.publish(first), registry.publish(second)] == [1, 2]
    assert registry.versions("double") == [Version(1, first.digest), Version(2, second.digest)]


def test_same_digest_is_the_same_version(registry: Registry, tmp_path: Path) -> None:
    first, second = artifact_of(tmp_path, 0.8), artifact_of(tmp_path, 0.9)
    registry.publish(first)
    registry.publish(second)
    assert registry.publish(first) == 1
    assert len(registry.versions("double")) == 2


def test_models_are_numbered_apart(registry: Registry, tmp_path: Path) -> None:
    other = artifacts.load(crafted.write_artifact(tmp_path / "other", name="double_more"))
    registry.publish(artifact_of(tmp_path, 0.8))
    assert registry.publish(other) == 1


def test_new_version_is_above_the_lock_that_it_replaces(registry: Registry, tmp_path: Path) -> None:
    old, new = artifact_of(tmp_path, 0.8), artifact_of(tmp_path, 0.9)
    assert registry.publish(new, current=lock_of(old, 6)) == 7


def test_locked_digest_keeps_its_free_number(registry: Registry, tmp_path: Path) -> None:
    artifact = artifact_of(tmp_path, 0.8)
    assert registry.publish(artifact, current=lock_of(artifact, 6)) == 6


def test_locked_digest_gives_way_when_its_number_is_taken(
    registry: Registry, tmp_path: Path
) -> None:
    theirs, ours = artifact_of(tmp_path, 0.8), artifact_of(tmp_path, 0.9)
    registry.publish(theirs)
    assert registry.publish(ours, current=lock_of(ours, 1)) == 2
    assert registry.versions("double")[0].digest == theirs.digest


def test_manifest_is_written_last(s3: Any, tmp_path: Path) -> None:
    written: list[str] = []
    artifact = artifact_of(tmp_path, 0.8)
    Registry(Recording(s3, written), BUCKET).publish(artifact)
    files = {keys.artifact_file("double", artifact.digest, n) for n in artifact.manifest.files}
    assert set(written[:-2]) == files
    assert written[-2] == keys.artifact_manifest("double", artifact.digest)
    assert written[-1] == keys.version("double", 1)


def test_interrupted_publish_is_finished_by_the_next(registry: Registry, tmp_path: Path) -> None:
    artifact = artifact_of(tmp_path, 0.8)
    key = keys.artifact_file("double", artifact.digest, "model.onnx")
    registry.s3.put_object(Bucket=BUCKET, Key=key, Body=artifact.graph())
    assert registry.publish(artifact) == 1
    assert (
        registry.fetch("double", artifact.digest, tmp_path / "fetched").graph() == artifact.graph()
    )


def test_changed_file_in_the_bucket_is_an_error(registry: Registry, tmp_path: Path) -> None:
    artifact = artifact_of(tmp_path, 0.8)
    key = keys.artifact_file("double", artifact.digest, "model.onnx")
    registry.s3.put_object(Bucket=BUCKET, Key=key, Body=b"something else")
    with pytest.raises(RegistryError, match=f"s3://{BUCKET}/{key} has SHA-256"):
        registry.publish(artifact)
    assert registry.versions("double") == []


def test_concurrent_publishers_never_share_a_number(s3: Any, tmp_path: Path) -> None:
    publishers = 6
    racing = Racing(s3, publishers)
    published = [artifact_of(tmp_path, number / 100) for number in range(publishers)]
    with ThreadPoolExecutor(publishers) as pool:
        numbers = list(pool.map(Registry(racing, BUCKET).publish, published))
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    stored = Registry(s3, BUCKET).versions("double")
    assert {(version.number, version.digest) for version in stored} == {
        (number, artifact.digest) for number, artifact in zip(numbers, published, strict=True)
    }


def test_concurrent_publishers_of_one_digest_agree(s3: Any, tmp_path: Path) -> None:
    racing = Racing(s3, 4)
    artifact = artifact_of(tmp_path, 0.8)
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(Registry(racing, BUCKET).publish, [artifact] * 4))
    assert numbers == [1, 1, 1, 1]


def test_conflict_is_tried_again(s3: Any, tmp_path: Path) -> None:
    assert Registry(Busy(s3, refusals=2), BUCKET).publish(artifact_of(tmp_path, 0.8)) == 1


def test_endless_conflict_is_an_error(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="is being written by others"):
        Registry(Busy(s3, refusals=99), BUCKET).publish(artifact_of(tmp_path, 0.8))


def test_fetched_artifact_is_the_published_one(registry: Registry, tmp_path: Path) -> None:
    artifact = artifact_of(tmp_path, 0.8)
    registry.publish(artifact)
    fetched = registry.fetch("double", artifact.digest, tmp_path / "new" / "place")
    assert fetched.folder == tmp_path / "new" / "place"
    assert (fetched.digest, fetched.graph()) == (artifact.digest, artifact.graph())


def test_fetch_of_changed_bytes_leaves_nothing(registry: Registry, tmp_path: Path) -> None:
    artifact = artifact_of(tmp_path, 0.8)
    registry.publish(artifact)
    key = keys.artifact_file("double", artifact.digest, "examples.json")
    registry.s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    target = tmp_path / "fetched" / "artifact"
    with pytest.raises(ArtifactError, match=r"examples\.json has SHA-256"):
        registry.fetch("double", artifact.digest, target)
    assert list(target.parent.iterdir()) == []


def test_fetch_of_another_manifest_is_refused(registry: Registry, tmp_path: Path) -> None:
    first, second = artifact_of(tmp_path, 0.8), artifact_of(tmp_path, 0.9)
    registry.publish(first)
    key = keys.artifact_manifest("double", first.digest)
    raw = (second.folder / "manifest.json").read_bytes()
    registry.s3.put_object(Bucket=BUCKET, Key=key, Body=raw)
    with pytest.raises(ArtifactError, match=f"has digest {second.digest}"):
        registry.fetch("double", first.digest, tmp_path / "fetched")


def test_fetch_of_nothing_published_names_the_object(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"artifacts/double/0+/manifest\.json is not published"):
        registry.fetch("double", "0" * 64, tmp_path / "fetched")


def test_seed_puts_the_version_under_its_own_number(registry: Registry, tmp_path: Path) -> None:
    artifact = artifact_of(tmp_path, 0.8)
    for _ in range(2):
        registry.seed(lock_of(artifact, 4), artifact)
    assert registry.versions("double") == [Version(4, artifact.digest)]
    assert registry.publish(artifact_of(tmp_path, 0.9)) == 5


@pytest.mark.parametrize(("stored", "locked"), [((0.8, 4), (0.9, 4)), ((0.8, 3), (0.8, 4))])
def test_seed_in_conflict_says_what_is_there(
    registry: Registry, tmp_path: Path, stored: tuple[float, int], locked: tuple[float, int]
) -> None:
    there = artifact_of(tmp_path / "there", stored[0])
    registry.seed(lock_of(there, stored[1]), there)
    artifact = artifact_of(tmp_path / "new", locked[0])
    with pytest.raises(RegistryError, match=f"version {stored[1]} of double is {there.digest}"):
        registry.seed(lock_of(artifact, locked[1]), artifact)
    assert registry.versions("double") == [Version(stored[1], there.digest)]


def test_seed_of_another_artifact_than_the_locked_is_refused(
    registry: Registry, tmp_path: Path
) -> None:
    first, second = artifact_of(tmp_path, 0.8), artifact_of(tmp_path, 0.9)
    with pytest.raises(RegistryError, match=f"has digest {second.digest}, its lock says"):
        registry.seed(lock_of(first, 1), second)
    assert registry.versions("double") == []


def test_malformed_version_is_named(registry: Registry) -> None:
    registry.s3.put_object(Bucket=BUCKET, Key=keys.version("double", 1), Body=b'{"version": 1}')
    with pytest.raises(RegistryError, match=r"versions/double/000001\.json is malformed"):
        registry.versions("double")


class Recording:
    """An S3 that notes the keys that are put."""

    def __init__(self, s3: Any, written: list[str]) -> None:
        self._s3 = s3
        self._written = written

    def put_object(self, **arguments: Any) -> Any:
        self._written.append(arguments["Key"])
        return self._s3.put_object(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)


class Racing:
    """An S3 whose callers all list before any of them claims: the worst case of a race."""

    def __init__(self, s3: Any, callers: int) -> None:
        self._s3 = s3
        self._listed = Barrier(callers, timeout=20)
        self._mutex = Mutex()
        self._waiting = callers

    def put_object(self, **arguments: Any) -> Any:
        if arguments["Key"].startswith("versions/") and self._waiting > 0:
            self._listed.wait()
            self._waiting = 0
        with self._mutex:
            return self._s3.put_object(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)


class Busy:
    """An S3 that answers the first puts of each key with 409."""

    def __init__(self, s3: Any, refusals: int) -> None:
        self._s3 = s3
        self._left: dict[str, int] = {}
        self._refusals = refusals

    def put_object(self, **arguments: Any) -> Any:
        left = self._left.setdefault(arguments["Key"], self._refusals)
        if left:
            self._left[arguments["Key"]] -= 1
            raise ClientError(
                {"Error": {"Code": "Conflict"}, "ResponseMetadata": {"HTTPStatusCode": 409}},
                "PutObject",
            )
        return self._s3.put_object(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)
