"""Events to the service's halves, and what becomes of a step that fails."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from functions.jobs.door import MAX_RECEIVES
from functions.jobs.queue import Step, Task
from infra.resources import quotas
from tests.unit.functions.jobs.conftest import UPLOADS, World, record
from tests.unit.serving.conftest import Context, proxy_event


def announcement(world: World, job_id: str, version: str) -> str:
    """What EventBridge says of a job's input."""
    thing = {"key": world.job(job_id).input_key, "version-id": version}
    detail = {"bucket": {"name": UPLOADS}, "object": thing}
    return json.dumps({"detail-type": "Object Created", "detail": detail})


def test_requests_are_answered_for_who_the_authorizer_says(world: World, context: Context) -> None:
    event = proxy_event("/v1/models/tiny/jobs")
    event["requestContext"] = {"authorizer": {"caller": "key_1"}}
    reply = world.door(event, context)
    assert reply["statusCode"] == 202
    assert world.job(json.loads(reply["body"])["id"], caller="key_1")


def test_requests_of_nobody_are_kept_apart(world: World, context: Context) -> None:
    reply = world.door(proxy_event("/v1/models/tiny/jobs"), context)
    assert world.job(json.loads(reply["body"])["id"], caller="-")


def test_what_is_refused_is_in_the_envelope(world: World, context: Context) -> None:
    reply = world.door(proxy_event("/v1/jobs/1", method="GET"), context)
    assert reply["statusCode"] == 404
    assert json.loads(reply["body"])["error"] == {
        "code": "not_found", "message": "job '1' is unknown", "id": "request-1",
    }  # fmt: skip


def test_an_announcement_begins_the_job(world: World, context: Context) -> None:
    job_id = world.make()["id"]
    version = world.upload(job_id, b"1\n2\n")
    message = record(announcement(world, job_id, version))
    assert world.door({"Records": [message]}, context) == {"batchItemFailures": []}
    assert world.show(job_id)["progress"]["lines"] == 2


class Broken:
    """A bucket that answers nothing."""

    def __getattr__(self, name: str) -> Any:
        raise OSError("secret detail")


def with_broken_s3(world: World) -> World:
    world.worker.inputs._client = Broken()  # type: ignore[assignment]
    return world


def test_a_step_that_fails_comes_again(world: World, context: Context) -> None:
    job_id = world.make()["id"]
    version = world.upload(job_id, b"1\n")
    message = record(announcement(world, job_id, version))
    with_broken_s3(world)
    assert world.door({"Records": [message]}, context) == {
        "batchItemFailures": [{"itemIdentifier": "message-1"}]
    }
    assert world.show(job_id)["status"] == "running"


@pytest.mark.parametrize("announced", [True, False])
def test_at_the_last_time_the_job_fails_and_tells_an_id(
    world: World, context: Context, announced: bool
) -> None:
    job_id = world.make()["id"]
    version = world.upload(job_id, b"1\n")
    body = announcement(world, job_id, version)
    if not announced:
        world.worker.begin("me", job_id, version)
        body = json.dumps({"step": "look", "caller": "me", "job": job_id, "turn": 0})
    with_broken_s3(world)
    world.door({"Records": [record(body, receives=5)]}, context)
    # Clearing up fails as well, as S3 is gone: that is for the dead letters.
    job = world.job(job_id)
    assert job.status == "failed"
    assert job.error_message == "internal error, please report id message-1"


def test_tasks_read_what_the_queue_has_written() -> None:
    task = Task(Step.NOTIFY, "me", "1", 3)
    assert Task.read('{"step": "notify", "caller": "me", "job": "1", "turn": 3}') == task
    with pytest.raises(ValueError, match="is not a valid Step"):
        Task.read('{"step": "dance"}')


def test_the_service_starts_without_a_models_engine() -> None:
    code = "import sys, functions.jobs.door; print(sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "onnxruntime", "PIL", "tokenizers"} & set(re.findall(r"\w+", run.stdout))


def test_the_service_gives_up_when_its_queue_does() -> None:
    assert MAX_RECEIVES == quotas.MAX_RECEIVES
