"""The upload door: exactly one answer per upload, whatever comes twice, late or broken."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from PIL import Image

from serving.handler import Handler
from serving.service import Service
from serving.store import Store
from serving.types import Json, JsonObject
from serving.uploads import MAX_RECEIVES, Uploads
from tests import artifacts
from tests.unit.serving.conftest import Context, handler_of

UPLOADS, RESULTS = "uploads", "results"


class Bucket:
    """The two buckets of a test, an upload door over them, and what a queue would deliver."""

    def __init__(self, client: Json, handler: Handler) -> None:
        self.client = client
        self.door = Uploads(
            handler.router.service, Store(client, RESULTS), handler.telemetry, handler.meter
        )

    def put(self, key: str, body: bytes, media_type: str = "binary/octet-stream") -> str:
        found = self.client.put_object(Bucket=UPLOADS, Key=key, Body=body, ContentType=media_type)
        version: str = found["VersionId"]
        return version

    def deliver(self, *keys: str, receives: int = 1) -> JsonObject:
        records = [_record(index, key, receives) for index, key in enumerate(keys)]
        return self.door.answer({"Records": records}, Context())

    def names(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=RESULTS)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def text(self, key: str) -> str:
        body: bytes = self.client.get_object(Bucket=RESULTS, Key=key)["Body"].read()
        return body.decode()

    def document(self, key: str) -> JsonObject:
        document: JsonObject = json.loads(self.text(key))
        return document

    def usage(self, key: str) -> JsonObject:
        metadata = self.client.head_object(Bucket=RESULTS, Key=key)["Metadata"]
        found: JsonObject = json.loads(metadata["usage"])
        return found

    def lines(self, key: str) -> list[JsonObject]:
        return [json.loads(line) for line in self.text(key).splitlines()]


def _record(index: int, key: str, receives: int) -> JsonObject:
    detail = {"bucket": {"name": UPLOADS}, "object": {"key": key}}
    return {
        "messageId": f"message-{index}",
        "receiptHandle": "handle",
        "body": json.dumps({"detail-type": "Object Created", "detail": detail}),
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Json]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        for bucket in (UPLOADS, RESULTS):
            client.create_bucket(Bucket=bucket)
        client.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def bucket(client: Json, tmp_path: Path) -> Bucket:
    return Bucket(client, handler_of(artifacts.classifier(tmp_path / "artifact")))


def test_a_json_upload_gets_the_prediction_object(bucket: Bucket) -> None:
    version = bucket.put("in/tiny/a.json", b'{"instances": [[1, 2, 3]]}')
    assert bucket.deliver("in/tiny/a.json") == {"batchItemFailures": []}
    assert bucket.names() == ["out/tiny/a.json.json"]
    document = bucket.document("out/tiny/a.json.json")
    assert (document["id"], document["model"], document["version"]) == ("message-0", "tiny", "3")
    assert document["predictions"][0]["label"] == "high"
    assert document["source"] == {"bucket": UPLOADS, "key": "in/tiny/a.json", "version": version}
    assert document["usage"]["cost_usd"] < 3.5e-6  # no gateway is paid for


def test_a_csv_is_a_batch_with_a_line_for_each_line(bucket: Bucket) -> None:
    rows = b"".join(b"%d,0,0\n" % (-1) ** n for n in range(300))
    bucket.put("in/tiny/flowers.csv", b"a,b,c\n" + rows)
    bucket.deliver("in/tiny/flowers.csv")
    lines = bucket.lines("out/tiny/flowers.csv.json")
    assert [line["line"] for line in lines] == list(range(1, 301))
    assert [line["prediction"]["label"] for line in lines] == ["high", "low"] * 150


def test_a_batch_says_beside_its_lines_what_it_took(bucket: Bucket) -> None:
    bucket.put("in/tiny/flowers.csv", b"1,2,3\n" * 300)
    bucket.put("in/tiny/a.json", b'{"instances": [[1, 2, 3]]}')
    bucket.deliver("in/tiny/flowers.csv", "in/tiny/a.json")
    batch, single = (bucket.usage(f"out/tiny/{name}.json") for name in ("flowers.csv", "a.json"))
    assert batch["compute_ms"] > 0
    assert batch["cost_usd"] > 0
    assert single == bucket.document("out/tiny/a.json.json")["usage"]


def test_bad_lines_are_answered_in_place(bucket: Bucket) -> None:
    body = b'[1, 2, 3]\nnot json\n{"a": 1}\n\n[1, 2, 3]\n[1, 2, NaN]\n{"a": 0, "b": 0, "c": 9}\n'
    bucket.put("in/tiny/batch.jsonl", body)
    bucket.deliver("in/tiny/batch.jsonl")
    lines = bucket.lines("out/tiny/batch.jsonl.json")
    answers = [line.get("prediction", line.get("error")) for line in lines]
    assert [answer.get("label", answer.get("code")) for answer in answers] == [
        "high", "bad_request", "unprocessable", "bad_request", "high", "bad_request", "low",
    ]  # fmt: skip
    assert "lacks 'b', 'c'" in answers[2]["message"]


def test_a_bad_row_of_a_csv_does_not_spoil_the_others(bucket: Bucket) -> None:
    bucket.put("in/tiny/mixed.csv", b"1,2,3\n1,two,3\n1,2\n1,2,3\n")
    bucket.deliver("in/tiny/mixed.csv")
    kinds = [next(iter(line.keys() - {"line"})) for line in bucket.lines("out/tiny/mixed.csv.json")]
    assert kinds == ["prediction", "error", "error", "prediction"]


@pytest.mark.parametrize(
    ("key", "body", "media_type", "code"),
    [
        ("a.json", b'{"instances": [[1, 2]]}', "application/json", "unprocessable"),
        ("a.json", b"{", "application/json", "bad_request"),
        ("a.bin", b"\x00", "application/x-thing", "unsupported_media_type"),
        ("a.png", b"\x89PNG", "image/png", "unsupported_media_type"),
        ("a.csv", b"x,y,z\n1,2,3", "text/csv", "unprocessable"),
        ("a", b"", "application/json", "bad_request"),
    ],
)
def test_a_bad_file_gets_its_reason(
    bucket: Bucket, key: str, body: bytes, media_type: str, code: str
) -> None:
    version = bucket.put(f"in/tiny/{key}", body, media_type)
    assert bucket.deliver(f"in/tiny/{key}") == {"batchItemFailures": []}
    assert bucket.names() == [f"failed/tiny/{key}.json"]
    document = bucket.document(f"failed/tiny/{key}.json")
    assert document["error"]["code"] == code
    assert document["source"]["version"] == version


def test_without_an_ending_the_objects_media_type_counts(bucket: Bucket) -> None:
    bucket.put("in/tiny/row", b"1,2,3", "text/csv")
    bucket.deliver("in/tiny/row")
    assert bucket.document("out/tiny/row.json")["predictions"][0]["label"] == "high"


def test_an_image_upload_is_answered(client: Json, tmp_path: Path) -> None:
    bucket = Bucket(client, handler_of(artifacts.brightness(tmp_path / "artifact")))
    file = BytesIO()
    Image.new("L", (9, 9), 255).save(file, "PNG")
    bucket.put("in/tiny/white.PNG", file.getvalue())
    bucket.deliver("in/tiny/white.PNG")
    assert bucket.document("out/tiny/white.PNG.json")["predictions"][0]["label"] == "bright"


def test_an_upload_over_the_limit_is_refused_unread(client: Json, tmp_path: Path) -> None:
    folder = artifacts.classifier(tmp_path / "artifact", limits={"upload_bytes": 10})
    bucket = Bucket(client, handler_of(folder))
    bucket.put("in/tiny/big.csv", b"1,2,3\n1,2,3\n")
    bucket.deliver("in/tiny/big.csv")
    error = bucket.document("failed/tiny/big.csv.json")["error"]
    assert error["code"] == "too_large"
    assert "12 bytes, expected at most 10" in error["message"]


@pytest.mark.parametrize("name", ["a b.csv", "a+b.csv", "ü/花.csv", "%2F.csv", "x" * 1000])
def test_keys_of_every_kind_work(bucket: Bucket, name: str) -> None:
    bucket.put(f"in/tiny/{name}", b"1,2,3", "text/csv")
    bucket.deliver(f"in/tiny/{name}")
    assert bucket.names() == [f"out/tiny/{name}.json"]


def test_a_duplicate_delivery_changes_nothing(bucket: Bucket) -> None:
    versioning = {"Status": "Enabled"}
    bucket.client.put_bucket_versioning(Bucket=RESULTS, VersioningConfiguration=versioning)
    bucket.put("in/tiny/a.csv", b"1,2,3")
    bucket.deliver("in/tiny/a.csv", "in/tiny/a.csv")
    bucket.deliver("in/tiny/a.csv")
    written = bucket.client.list_object_versions(Bucket=RESULTS)["Versions"]
    assert [version["Key"] for version in written] == ["out/tiny/a.csv.json"]


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        (b"1,2,3", b"-9,0,0", ["out/tiny/a.csv.json"]),
        (b"1,2,3", b"x,y,z\n", ["failed/tiny/a.csv.json"]),
        (b"x,y,z\n", b"1,2,3", ["out/tiny/a.csv.json"]),
    ],
    ids=["good, then good", "good, then bad", "bad, then good"],
)
def test_the_newest_version_has_the_one_answer(
    bucket: Bucket, old: bytes, new: bytes, names: list[str]
) -> None:
    for body in (old, new):
        version = bucket.put("in/tiny/a.csv", body)
        bucket.deliver("in/tiny/a.csv")
    assert bucket.names() == names
    held = bucket.client.head_object(Bucket=RESULTS, Key=names[0])
    assert held["Metadata"]["source-version"] == version


class Overtaken:
    """An S3 client before whose first write another worker answers a newer version."""

    def __init__(self, bucket: Bucket, newer: bytes, moment: str) -> None:
        self._bucket, self._newer, self._moment = bucket, newer, moment

    def __getattr__(self, name: str) -> Json:
        if name == self._moment:
            self._moment = ""
            self._bucket.put("in/tiny/a.csv", self._newer)
            self._bucket.deliver("in/tiny/a.csv")
        return getattr(self._bucket.client, name)


@pytest.mark.parametrize("answered", [False, True], ids=["first", "answered before"])
@pytest.mark.parametrize("moment", ["head_object", "put_object"])
@pytest.mark.parametrize("older", [b"1,2,3", b"x,y,z\n"], ids=["older good", "older bad"])
@pytest.mark.parametrize("newer", [b"-9,0,0", b"u,v,w\n"], ids=["newer good", "newer bad"])
def test_an_older_version_never_replaces_a_newer_one(
    bucket: Bucket, tmp_path: Path, older: bytes, newer: bytes, moment: str, answered: bool
) -> None:
    if answered:
        bucket.put("in/tiny/a.csv", older + b"\n")
        bucket.deliver("in/tiny/a.csv")
    bucket.put("in/tiny/a.csv", older)
    slow = Bucket(Overtaken(bucket, newer, moment), handler_of(tmp_path / "artifact"))
    assert slow.deliver("in/tiny/a.csv") == {"batchItemFailures": []}
    newest = bucket.client.head_object(Bucket=UPLOADS, Key="in/tiny/a.csv")["VersionId"]
    [name] = bucket.names()
    held = bucket.client.head_object(Bucket=RESULTS, Key=name)
    assert held["Metadata"]["source-version"] == newest


class Outdated:
    """An S3 client whose first read is followed at once by a newer upload, not yet answered."""

    def __init__(self, bucket: Bucket, newer: bytes) -> None:
        self._bucket, self._newer = bucket, [newer]

    def __getattr__(self, name: str) -> Json:
        return self._read if name == "get_object" else getattr(self._bucket.client, name)

    def _read(self, **arguments: Json) -> Json:
        found = self._bucket.client.get_object(**arguments)
        if self._newer:
            self._bucket.put("in/tiny/a.csv", self._newer.pop())
        return found


def test_a_refusal_is_of_the_version_that_was_read(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("in/tiny/a.csv", b"x,y,z\n")
    slow = Bucket(Outdated(bucket, b"1,2,3"), handler_of(tmp_path / "artifact"))
    slow.deliver("in/tiny/a.csv")
    assert bucket.names() == []
    bucket.deliver("in/tiny/a.csv")
    assert bucket.names() == ["out/tiny/a.csv.json"]


class Failing:
    """An S3 client one of whose operations always fails."""

    def __init__(self, client: Json, operation: str) -> None:
        self._client, self._operation = client, operation

    def __getattr__(self, name: str) -> Json:
        if name == self._operation:
            return self._fail
        return getattr(self._client, name)

    def _fail(self, **_: Json) -> None:
        raise ClientError({"Error": {"Code": "InternalError"}}, self._operation)


@pytest.mark.parametrize("operation", ["get_object", "put_object", "head_object"])
def test_trouble_with_s3_comes_again(bucket: Bucket, tmp_path: Path, operation: str) -> None:
    bucket.put("in/tiny/a.csv", b"1,2,3")
    troubled = Bucket(Failing(bucket.client, operation), handler_of(tmp_path / "artifact"))
    assert troubled.deliver("in/tiny/a.csv") == {
        "batchItemFailures": [{"itemIdentifier": "message-0"}]
    }
    assert bucket.names() == []
    bucket.deliver("in/tiny/a.csv")
    assert bucket.names() == ["out/tiny/a.csv.json"]


def test_only_the_failed_message_comes_again(bucket: Bucket) -> None:
    bucket.put("in/tiny/a.csv", b"1,2,3")
    bucket.put("in/other/b.csv", b"1,2,3")
    assert bucket.deliver("in/other/b.csv", "in/tiny/a.csv") == {
        "batchItemFailures": [{"itemIdentifier": "message-0"}]
    }
    assert bucket.names() == ["out/tiny/a.csv.json"]


@pytest.mark.parametrize(
    ("body", "name"),
    [("{", "JSONDecodeError"), ("{}", "KeyError"), ('{"detail": []}', "TypeError")],
)
def test_a_message_that_announces_nothing_comes_again_and_is_logged(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], body: str, name: str
) -> None:
    record = {**_record(0, "", 1), "body": body}
    answer = bucket.door.answer({"Records": [record]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert json.loads(capsys.readouterr().out)["exception_name"] == name


def test_a_bug_is_answered_at_the_last_try(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: Json) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Service, "predict", bug)
    bucket.put("in/tiny/a.csv", b"1,2,3")
    retried = bucket.deliver("in/tiny/a.csv", receives=MAX_RECEIVES - 1)
    assert retried["batchItemFailures"]
    assert bucket.names() == []
    assert bucket.deliver("in/tiny/a.csv", receives=MAX_RECEIVES) == {"batchItemFailures": []}
    error = bucket.document("failed/tiny/a.csv.json")["error"]
    assert error["message"] == "internal error, please report id message-0"


def test_an_upload_that_is_gone_leaves_nothing(bucket: Bucket) -> None:
    assert bucket.deliver("in/tiny/gone.csv") == {"batchItemFailures": []}
    assert bucket.names() == []


def test_a_batch_past_its_deadline_is_refused_whole(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serving.errors import DeadlineExceeded

    def late(*_: Json) -> None:
        raise DeadlineExceeded("the model did not answer in time")

    monkeypatch.setattr(Service, "predict", late)
    bucket.put("in/tiny/a.csv", b"1,2,3\n1,2,3\n")
    bucket.deliver("in/tiny/a.csv")
    assert bucket.document("failed/tiny/a.csv.json")["error"]["code"] == "deadline_exceeded"


@pytest.mark.parametrize("receives", [1, MAX_RECEIVES])
def test_an_upload_whose_time_others_used_up_comes_again(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, receives: int
) -> None:
    from serving.errors import DeadlineExceeded

    def slow(_: Json, instances: list[Json], *__: Json) -> list[Json]:
        if not context.remaining_ms:
            raise DeadlineExceeded("the model did not answer in time")
        context.remaining_ms = 0
        return [1] * len(instances)

    context = Context()
    monkeypatch.setattr(Service, "predict", slow)
    for key in ("a.csv", "b.csv"):
        bucket.put(f"in/tiny/{key}", b"1,2,3\n")
    records = [_record(n, f"in/tiny/{key}.csv", receives) for n, key in enumerate("ab")]
    answer = bucket.door.answer({"Records": records}, context)
    again = [{"itemIdentifier": "message-1"}] if receives < MAX_RECEIVES else []
    refused = [] if again else ["failed/tiny/b.csv.json"]
    assert answer == {"batchItemFailures": again}
    assert bucket.names() == [*refused, "out/tiny/a.csv.json"]


def test_the_line_of_a_part_names_the_jobs_caller(
    bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.client.put_object(
        Bucket=UPLOADS, Key="in/tiny/a.csv", Body=b"1,2,3\n", Metadata={"caller": "key_1"}
    )
    bucket.deliver("in/tiny/a.csv")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["caller"] == "key_1"


def test_a_bucket_without_versions_counts_by_content(client: Json, tmp_path: Path) -> None:
    client.create_bucket(Bucket="plain")
    client.put_object(Bucket="plain", Key="k", Body=b"x")
    store = Store(client, RESULTS)
    source = store.read("plain", "k", limit=10)
    assert source is not None
    assert source.version == store.newest("plain", "k")
    client.put_object(Bucket="plain", Key="k", Body=b"y")
    assert source.version != store.newest("plain", "k")
    assert store.newest("plain", "none") is None


def test_json_of_too_many_values_is_refused_before_it_is_read(bucket: Bucket) -> None:
    bucket.put("in/tiny/many.json", b'{"instances": [' + b"0," * 2_000_000 + b"0]}")
    assert bucket.deliver("in/tiny/many.json") == {"batchItemFailures": []}
    error = bucket.document("failed/tiny/many.json.json")["error"]
    assert error["code"] == "too_large"
    assert error["message"] == "the upload has about 2000001 values, expected at most 2000000"
