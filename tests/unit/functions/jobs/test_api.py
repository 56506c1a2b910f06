"""Making jobs, looking at them, listing and cancelling them; everyone sees their own only."""

import gzip
from dataclasses import replace

import pytest

from functions.jobs.job import KEPT_S
from serving.errors import NotFound, ServingError
from serving.http import Request
from tests.unit.functions.jobs.conftest import HOOK, UPLOADS, World, read

ROUTE = "/v1/models/tiny/jobs"


def test_a_job_says_where_to_upload(world: World) -> None:
    response = world.ask("POST", ROUTE)
    made = read(response)
    assert response.status == 202
    assert response.headers["Location"] == f"../../jobs/{made['id']}"
    assert (made["status"], made["model"]) == ("waiting", "tiny")
    assert made["upload"]["method"] == "PUT"
    assert f"/jobs/tiny/me/{made['id']}/input.jsonl" in made["upload"]["url"]
    assert world.show(made["id"])["upload"]["method"] == "PUT"


@pytest.mark.parametrize(
    ("media_type", "name"), [("text/csv", "input.csv"), ("image/png", "input.png")]
)
def test_the_media_type_names_the_upload(world: World, media_type: str, name: str) -> None:
    made = world.make({"media_type": media_type})
    assert world.job(made["id"]).input == name


def test_ids_sort_by_time_and_cannot_be_guessed(world: World) -> None:
    ids = []
    for _ in range(3):
        ids.append(world.make()["id"])
        world.clock.now += 1
    assert ids == sorted(ids)
    assert len({job_id[12:] for job_id in ids}) == 3
    assert all(len(job_id) == 32 for job_id in ids)


@pytest.mark.parametrize(
    "body",
    [{"instances": [[1, 2, 3]]}, {"input": {"instances": [[1, 2, 3]]}}],
)
def test_a_small_input_may_come_with_the_request(world: World, body: dict[str, object]) -> None:
    made = world.make(body)
    assert "upload" not in made
    stored = world.read(UPLOADS, world.job(made["id"]).input_key)
    assert stored == b'{"instances":[[1,2,3]]}'


def test_a_prediction_that_is_to_come_later_is_a_job(world: World) -> None:
    response = world.ask(
        "POST", "/v1/models/tiny/predict", b"1,2,3\n", content_type="text/csv; charset=utf-8"
    )
    assert response.status == 202
    assert response.headers["Preference-Applied"] == "respond-async"
    job = world.job(read(response)["id"])
    assert not job.is_batch  # its answer is what predict would give
    stored = world.s3.head_object(Bucket=UPLOADS, Key=job.input_key)
    assert stored["ContentType"] == "text/csv; charset=utf-8"


def test_what_came_compressed_is_stored_as_it_was(world: World) -> None:
    response = world.ask(
        "POST", "/v1/models/tiny/predict", gzip.compress(b"{}"), content_encoding="gzip"
    )
    assert world.read(UPLOADS, world.job(read(response)["id"]).input_key) == b"{}"


def test_a_job_may_come_compressed(world: World) -> None:
    body = gzip.compress(b'{"instances": [[1, 2]]}')
    response = world.ask("POST", ROUTE, body, content_encoding="gzip")
    assert world.read(UPLOADS, world.job(read(response)["id"]).input_key) == (
        b'{"instances":[[1,2]]}'
    )
    with pytest.raises(ServingError, match="is not gzip"):
        world.ask("POST", ROUTE, b"{}", content_encoding="gzip")


def test_what_a_job_cannot_carry_is_refused(world: World) -> None:
    with pytest.raises(ServingError, match=r"\['x-variant'\] cannot go with"):
        world.ask("POST", "/v1/models/tiny/predict", b"1,2,3\n", x_variant="int8")


@pytest.mark.parametrize(
    ("body", "code", "part"),
    [
        (b"{", "bad_request", "not JSON"),
        ([1], "bad_request", "no JSON object"),
        ({"instances": [], "input": {}}, "unprocessable", "expected one of them"),
        ({"instances": [], "media_type": "text/csv"}, "unprocessable", "expected one of them"),
        ({"input": 1}, "unprocessable", "'input' is no object"),
        ({"instances": {}}, "unprocessable", "'instances' is no list"),
        ({"media_type": "video/mp4"}, "unprocessable", "'media_type' is 'video/mp4', expected"),
        ({"media_type": ["text/csv"]}, "unprocessable", "'media_type' is"),
        ({"instanses": []}, "unprocessable", r"unknown keys \['instanses'\]"),
        ({"webhook": HOOK}, "unprocessable", "'webhook' is wrong"),
        ({"webhook": {"url": "http://10.0.0.1/"}}, "unprocessable", "does not allow"),
        ({"webhook": {"url": HOOK, "secret": "short"}}, "unprocessable", "'webhook.secret'"),
        (b" " * 4_500_001, "too_large", "make a job without an input, and upload it"),
    ],
)
def test_an_order_that_is_wrong_makes_no_job(
    world: World, body: object, code: str, part: str
) -> None:
    with pytest.raises(ServingError, match=part) as refused:
        world.make(body)
    assert refused.value.code == code
    assert read(world.ask("GET", "/v1/jobs"))["jobs"] == []


def test_another_media_type_is_told_where_to_go(world: World) -> None:
    with pytest.raises(ServingError, match="says where to upload anything else") as refused:
        world.ask("POST", ROUTE, b"1,2,3", content_type="text/csv")
    assert refused.value.status == 415


def test_a_secret_is_shown_once(world: World) -> None:
    made = world.make({"webhook": {"url": HOOK}})
    assert len(made["webhook"]["secret"]) == 64
    assert world.show(made["id"])["webhook"] == {"url": HOOK, "state": "waiting", "attempts": 0}


def refusal(world: World, method: str, path: str, caller: str) -> tuple[int, str, str]:
    with pytest.raises(ServingError) as refused:
        world.ask(method, path, caller=caller)
    return refused.value.status, refused.value.code, str(refused.value)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("caller", ["you", ""])
def test_somebody_elses_job_is_answered_as_none(world: World, method: str, caller: str) -> None:
    job_id, nothing = world.make()["id"], "0" * 32
    status, code, message = refusal(world, method, f"/v1/jobs/{job_id}", caller)
    assert (status, code) == (404, "not_found")
    assert (
        message.replace(job_id, nothing) == refusal(world, method, f"/v1/jobs/{nothing}", caller)[2]
    )
    assert world.show(job_id)["status"] == "waiting"
    assert read(world.ask("GET", "/v1/jobs", caller=caller))["jobs"] == []


def test_a_job_is_forgotten_when_it_expires(world: World) -> None:
    job_id = world.make()["id"]
    world.clock.now += KEPT_S
    assert refusal(world, "GET", f"/v1/jobs/{job_id}", "me")[0] == 404
    assert read(world.ask("GET", "/v1/jobs"))["jobs"] == []


def listed(world: World, query: str = "") -> tuple[list[str], str | None]:
    document = read(world.ask("GET", f"/v1/jobs{query}"))
    return [job["id"] for job in document["jobs"]], document["next"]


def test_jobs_are_listed_newest_first_page_by_page(world: World) -> None:
    made = []
    for _ in range(5):
        made.insert(0, world.make()["id"])
        world.clock.now += 1
    world.make(caller="you")
    assert listed(world) == (made, None)
    assert listed(world, "?limit=2") == (made[:2], made[1])
    assert listed(world, f"?limit=2&after={made[1]}") == (made[2:4], made[3])
    assert listed(world, f"?limit=2&after={made[3]}") == (made[4:], None)


def test_jobs_are_listed_by_status_and_model(world: World) -> None:
    cancelled, other = world.make()["id"], world.make()["id"]
    elsewhere = read(world.ask("POST", "/v1/models/other/jobs"))["id"]
    world.ask("DELETE", f"/v1/jobs/{cancelled}")
    assert listed(world, "?status=cancelled")[0] == [cancelled]
    assert listed(world, "?model=other")[0] == [elsewhere]
    assert listed(world, "?status=waiting&model=tiny")[0] == [other]


def test_what_is_no_id_is_not_looked_up(world: World) -> None:
    without_table = replace(world.api, jobs=None)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        without_table.respond(Request("GET", "/v1/jobs/" + "x" * 3000, caller="me"), {})


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=" + "9" * 5000,
        "after=" + "x" * 3000,
        "status=lost",
        "page=2",
    ],
)
def test_a_query_that_is_wrong_is_refused(world: World, query: str) -> None:
    assert refusal(world, "GET", f"/v1/jobs?{query}", "me")[:2] == (422, "unprocessable")


def test_cancelling_twice_is_cancelling(world: World) -> None:
    job_id = world.make()["id"]
    for _ in range(2):
        assert read(world.ask("DELETE", f"/v1/jobs/{job_id}"))["status"] == "cancelled"
    assert "upload" not in world.show(job_id)


def test_a_job_that_has_ended_is_not_cancelled(world: World) -> None:
    job_id = world.make()["id"]
    world.begin(job_id, b"")
    status, code, message = refusal(world, "DELETE", f"/v1/jobs/{job_id}", "me")
    assert (status, code) == (409, "conflict")
    assert message == f"job '{job_id}' is failed, expected one that has not ended"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", ROUTE, 405),
        ("POST", "/v1/jobs", 405),
        ("PUT", "/v1/jobs/1", 405),
        ("GET", "/v1/jobs/1/2", 404),
        ("GET", "/v1/jobs/", 404),
    ],
)
def test_other_routes_are_refused(world: World, method: str, path: str, status: int) -> None:
    assert refusal(world, method, path, "me")[0] == status


def test_a_page_elsewhere_may_ask_to_cancel(world: World) -> None:
    response = world.ask("OPTIONS", "/v1/jobs/1")
    assert response.status == 204
    assert "DELETE" in response.headers["Access-Control-Allow-Methods"]
