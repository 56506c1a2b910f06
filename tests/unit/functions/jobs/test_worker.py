"""A job's steps: every line answered once, whatever comes twice, late, or not at all."""

import hmac
import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from functions.jobs import worker
from functions.jobs.inputs import Inputs
from functions.jobs.job import Job
from functions.jobs.queue import Step, Task
from functions.jobs.results import Results
from functions.jobs.splitting import PART_LINES
from tests.unit.functions.jobs.conftest import HOOK, RESULTS, UPLOADS, World

CSV = {"media_type": "text/csv"}
LINES = b"".join(b"%d\n" % number for number in range(1, 2 * PART_LINES + 11))
TOTAL = 2 * PART_LINES + 10
FIRST, SECOND, THIRD = (f"{1 + number * PART_LINES:09d}.jsonl" for number in range(3))


def echo(_: str, body: bytes) -> list[str]:
    """A model that repeats each line."""
    return [line.decode() for line in body.splitlines()]


def knows_a_header(_: str, body: bytes) -> list[str]:
    """A model that takes a first row of letters for a header."""
    rows = [line.decode() for line in body.splitlines()]
    return rows[1:] if rows[0].isalpha() else rows


def test_every_line_is_answered_in_its_order(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, LINES)
    assert list(world.parts(job_id)) == [FIRST, SECOND, THIRD]
    world.answer(job_id, echo)
    world.run()
    shown = world.show(job_id)
    assert shown["status"] == "done"
    assert shown["progress"] == {"lines_done": TOTAL, "lines": TOTAL}
    assert world.result(job_id) == [
        {"line": number, "prediction": str(number)} for number in range(1, TOTAL + 1)
    ]


def test_progress_is_shown_while_the_model_answers(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, LINES)
    for answered, lines_done in ((0, 0), (1, PART_LINES), (2, 2 * PART_LINES)):
        world.answer(job_id, echo, only=answered)
        world.run(most=1)
        shown = world.show(job_id)
        assert (shown["status"], shown["progress"]["lines_done"]) == ("running", lines_done)


@pytest.mark.parametrize(("head", "header"), [(b"name\n", True), (b"0\n", False)])
def test_a_csv_may_have_a_header_which_only_its_model_knows(
    world: World, head: bytes, header: bool
) -> None:
    job_id = world.make(CSV)["id"]
    world.begin(job_id, head + LINES)
    world.answer(job_id, knows_a_header)
    world.run()
    found = world.result(job_id)
    assert [line["line"] for line in found] == list(range(1, TOTAL + 1 + (not header)))
    first = [] if header else ["0"]
    expected = first + [str(number) for number in range(1, TOTAL + 1)]
    assert [line["prediction"] for line in found] == expected
    assert world.show(job_id)["progress"] == {"lines_done": len(found), "lines": len(found)}


def test_a_part_that_fails_gives_its_reason_on_each_of_its_lines(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, LINES)
    world.answer(job_id, lambda name, body: None if name == SECOND else echo(name, body))
    world.run()
    found = world.result(job_id)
    assert [line["line"] for line in found] == list(range(1, TOTAL + 1))
    failed = [line for line in found if "error" in line]
    assert [line["line"] for line in failed] == list(range(PART_LINES + 1, 2 * PART_LINES + 1))
    assert failed[0]["error"] == {"code": "unprocessable", "message": "no"}


def test_a_job_of_which_nothing_is_answered_fails_with_the_reason(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, LINES)
    world.answer(job_id, lambda name, body: None)
    world.run()
    shown = world.show(job_id)
    assert shown["status"] == "failed"
    assert shown["error"] == {"code": "unprocessable", "message": "no"}
    assert "result" not in shown


def test_parts_that_a_queue_gave_up_are_waited_for_only_so_long(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, LINES)
    world.answer(job_id, echo, only=2)
    world.run(most=1)
    world.clock.now += worker.PATIENCE_S
    world.run(most=1)
    assert world.show(job_id)["status"] == "running"
    world.clock.now += 1
    world.run()
    assert world.show(job_id)["status"] == "done"
    found = world.result(job_id)
    unanswered = list(range(TOTAL - 9, TOTAL + 1))
    assert [line["line"] for line in found if "error" in line] == unanswered
    assert found[-1]["error"]["code"] == "unanswered"


def test_an_input_without_a_line_fails(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, b"")
    assert world.show(job_id)["error"]["message"] == "the input holds no line, expected at least 1"


def test_a_single_request_gets_the_prediction_object(world: World) -> None:
    job_id = world.make({"instances": [[1, 2, 3]]})["id"]
    job = world.job(job_id)
    version = world.s3.head_object(Bucket=UPLOADS, Key=job.input_key)["VersionId"]
    world.worker.begin("me", job_id, version)
    assert world.parts(job_id) == {"000000001.json": b'{"instances":[[1,2,3]]}'}
    answer = {"id": "message", "model": "tiny", "predictions": [1], "source": {"bucket": "x"}}
    key = f"out/tiny/jobs/{job_id}/000000001.json.json"
    world.s3.put_object(Bucket=RESULTS, Key=key, Body=json.dumps(answer))
    world.run()
    assert world.result(job_id) == [{"id": job_id, "model": "tiny", "predictions": [1]}]


def test_parts_name_whose_they_are(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, b"1\n")
    key = f"in/tiny/jobs/{job_id}/000000001.jsonl"
    assert world.s3.head_object(Bucket=UPLOADS, Key=key)["Metadata"] == {"caller": "me"}


def test_an_announcement_that_comes_again_changes_nothing(world: World) -> None:
    job_id = world.make()["id"]
    version = world.upload(job_id, LINES)
    for _ in range(2):
        world.worker.begin("me", job_id, version)
    versions = world.s3.list_object_versions(Bucket=UPLOADS, Prefix=f"in/tiny/jobs/{job_id}/")
    assert len(versions["Versions"]) == 3  # each part was written once
    world.answer(job_id, echo)
    world.run()
    before = world.read(RESULTS, world.job(job_id).result_key)
    world.worker.begin("me", job_id, version)
    world.run()
    assert world.parts(job_id) == {}
    assert world.read(RESULTS, world.job(job_id).result_key) == before


def test_a_second_upload_to_the_same_address_is_not_begun(world: World) -> None:
    job_id = world.make()["id"]
    first, second = world.upload(job_id, b"1\n"), world.upload(job_id, b"2\n")
    world.worker.begin("me", job_id, first)
    world.worker.begin("me", job_id, second)
    assert list(world.parts(job_id).values()) == [b"1\n"]
    assert world.job(job_id).version == first


def test_an_input_that_is_gone_fails_the_job(world: World) -> None:
    job_id = world.make()["id"]
    version, key = world.upload(job_id, LINES), world.job(job_id).input_key
    world.s3.delete_object(Bucket=UPLOADS, Key=key, VersionId=version)
    world.worker.begin("me", job_id, version)
    error = {"code": "not_found", "message": "the input was deleted before it was read"}
    assert (world.show(job_id)["status"], world.show(job_id)["error"]) == ("failed", error)


def test_looks_that_come_twice_do_not_multiply(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, LINES)
    look = world.tasks.take()
    for _ in range(3):
        world.take(look)
    assert len(world.tasks.sent) == 1


def test_a_crash_before_the_job_is_marked_done_writes_the_same_result(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, LINES)
    world.answer(job_id, echo)
    job = world.job(job_id)
    world.s3.put_object(Bucket=RESULTS, Key=job.result_key, Body=b"of a worker that crashed")
    world.run()
    assert len(world.result(job_id)) == TOTAL


def test_a_look_that_comes_twice_at_once_leaves_the_result_as_it_is(world: World) -> None:
    """While one worker lists the parts, another ends the job and has begun to clear up."""
    job_id = world.make()["id"]
    world.begin(job_id, LINES)
    world.answer(job_id, echo)
    task = world.tasks.take()

    class Half(Results):
        def remove_answers(self, job: Job) -> None:
            raise InterruptedError

    class Overtaken(Inputs):
        def parts(self, job: Job) -> list[str]:
            with pytest.raises(InterruptedError):
                replace(world.worker, results=Half(world.s3, RESULTS)).look(task)
            return super().parts(job)

    replace(world.worker, inputs=Overtaken(world.s3, UPLOADS)).look(task)
    assert world.show(job_id)["status"] == "done"
    assert len(world.result(job_id)) == TOTAL
    assert world.keys(RESULTS) == [world.job(job_id).result_key]


def test_nothing_is_left_of_the_parts(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, LINES)
    world.answer(job_id, lambda name, body: None if name == SECOND else echo(name, body))
    world.run()
    assert world.parts(job_id) == {}
    assert world.keys(RESULTS) == [world.job(job_id).result_key]


def test_cancelling_stops_what_has_not_begun(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, LINES)
    world.answer(job_id, echo, only=1)
    assert world.ask("DELETE", f"/v1/jobs/{job_id}").status == 200
    world.run()
    assert world.parts(job_id) == {}
    assert world.keys(RESULTS) == []
    assert world.show(job_id)["status"] == "cancelled"


def test_cancelling_while_the_input_is_split_leaves_no_part(world: World) -> None:
    job_id = world.make()["id"]
    version = world.upload(job_id, LINES)
    find, looked = world.jobs.find, itertools.count()

    class CancelledMeanwhile:
        def __getattr__(self, name: str) -> Any:
            return getattr(world.jobs, name)

        def find(self, caller: str, found: str) -> Any:
            if next(looked) == 1:  # the first look is that of the beginning
                world.ask("DELETE", f"/v1/jobs/{job_id}")
            return find(caller, found)

    jobs: Any = CancelledMeanwhile()
    stand_in = worker.Worker(
        jobs, world.worker.inputs, world.worker.results, world.tasks, world.receiver, world.clock
    )  # type: ignore[arg-type]
    stand_in.begin("me", job_id, version)
    assert world.parts(job_id) == {}
    assert world.show(job_id)["status"] == "cancelled"


def hooked(world: World) -> str:
    """A job that is done but for its webhook."""
    made = world.make({"webhook": {"url": HOOK, "secret": "0123456789abcdef"}})
    job_id: str = made["id"]
    world.begin(job_id, b"1\n")
    world.answer(job_id, echo)
    return job_id


def test_a_webhook_is_told_of_the_end_and_can_check_who_tells(world: World) -> None:
    job_id = hooked(world)
    world.run()
    ((url, body, headers),) = world.receiver.came
    assert url == HOOK
    document = json.loads(body)
    assert (document["id"], document["status"]) == (job_id, "done")
    assert b"0123456789abcdef" not in body
    stamp, _, digest = headers["Flotilla-Signature"].removeprefix("t=").partition(",v1=")
    signed = f"{stamp}.".encode() + body
    assert digest == hmac.new(b"0123456789abcdef", signed, "sha256").hexdigest()
    assert headers["Flotilla-Delivery"] == job_id
    assert world.show(job_id)["webhook"] == {"url": HOOK, "state": "delivered", "attempts": 1}


def test_a_webhook_is_tried_again_until_it_is_received(world: World) -> None:
    job_id = hooked(world)
    world.receiver.statuses = iter([500, 0, 302, 204])
    started = world.clock()
    world.run()
    assert len(world.receiver.came) == 4
    assert world.clock() - started >= 2 + 10 + 60
    assert world.show(job_id)["webhook"]["state"] == "delivered"
    assert len({headers["Flotilla-Delivery"] for _, _, headers in world.receiver.came}) == 1


def test_a_webhook_is_given_up_in_the_end(world: World) -> None:
    job_id = hooked(world)
    world.receiver.statuses = itertools.repeat(503)
    world.run()
    assert world.show(job_id)["webhook"] == {"url": HOOK, "state": "given_up", "attempts": 6}
    assert world.show(job_id)["status"] == "done"


def test_a_message_that_comes_again_sends_no_second_webhook(world: World) -> None:
    job_id = hooked(world)
    world.run()
    for step in (Step.NOTIFY, Step.CLOSE, Step.LOOK):
        world.take(Task(step, "me", job_id))
    world.run()
    assert len(world.receiver.came) == 1


def test_an_attempt_that_comes_again_while_another_is_due_is_dropped(world: World) -> None:
    job_id = hooked(world)
    world.receiver.statuses = iter([503, 200])
    world.run(most=2)  # the look that ends the job, and the first attempt
    assert len(world.receiver.came) == 1
    world.take(Task(Step.NOTIFY, "me", job_id))
    assert len(world.receiver.came) == 1
    assert len(world.tasks.sent) == 1


def test_a_job_that_is_gone_is_no_trouble(world: World) -> None:
    for step in Step:
        world.take(Task(step, "me", "0" * 32))
    world.worker.begin("me", "0" * 32, "version")
    assert world.tasks.sent == []
