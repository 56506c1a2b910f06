"""`flotilla call`: what a request says, where it goes, what comes back."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from infra import client
from infra.client import CallError, Cloud, Question


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked; `wrong` is a model that is not there, `page` a page."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        names = ("content-type", "authorization", "x-label")
        seen = {name: self.headers[name] for name in names if name in self.headers}
        self.send_response(404 if "wrong" in self.path else 200)
        self.end_headers()
        if "page" in self.path:
            self.wfile.write(b"<p>")
            return
        self.wfile.write(json.dumps({"path": self.path, "body": body, **seen}).encode())

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        yield Cloud(f"http://127.0.0.1:{server.server_port}", "key-1")
        server.shutdown()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.1,-3.5,1e-4", Question("predict", "text/csv", b"5.1,-3.5,1e-4")),
        ("Dull, 2 hours.", Question("predict", "text/plain", b"Dull, 2 hours.")),
        ('{"instances": [1]}', Question("predict", "application/json", b'{"instances": [1]}')),
        ("[[1, 2]]", Question("predict", "application/json", b'{"instances": [[1, 2]]}')),
        (' {"inputs": []}', Question("infer", "application/json", b' {"inputs": []}')),
    ],
)
def test_text_is_values_or_json(text: str, expected: Question) -> None:
    assert client.read_question(text) == expected


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("digit.PNG", "image/png"), ("rows.csv", "text/csv"), ("photo.jpeg", "image/jpeg")],
)
def test_files_go_by_their_suffix(tmp_path: Path, name: str, media_type: str) -> None:
    (tmp_path / name).write_bytes(b"\x89\x00")
    question = client.read_question(f"@{tmp_path / name}")
    assert question == Question("predict", media_type, b"\x89\x00")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("@nowhere.png", "nowhere.png cannot be read: No such file"),
        ("@model.onnx", "ending '.onnx', expected one of"),
        ("{nonsense", "the request is not JSON"),
    ],
)
def test_what_cannot_be_asked_says_why(text: str, part: str) -> None:
    with pytest.raises(CallError, match=part):
        client.read_question(text)


def test_a_file_without_its_at_is_not_sent_as_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photo.png").touch()
    with pytest.raises(CallError, match=r"photo.png is a file: write @photo.png"):
        client.read_question("photo.png")
    for text in ("I saw it as an other.png", "long" * 2_000 + ".png"):
        assert client.read_question(text).media_type == "text/plain"


def test_an_explanation_is_asked_of_the_same_question(cloud: Cloud) -> None:
    question = client.explained(client.read_question("1,2"), "setosa")
    seen = json.loads(client.ask(cloud, "iris", question).text)
    assert (seen["path"], seen["body"]) == ("/v1/models/iris/explain", "1,2")
    assert seen["x-label"] == "setosa"
    predicted = client.explained(client.read_question("1,2"), "")
    assert "x-label" not in json.loads(client.ask(cloud, "iris", predicted).text)
    with pytest.raises(CallError, match="ask with instances"):
        client.explained(client.read_question('{"inputs": []}'), "")


def test_the_environment_names_the_cloud_or_the_local_one_is_taken(tmp_path: Path) -> None:
    environment = {"FLOTILLA_URL": "https://api.example/live/", "FLOTILLA_API_KEY": "k"}
    assert client.find_cloud(tmp_path, environment) == Cloud("https://api.example/live", "k")
    with pytest.raises(CallError, match="start the local one with `flotilla up`"):
        client.find_cloud(tmp_path, {})
    (tmp_path / "build").mkdir()
    running = {"url": "http://127.0.0.1:1/", "api_key": "local", "pid": 1}
    (tmp_path / "build" / "local.json").write_text(json.dumps(running))
    assert client.find_cloud(tmp_path, {}) == Cloud("http://127.0.0.1:1", "local")


def test_a_question_goes_to_its_models_address_with_the_key(cloud: Cloud) -> None:
    answer = client.ask(cloud, "iris", Question("predict", "text/csv", b"1,2"))
    assert answer.status == 200
    assert json.loads(answer.text) == {
        "path": "/v1/models/iris/predict",
        "body": "1,2",
        "content-type": "text/csv",
        "authorization": "Bearer key-1",
    }
    tensors = client.ask(cloud, "iris", Question("infer", "application/json", b"{}"))
    assert json.loads(tensors.text)["path"] == "/v2/models/iris/infer"


def test_refusals_are_answers_and_silence_is_an_error(cloud: Cloud) -> None:
    question = Question("predict", "text/csv", b"1")
    assert client.ask(cloud, "wrong", question).status == 404
    with pytest.raises(CallError, match="does not answer"):
        client.ask(Cloud("http://127.0.0.1:9", ""), "iris", question)


def test_an_address_that_is_no_flotillas_is_one_line(cloud: Cloud) -> None:
    with pytest.raises(CallError, match="answered 200, expected JSON: is it a Flotilla's address"):
        client.ask(cloud, "page", Question("predict", "text/csv", b"1"))
