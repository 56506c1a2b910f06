"""Queues and the functions behind them: batches, partial failures, dead letters."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.local.cloud import LocalCloud
from tests.integration import tiny

# The queues are shared, and what they hold is counted: one process runs all of these.
pytestmark = pytest.mark.xdist_group("queues")
Record = dict[str, Any]


def url(cloud: LocalCloud, queue: str) -> str:
    """A queue's address."""
    found: str = cloud.client("sqs").get_queue_url(QueueName=f"flotilla-{queue}")["QueueUrl"]
    return found


def send(cloud: LocalCloud, queue: str, *bodies: dict[str, Any]) -> str:
    """Send these messages together; gives the mark by which `seen` tells them from others."""
    mark = uuid4().hex
    entries = [
        {"Id": str(index), "MessageBody": json.dumps({**body, "mark": mark, "index": index})}
        for index, body in enumerate(bodies)
    ]
    cloud.client("sqs").send_message_batch(QueueUrl=url(cloud, queue), Entries=entries)
    return mark


def seen(folder: Path, mark: str) -> list[list[Record]]:
    """The batches with messages of this mark that the function was given so far."""
    log = (folder / "logs" / "obedient.log").read_text()
    lines = [line for line in log.splitlines() if line.startswith("BATCH ") and mark in line]
    return [json.loads(line.removeprefix("BATCH ")) for line in lines]


def deliveries(folder: Path, mark: str) -> list[int]:
    """How often each message was delivered, by index."""
    counts: dict[int, int] = {}
    for batch in seen(folder, mark):
        for record in batch:
            index = json.loads(record["body"])["index"]
            counts[index] = counts.get(index, 0) + 1
    return [counts[index] for index in sorted(counts)]


def wait_for(found: Any, expected: Any, timeout_s: float = 15) -> None:
    """Wait until `found()` is as expected."""
    until = time.monotonic() + timeout_s
    while found() != expected and time.monotonic() < until:
        time.sleep(0.05)
    assert found() == expected


def dead(cloud: LocalCloud, queue: str, mark: str) -> set[int]:
    """The messages that the dead letter queue of a queue holds."""
    reply = cloud.client("sqs").receive_message(
        QueueUrl=url(cloud, f"{queue}Dead"), MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    bodies = [json.loads(message["Body"]) for message in reply.get("Messages", [])]
    return {body["index"] for body in bodies if body["mark"] == mark}


def waiting(cloud: LocalCloud, queue: str) -> int:
    """How many messages a queue holds, hidden ones too."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    reply = cloud.client("sqs").get_queue_attributes(
        QueueUrl=url(cloud, queue), AttributeNames=names
    )
    return sum(int(reply["Attributes"][name]) for name in names)


def test_records_have_the_shape_of_sqs_events(tiny_cloud: LocalCloud, tiny_folder: Path) -> None:
    mark = send(tiny_cloud, "Polled", {"do": "nothing"})
    wait_for(lambda: deliveries(tiny_folder, mark), [1])
    (record,) = seen(tiny_folder, mark)[0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:flotilla-Polled"
    assert record["awsRegion"] == "us-east-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"messageId", "receiptHandle", "md5OfBody", "messageAttributes"} <= record.keys()


def test_batches_are_no_larger_than_the_template_says(
    tiny_cloud: LocalCloud, tiny_folder: Path
) -> None:
    mark = send(tiny_cloud, "Polled", *[{"do": "nothing"}] * 10)
    wait_for(lambda: deliveries(tiny_folder, mark), [1] * 10)
    assert max(len(batch) for batch in seen(tiny_folder, mark)) == tiny.BATCH
    wait_for(lambda: waiting(tiny_cloud, "Polled"), 0)


def test_only_what_failed_comes_again_and_ends_as_a_dead_letter(
    tiny_cloud: LocalCloud, tiny_folder: Path
) -> None:
    mark = send(tiny_cloud, "Polled", {"do": "nothing"}, {"do": "fail"}, {"do": "nothing"})
    wait_for(lambda: deliveries(tiny_folder, mark), [1, tiny.RECEIVES, 1])
    wait_for(lambda: dead(tiny_cloud, "Polled", mark), {1})
    assert deliveries(tiny_folder, mark) == [1, tiny.RECEIVES, 1]
    assert waiting(tiny_cloud, "Polled") == 0


def test_batch_that_raises_comes_again_as_a_whole(
    tiny_cloud: LocalCloud, tiny_folder: Path
) -> None:
    mark = send(tiny_cloud, "Polled", {"do": "nothing"}, {"do": "raise"})
    wait_for(lambda: dead(tiny_cloud, "Polled", mark), {0, 1})
    assert deliveries(tiny_folder, mark) == [tiny.RECEIVES, tiny.RECEIVES]


@pytest.mark.parametrize("how", ["misreport", "misname"])
def test_answer_that_makes_no_sense_fails_the_whole_batch(tiny_cloud: LocalCloud, how: str) -> None:
    mark = send(tiny_cloud, "Polled", {"do": "nothing"}, {"do": how})
    wait_for(lambda: dead(tiny_cloud, "Polled", mark), {0, 1})


def test_failures_count_only_where_the_template_lets_them_be_reported(
    tiny_cloud: LocalCloud, tiny_folder: Path
) -> None:
    mark = send(tiny_cloud, "Naive", {"do": "fail"})
    wait_for(lambda: waiting(tiny_cloud, "Naive"), 0)
    assert deliveries(tiny_folder, mark) == [1]
    assert dead(tiny_cloud, "Naive", mark) == set()
