"""The service over moto, with a queue that is a list and a model that is a function."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from functions.jobs.api import Api
from functions.jobs.door import Door
from functions.jobs.inputs import Inputs
from functions.jobs.job import Job
from functions.jobs.queue import Task
from functions.jobs.results import Results
from functions.jobs.table import Jobs
from functions.jobs.webhooks import Hosts, Undelivered
from functions.jobs.worker import Worker
from serving.http import Request, Response
from serving.telemetry import Telemetry
from tests.unit.serving.conftest import Context

UPLOADS, RESULTS = "uploads", "results"
REGION = "us-east-1"
HOOK = "https://hooks.example.com/done"
# An answer of the model for each line of a part, or None for a part that it cannot answer.
Model = Callable[[str, bytes], list[str] | None]


class Tasks:
    """A queue that keeps what it is sent, with the time at which it is due."""

    def __init__(self, clock: "Clock") -> None:
        self.clock = clock
        self.sent: list[tuple[float, Task]] = []

    def send(self, task: Task, delay_s: int = 0) -> None:
        self.sent.append((self.clock() + delay_s, task))

    def take(self) -> Task:
        """The task that is due first; the clock goes there."""
        first = min(self.sent, key=lambda entry: entry[0])
        self.sent.remove(first)
        self.clock.now = max(self.clock.now, first[0])
        return first[1]


class Clock:
    """A time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Receiver:
    """A webhook's receiver: `statuses` are its answers, one after the other; 0 is none at all."""

    def __init__(self) -> None:
        self.statuses: Iterator[int] = itertools.repeat(200)
        self.came: list[tuple[str, bytes, Mapping[str, str]]] = []

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.came.append((url, body, headers))
        status = next(self.statuses)
        if not status:
            raise Undelivered("nobody is there")
        return status


class World:
    """The service, and what stands around it."""

    def __init__(self, s3: Any, table: Any) -> None:
        self.s3 = s3
        self.clock = Clock()
        self.tasks = Tasks(self.clock)
        self.receiver = Receiver()
        jobs = Jobs(table, self.clock)
        parts = (jobs, Inputs(s3, UPLOADS), Results(s3, RESULTS), self.tasks)
        self.jobs = jobs
        self.api = Api(*parts, Hosts.read("hooks.example.com"), self.clock)  # type: ignore[arg-type]
        self.worker = Worker(*parts, self.receiver, self.clock)  # type: ignore[arg-type]
        telemetry = Telemetry("jobs", "Flotilla", lambda: "")
        self.door = Door(self.api, self.worker, telemetry)

    def ask(
        self, method: str, path: str, body: Any = None, caller: str = "me", **headers: str
    ) -> Response:
        """What the service answers a caller; text and bytes go as they are, the rest as JSON."""
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        path, _, query = path.partition("?")
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, path, names, raw, caller=caller)
        pairs = (pair.split("=") for pair in query.split("&") if pair)
        return self.api.respond(request, dict(pairs))

    def make(self, body: Any = None, caller: str = "me") -> dict[str, Any]:
        """The answer to a new job of the model `tiny`."""
        return read(self.ask("POST", "/v1/models/tiny/jobs", body, caller))

    def show(self, job_id: str, caller: str = "me") -> dict[str, Any]:
        return read(self.ask("GET", f"/v1/jobs/{job_id}", caller=caller))

    def job(self, job_id: str, caller: str = "me") -> Job:
        found = self.jobs.find(caller, job_id)
        assert found
        return found

    def upload(self, job_id: str, body: bytes) -> str:
        """Put a job's input, as a caller does with the address; gives its version."""
        key = self.job(job_id).input_key
        version: str = self.s3.put_object(Bucket=UPLOADS, Key=key, Body=body)["VersionId"]
        return version

    def begin(self, job_id: str, body: bytes) -> None:
        """Upload a job's input, and let the worker hear of it."""
        self.worker.begin("me", job_id, self.upload(job_id, body))

    def parts(self, job_id: str) -> dict[str, bytes]:
        """The parts that the model `tiny` finds, by name."""
        prefix = f"in/tiny/jobs/{job_id}/"
        return {
            key.removeprefix(prefix): self.read(UPLOADS, key)
            for key in self.keys(UPLOADS)
            if key.startswith(prefix)
        }

    def answer(self, job_id: str, model: Model, only: int | None = None) -> None:
        """Have the model answer the parts, or only so many of them."""
        for name, body in list(self.parts(job_id).items())[:only]:
            answers = model(name, body)
            place, content = "failed", b'{"error": {"code": "unprocessable", "message": "no"}}'
            if answers is not None:
                place = "out"
                content = b"".join(
                    json.dumps({"line": n, "prediction": a}, separators=(",", ":")).encode() + b"\n"
                    for n, a in enumerate(answers, start=1)
                )
            key = f"{place}/tiny/jobs/{job_id}/{name}.json"
            self.s3.put_object(Bucket=RESULTS, Key=key, Body=content)

    def run(self, most: int = 100) -> None:
        """Take every task that is sent, up to `most`."""
        for _ in range(most):
            if not self.tasks.sent:
                return
            self.take(self.tasks.take())

    def take(self, task: Task) -> None:
        """Take one task."""
        {
            "look": lambda: self.worker.look(task),
            "close": lambda: self.worker.close(task.caller, task.job),
            "notify": lambda: self.worker.notify(task),
        }[task.step]()

    def result(self, job_id: str) -> list[dict[str, Any]]:
        """The lines of a job's result."""
        body = self.read(RESULTS, self.job(job_id).result_key)
        return [json.loads(line) for line in body.splitlines()]

    def keys(self, bucket: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [entry["Key"] for entry in found]

    def read(self, bucket: str, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body


def read(response: Response) -> dict[str, Any]:
    """A response's document."""
    document: dict[str, Any] = json.loads(response.body)
    return document


def record(body: str, receives: int = 1) -> dict[str, Any]:
    """A message of the queue, as Lambda hands it out."""
    return {
        "messageId": "message-1",
        "receiptHandle": "handle",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[Any, Any]]:
    """moto's S3 and DynamoDB, and clients, which take longer to make than a test to run."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "test")
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        yield boto3.client("s3"), boto3.resource("dynamodb")


@pytest.fixture
def world(aws: tuple[Any, Any]) -> Iterator[World]:
    s3, dynamodb = aws
    for bucket in (UPLOADS, RESULTS):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Enabled"})
    keys = {"caller": "HASH", "id": "RANGE"}
    table = dynamodb.create_table(
        TableName="jobs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
    )
    yield World(s3, table)
    s3_backends[ACCOUNT]["aws"].reset()
    dynamodb_backends[ACCOUNT][REGION].reset()


@pytest.fixture
def context() -> Context:
    return replace(Context(), function_name="flotilla-jobs")
