"""What EventBridge tells a queue about objects in S3, in AWS's shape."""

import io
import json
import time
from typing import Any
from uuid import uuid4

import pytest
from boto3.s3.transfer import TransferConfig

from infra.local.cloud import LocalCloud

# All tests read the one queue: one process runs them, one after the other.
pytestmark = pytest.mark.xdist_group("events")
MIB = 1024 * 1024


def announced(cloud: LocalCloud, mark: str, count: int) -> list[dict[str, Any]]:
    """The events about keys that contain `mark`, once there are so many (and a moment later)."""
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName="flotilla-Announced")["QueueUrl"]
    found: list[dict[str, Any]] = []
    until = time.monotonic() + 10
    while time.monotonic() < until:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        events = [json.loads(message["Body"]) for message in messages]
        found += [event for event in events if mark in event["detail"]["object"]["key"]]
        if len(found) >= count and not messages:
            break
    return found


@pytest.mark.parametrize(
    "name",
    [
        "plain.csv",
        "with space.csv",
        "a+b&c=d.csv",
        "100%2Fsure.csv",
        "füße/日本語/🌸.csv",
        "long/" + "x" * 950,
    ],
)
def test_key_is_told_as_it_is(tiny_cloud: LocalCloud, name: str) -> None:
    key = f"in/thing/{uuid4().hex}/{name}"[:1024]
    put = tiny_cloud.client("s3").put_object(
        Bucket=tiny_cloud.uploads_bucket, Key=key, Body=b"12345"
    )
    (event,) = announced(tiny_cloud, key, 1)
    assert event["source"] == "aws.s3"
    assert event["detail-type"] == "Object Created"
    assert event["account"] == "123456789012"
    assert time.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ")
    detail = event["detail"]
    assert detail["bucket"] == {"name": tiny_cloud.uploads_bucket}
    assert detail["object"]["key"] == key
    assert detail["object"]["size"] == 5
    assert detail["object"]["version-id"] == put["VersionId"]
    assert detail["object"]["etag"] == put["ETag"].strip('"')
    assert detail["reason"] == "PutObject"


def test_sequencers_of_one_key_rise(tiny_cloud: LocalCloud) -> None:
    key = f"in/thing/{uuid4().hex}"
    s3 = tiny_cloud.client("s3")
    puts = [s3.put_object(Bucket=tiny_cloud.uploads_bucket, Key=key, Body=b"x") for _ in range(3)]
    things = [event["detail"]["object"] for event in announced(tiny_cloud, key, 3)]
    things.sort(key=lambda thing: thing["sequencer"])
    assert len({thing["sequencer"] for thing in things}) == 3
    assert [thing["version-id"] for thing in things] == [put["VersionId"] for put in puts]


def test_multipart_upload_is_announced_once(tiny_cloud: LocalCloud) -> None:
    key = f"in/thing/{uuid4().hex}"
    parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    tiny_cloud.client("s3").upload_fileobj(
        io.BytesIO(bytes(6 * MIB)), tiny_cloud.uploads_bucket, key, Config=parts
    )
    (event,) = announced(tiny_cloud, key, 1)
    assert event["detail"]["reason"] == "CompleteMultipartUpload"
    assert event["detail"]["object"]["size"] == 6 * MIB


def test_copy_is_announced_as_one(tiny_cloud: LocalCloud) -> None:
    mark = uuid4().hex
    s3, bucket = tiny_cloud.client("s3"), tiny_cloud.uploads_bucket
    s3.put_object(Bucket=bucket, Key=f"elsewhere/{mark}", Body=b"x")
    source = {"Bucket": bucket, "Key": f"elsewhere/{mark}"}
    s3.copy_object(Bucket=bucket, Key=f"in/thing/{mark}", CopySource=source)
    (event,) = announced(tiny_cloud, mark, 1)
    assert event["detail"]["object"]["key"] == f"in/thing/{mark}"
    assert event["detail"]["reason"] == "CopyObject"


def test_other_prefixes_and_deletions_are_not_announced(tiny_cloud: LocalCloud) -> None:
    mark = uuid4().hex
    s3, bucket = tiny_cloud.client("s3"), tiny_cloud.uploads_bucket
    for key in (f"in/thingy/{mark}", f"out/thing/{mark}", f"in/thing/{mark}"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        s3.delete_object(Bucket=bucket, Key=key)
    (event,) = announced(tiny_cloud, mark, 1)
    assert event["detail"]["object"]["key"] == f"in/thing/{mark}"
