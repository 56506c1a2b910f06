"""Publishing: to S3 or offline, all or nothing."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from serving import lock as locks
from serving.errors import ArtifactError
from tests.unit.training import crafted
from training.release.publish import PublishError, connect, publish
from training.release.registry import Registry, RegistryError, Version

BUCKET = "artifacts"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield Registry(client, BUCKET)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one model, `double`, trained and never published."""
    crafted.model_folder(tmp_path / "functions" / "double")
    train(tmp_path, accuracy=0.9)
    return tmp_path


def train(root: Path, accuracy: float) -> None:
    """Train anew: another accuracy is another digest."""
    path = root / "training" / "double" / "artifact"
    shutil.rmtree(path, ignore_errors=True)
    crafted.write_artifact(path, metrics={"accuracy": accuracy})


def lock_text(root: Path) -> str:
    return (root / "functions" / "double" / locks.NAME).read_text()


def names_in(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "functions" / "double").iterdir())


def test_first_publish_locks_version_one(root: Path, registry: Registry) -> None:
    published = publish(root, "double", registry)
    assert published.before is None
    assert locks.read(root / "functions" / "double") == published.lock
    assert registry.versions("double") == [Version(1, published.lock.digest)]
    files = (root / "training" / "double" / "artifact").iterdir()
    assert published.lock.size_bytes == sum(path.stat().st_size for path in files)
    assert published.lock.metrics == {"accuracy": 0.9}
    assert names_in(root) == ["artifact.lock", "model.toml"]


def test_second_publish_of_the_same_changes_nothing(root: Path, registry: Registry) -> None:
    first = publish(root, "double", registry)
    text = lock_text(root)
    second = publish(root, "double", registry)
    assert (second.lock, second.before) == (first.lock, first.lock)
    assert lock_text(root) == text


def test_new_digest_is_the_next_version(root: Path, registry: Registry) -> None:
    publish(root, "double", registry)
    train(root, accuracy=0.95)
    assert publish(root, "double", registry).lock.version == 2


def test_failed_check_publishes_nothing(root: Path, registry: Registry) -> None:
    publish(root, "double", registry)
    text = lock_text(root)
    train(root, accuracy=0.5)
    with pytest.raises(PublishError, match=r"double fails its check: metrics: accuracy is 0\.5"):
        publish(root, "double", registry)
    assert (lock_text(root), len(registry.versions("double"))) == (text, 1)


def test_tolerance_lets_a_worse_metric_pass(root: Path, registry: Registry) -> None:
    publish(root, "double", registry)
    train(root, accuracy=0.5)
    assert publish(root, "double", registry, tolerance=0.5).lock.version == 2


def test_failing_bucket_leaves_the_lock_alone(root: Path, registry: Registry) -> None:
    publish(root, "double", registry)
    text = lock_text(root)
    train(root, accuracy=0.95)
    with pytest.raises(RegistryError, match="full"):
        publish(root, "double", Registry(Full(registry.s3), BUCKET))
    assert lock_text(root) == text
    assert names_in(root) == ["artifact.lock", "model.toml"]


def test_lock_that_cannot_be_replaced_leaves_no_litter(root: Path, registry: Registry) -> None:
    target = root / "functions" / "double" / locks.NAME
    with pytest.raises(OSError, match="directory"):
        publish(root, "double", Registry(Occupying(registry.s3, target), BUCKET))
    assert names_in(root) == ["artifact.lock", "model.toml"]


def test_untrained_model_says_what_to_run(root: Path) -> None:
    shutil.rmtree(root / "training" / "double" / "artifact")
    with pytest.raises(PublishError, match="run `flotilla train double`"):
        publish(root, "double", None)


def test_malformed_lock_is_not_overwritten(root: Path) -> None:
    (root / "functions" / "double" / locks.NAME).write_text("{")
    with pytest.raises(ArtifactError, match="is malformed"):
        publish(root, "double", None)
    assert lock_text(root) == "{"


def test_offline_counts_on_from_the_lock(root: Path) -> None:
    versions = []
    for accuracy in (0.9, 0.9, 0.95):
        train(root, accuracy)
        versions.append(publish(root, "double", None).lock.version)
    assert versions == [1, 1, 2]


def test_offline_version_keeps_its_number_in_a_bucket(root: Path, registry: Registry) -> None:
    for accuracy in (0.9, 0.95):
        train(root, accuracy)
        offline = publish(root, "double", None).lock
    assert publish(root, "double", registry).lock == offline
    assert registry.versions("double") == [Version(2, offline.digest)]


def test_offline_number_that_others_took_is_given_up(root: Path, registry: Registry) -> None:
    theirs = publish(root, "double", registry).lock
    (root / "functions" / "double" / locks.NAME).unlink()
    train(root, accuracy=0.95)
    ours = publish(root, "double", None).lock
    assert ours.version == theirs.version
    assert publish(root, "double", registry).lock.version == 2
    assert registry.versions("double") == [Version(1, theirs.digest), Version(2, ours.digest)]


def test_without_any_s3_the_choices_are_named(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"`flotilla up`.*--bucket.*--offline"):
        connect(tmp_path)


def test_bucket_that_is_not_there_is_named(registry: Registry, tmp_path: Path) -> None:
    assert connect(tmp_path, registry.bucket).bucket == BUCKET
    with pytest.raises(PublishError, match="bucket nowhere cannot be reached"):
        connect(tmp_path, "nowhere")


def test_local_cloud_that_is_gone_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    running = {"s3_endpoint": "http://127.0.0.1:9", "artifacts_bucket": "local-artifacts"}
    (tmp_path / "build" / "local.json").write_text(json.dumps(running))
    with pytest.raises(PublishError, match="bucket local-artifacts cannot be reached"):
        connect(tmp_path)


class Full:
    """An S3 that takes nothing more."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def put_object(self, **arguments: Any) -> Any:
        raise RegistryError("the bucket is full")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)


class Occupying:
    """An S3 during whose puts somebody makes a directory of the lock's name."""

    def __init__(self, s3: Any, target: Path) -> None:
        self._s3 = s3
        self._target = target

    def put_object(self, **arguments: Any) -> Any:
        self._target.mkdir(exist_ok=True)
        return self._s3.put_object(**arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)
