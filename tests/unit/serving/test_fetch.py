"""Large artifacts come from S3, whole and checked."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from serving import artifact, fetch, keys, objects
from serving.errors import ArtifactError
from serving.lock import Lock
from serving.types import Json
from tests import artifacts

ENVIRON = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {**ENVIRON, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    server.stop()


@pytest.fixture
def client(environ: dict[str, str]) -> Json:
    client = boto3.client(
        "s3",
        endpoint_url=environ["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="AKID",
        aws_secret_access_key="s",
    )
    client.create_bucket(Bucket="artifacts")
    return client


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
    assert fetch.locate(tmp_path, "tiny", lock, "none", {}) == tmp_path / "artifact"


def test_what_is_not_packaged_is_fetched(
    environ: dict[str, str],
    published: artifact.Artifact,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(objects, "_RANGE_BYTES", 7)
    lock = Lock(1, published.digest, 1, {})
    folder = fetch.locate(tmp_path / "package", "tiny", lock, "artifacts", environ)
    assert artifact.load_whole(folder, published.digest).graph() == published.graph()


def test_a_missing_artifact_is_named(environ: dict[str, str], client: Json, tmp_path: Path) -> None:
    held = objects.connect("artifacts", environ)
    with pytest.raises(ArtifactError, match=r"s3://artifacts/artifacts/tiny/0000.*NoSuchKey"):
        fetch.download(held, "tiny", "0" * 64, tmp_path)


def test_another_manifest_is_refused_before_its_files_are_fetched(
    environ: dict[str, str], client: Json, published: artifact.Artifact, tmp_path: Path
) -> None:
    manifest = keys.artifact_manifest("tiny", published.digest)
    client.put_object(Bucket="artifacts", Key=manifest, Body=b"{}")
    held = objects.connect("artifacts", environ)
    with pytest.raises(ArtifactError, match=f"expected {published.digest}"):
        fetch.download(held, "tiny", published.digest, tmp_path)
    assert not (tmp_path / published.digest / "model.onnx").exists()
