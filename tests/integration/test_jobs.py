"""Jobs through the cloud: made over HTTP, uploaded with an address, answered by the model."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.request import Request, urlopen

import pytest

from infra.local.cloud import LocalCloud
from serving import keys

# More than one part, and a last one that is not full.
ROWS = 2_003
FLOWERS = (b"5.1,3.5,1.4,0.2", b"6.7,3.1,4.7,1.5", b"6.3,3.3,6.0,2.5")
LABELS = ("setosa", "versicolor", "virginica")
HEADER = b"sepal_length,sepal_width,petal_length,petal_width\n"


def make(cloud: LocalCloud, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """A new job of iris."""
    reply = cloud.http("POST", "/v1/models/iris/jobs", json.dumps(body or {}).encode())
    assert reply.status == 202, reply.body
    document: dict[str, Any] = reply.json()
    return document


def show(cloud: LocalCloud, job_id: str) -> dict[str, Any]:
    reply = cloud.http("GET", f"/v1/jobs/{job_id}")
    assert reply.status == 200, reply.body
    document: dict[str, Any] = reply.json()
    return document


def upload(job: dict[str, Any], body: bytes) -> None:
    """Put a job's input where it says."""
    asked = Request(job["upload"]["url"], body, method="PUT")  # noqa: S310 - moto's
    with urlopen(asked) as response:  # noqa: S310 - as above
        assert response.status == 200


def ended(cloud: LocalCloud, job_id: str, timeout_s: float = 90) -> dict[str, Any]:
    """The job once it has ended."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        job = show(cloud, job_id)
        if "finished" in job:
            return job
        time.sleep(0.2)
    raise AssertionError(f"the job has not ended: {job}")


def result(job: dict[str, Any]) -> list[dict[str, Any]]:
    assert job["status"] == "done", job
    with urlopen(job["result"]["url"]) as response:  # noqa: S310 - moto's
        return [json.loads(line) for line in response.read().splitlines()]


def test_a_file_of_many_lines_is_answered_line_by_line(cloud: LocalCloud) -> None:
    rows = [FLOWERS[number % 3] for number in range(ROWS)]
    expected = [LABELS[number % 3] for number in range(ROWS)]
    rows[700], expected[700] = b"5.1,3.5", "unprocessable"
    rows[1500], expected[1500] = b'"broken"x,1,2,3', "bad_request"
    job = make(cloud, {"media_type": "text/csv"})
    upload(job, HEADER + b"\n".join(rows) + b"\n")
    done = ended(cloud, job["id"])
    found = result(done)
    assert done["progress"] == {"lines_done": ROWS, "lines": ROWS}
    assert [line["line"] for line in found] == list(range(1, ROWS + 1))
    answers = [line.get("prediction", line.get("error")) for line in found]
    assert [answer.get("label", answer.get("code")) for answer in answers] == expected


def test_a_prediction_that_is_made_later_is_that_of_predict(cloud: LocalCloud) -> None:
    body = b'{"instances": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.1, 4.7, 1.5]]}'
    path = "/v1/models/iris/predict"
    reply = cloud.http("POST", path, body, {"prefer": "respond-async"})
    assert (reply.status, reply.headers["preference-applied"]) == (202, "respond-async")
    job_id = reply.json()["id"]
    assert reply.headers["location"] == f"../../jobs/{job_id}"
    (document,) = result(ended(cloud, job_id))
    now = cloud.http("POST", path, body).json()
    assert document["id"] == job_id
    assert document["predictions"] == now["predictions"]
    assert document.keys() == now.keys()


def test_a_request_that_is_wrong_fails_with_the_reason(cloud: LocalCloud) -> None:
    job = ended(cloud, make(cloud, {"instances": [[1, 2]]})["id"])
    assert job["status"] == "failed"
    assert job["error"]["code"] == "unprocessable"
    assert "expected 4" in job["error"]["message"]


def test_a_job_that_is_cancelled_is_not_begun(cloud: LocalCloud) -> None:
    job = make(cloud)
    assert cloud.http("DELETE", f"/v1/jobs/{job['id']}").json()["status"] == "cancelled"
    upload(job, b"[5.1, 3.5, 1.4, 0.2]\n")
    ended(cloud, make(cloud, {"instances": [[5.1, 3.5, 1.4, 0.2]]})["id"])
    assert show(cloud, job["id"])["status"] == "cancelled"
    assert cloud.http("DELETE", f"/v1/jobs/{job['id']}").status == 200
    below = cloud.client("s3").list_objects_v2(
        Bucket=cloud.uploads_bucket, Prefix=keys.job_parts("iris", job["id"])
    )
    assert below["KeyCount"] == 0


class Receiver(BaseHTTPRequestHandler):
    """Fails at first."""

    came: ClassVar[list[tuple[str | None, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.came.append((self.headers["Flotilla-Signature"], json.loads(body)))
        self.send_response(503 if len(self.came) == 1 else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


def test_a_webhook_that_fails_is_sent_again(cloud: LocalCloud, receiver: str) -> None:
    body = {"instances": [[5.1, 3.5, 1.4, 0.2]], "webhook": {"url": receiver}}
    job_id = make(cloud, body)["id"]
    ended(cloud, job_id)
    until = time.monotonic() + 60
    while show(cloud, job_id)["webhook"]["state"] == "waiting" and time.monotonic() < until:
        time.sleep(0.2)
    assert show(cloud, job_id)["webhook"] == {"url": receiver, "state": "delivered", "attempts": 2}
    assert [document["status"] for _, document in Receiver.came] == ["done", "done"]
    assert all(signature and "v1=" in signature for signature, _ in Receiver.came)


def test_jobs_ask_for_a_key(cloud: LocalCloud) -> None:
    for method, path in (
        ("POST", "/v1/models/iris/jobs"),
        ("GET", "/v1/jobs"),
        ("GET", "/v1/jobs/1"),
    ):
        assert cloud.http(method, path, key=False).status in (401, 403)


def test_another_callers_job_is_answered_as_none(cloud: LocalCloud) -> None:
    other = {"x-api-key": cloud.key_ring.create("somebody else", "pro").text}
    job_id, nothing = make(cloud)["id"], "0" * 32
    for method in ("GET", "DELETE"):
        refused, missing = (
            cloud.http(method, f"/v1/jobs/{name}", headers=other, key=False)
            for name in (job_id, nothing)
        )
        assert refused.status == missing.status == 404
        told, expected = refused.json()["error"], missing.json()["error"]
        assert told["code"] == expected["code"]
        assert told["message"].replace(job_id, nothing) == expected["message"]
    assert cloud.http("GET", "/v1/jobs", headers=other, key=False).json()["jobs"] == []
    assert show(cloud, job_id)["status"] == "waiting"


def test_jobs_are_listed(cloud: LocalCloud) -> None:
    made = [make(cloud)["id"] for _ in range(2)]
    listed = cloud.http("GET", "/v1/jobs?limit=2&model=iris").json()
    assert [job["id"] for job in listed["jobs"]] == made[::-1]
