"""Large artifacts come from S3, whole and checked, in parallel parts."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from serving import artifact, fetch, keys
from serving.errors import ArtifactError
from serving.lock import Lock
from serving.types import Json
from tests import artifacts


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Json]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="artifacts")
        yield client


@pytest.fixture
def published(client: Json, tmp_path: Path) -> artifact.Artifact:
    loaded = artifact.load(artifacts.classifier(tmp_path / "made"))
    for path in loaded.folder.iterdir():
        key = keys.artifact_file("tiny", loaded.digest, path.name)
        client.put_object(Bucket="artifacts", Key=key, Body=path.read_bytes())
    return loaded


def test_a_packaged_artifact_needs_no_s3(tmp_path: Path) -> None:
    (tmp_path / "artifact").mkdir()
    lock = Lock(1, "0" * 64, 1, {})
    assert fetch.locate(tmp_path, "tiny", lock, "none") == tmp_path / "artifact"


def test_what_is_not_packaged_is_fetched(
    client: Json, published: artifact.Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lock = Lock(1, published.digest, 1, {})
    folder = fetch.locate(tmp_path / "package", "tiny", lock, "artifacts")
    assert artifact.load(folder, published.digest).graph() == published.graph()


def test_parts_are_put_together_in_order(
    client: Json, published: artifact.Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_RANGE_BYTES", 7)
    folder = fetch.download(client, "artifacts", "tiny", published.digest, tmp_path)
    assert artifact.load(folder, published.digest).graph() == published.graph()


def test_a_missing_artifact_is_named(client: Json, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"s3://artifacts/artifacts/tiny/0000.* cannot be read"):
        fetch.download(client, "artifacts", "tiny", "0" * 64, tmp_path)


def test_another_manifest_is_refused_before_its_files_are_fetched(
    client: Json, published: artifact.Artifact, tmp_path: Path
) -> None:
    manifest = keys.artifact_manifest("tiny", published.digest)
    client.put_object(Bucket="artifacts", Key=manifest, Body=b"{}")
    with pytest.raises(ArtifactError, match=f"expected {published.digest}"):
        fetch.download(client, "artifacts", "tiny", published.digest, tmp_path)
    assert not (tmp_path / published.digest / "model.onnx").exists()
