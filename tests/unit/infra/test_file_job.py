"""A file's job followed on the command line, against a cloud that is a local web server."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from infra import file_job
from infra.client import CallError, Cloud

RESULT = b'{"line":1,"prediction":1}\n'


class Service(BaseHTTPRequestHandler):
    """Takes a job's upload, and then says what it is told to, look by look."""

    looks: ClassVar[list[dict[str, Any]]]
    asked: ClassVar[list[tuple[str, str, bytes]]]

    def do_POST(self) -> None:
        self.answer(
            {
                "id": "1",
                "model": "tiny",
                "status": "waiting",
                "upload": {"url": self.at("/put?signed=1")},
            },
            202,
        )

    def do_PUT(self) -> None:
        self.answer({})

    def do_GET(self) -> None:
        if self.path.startswith("/result"):
            self.send(RESULT, 200)
        else:
            look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
            result = {"result": {"url": self.at("/result?signed=1")}}
            self.answer(
                {"id": "1", "model": "tiny", **look, **(result if look["status"] == "done" else {})}
            )

    def answer(self, document: dict[str, Any], status: int = 200) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.asked.append((self.command, self.path, self.rfile.read(length)))
        if "another key" in str(self.headers):
            status, document = 403, {"error": {"message": "not with this key"}}
        self.send(json.dumps(document).encode(), status)

    def send(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def at(self, path: str) -> str:
        return f"http://{self.headers['Host']}{path}"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    Service.looks, Service.asked = [], []
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Cloud(f"http://127.0.0.1:{server.server_port}", "key")
        server.shutdown()
        thread.join()


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.csv"
    path.write_bytes(b"1,2,3\n")
    return path


def look(status: str, done: int, lines: int | None, **rest: Any) -> dict[str, Any]:
    return {"status": status, "progress": {"lines_done": done, "lines": lines}, **rest}


def test_a_file_is_uploaded_watched_and_fetched(cloud: Cloud, flowers: Path) -> None:
    Service.looks = [look("waiting", 0, None), look("done", 1, 1)]
    seen: list[tuple[int, int | None]] = []
    result = flowers.with_suffix(".jsonl")
    lines = file_job.run(
        cloud, "tiny", flowers, result, lambda made: seen.append((made.lines_done, made.lines))
    )
    assert lines == 1
    assert seen == [(0, None), (1, 1)]
    assert result.read_bytes() == RESULT
    assert sorted(path.name for path in flowers.parent.iterdir()) == [
        "flowers.csv",
        "flowers.jsonl",
    ]
    made, put = Service.asked[:2]
    assert made[:2] == ("POST", "/v1/models/tiny/jobs")
    assert json.loads(made[2]) == {"media_type": "text/csv"}
    assert put == ("PUT", "/put?signed=1", b"1,2,3\n")


def test_a_job_that_comes_to_nothing_writes_nothing(cloud: Cloud, flowers: Path) -> None:
    Service.looks = [look("failed", 0, None, error={"message": "no line"})]
    with pytest.raises(CallError, match="no line"):
        file_job.run(cloud, "tiny", flowers, flowers.with_suffix(".jsonl"), lambda _: None)
    assert list(flowers.parent.iterdir()) == [flowers]


def test_a_refusal_is_told(cloud: Cloud, flowers: Path) -> None:
    stranger = Cloud(cloud.url, "another key")
    with pytest.raises(CallError, match="not with this key"):
        file_job.run(stranger, "tiny", flowers, flowers, lambda _: None)


def test_a_result_that_cannot_be_written_is_refused_before_anything_is_asked(
    cloud: Cloud, flowers: Path
) -> None:
    for result in (flowers.parent / "none" / "flowers.jsonl", flowers.parent):
        with pytest.raises(CallError, match="cannot be written: expected a file in a folder"):
            file_job.run(cloud, "tiny", flowers, result, lambda _: None)
    assert Service.asked == []


def test_a_file_must_be_of_lines(flowers: Path) -> None:
    with pytest.raises(CallError, match=r"ending '.png', expected one of \['.csv', '.jsonl'"):
        file_job.run(Cloud("", ""), "tiny", flowers.with_suffix(".png"), flowers, lambda _: None)
