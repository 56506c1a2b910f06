"""The Python client: what it sends, what it makes of answers, when it asks again; both flavours."""

import asyncio
import base64
import inspect
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from flotilla.client import AsyncFlotilla, Flotilla, Job, NoAnswer, Refused, Retries, exchange
from flotilla.client.clouds import Cloud, find
from flotilla.client.errors import FlotillaError

URL = "https://api.example/live"
ANSWER = {
    "id": "1",
    "model": "iris",
    "version": "3",
    "variant": "fp32",
    "predictions": [{"label": "setosa"}],
    "usage": {"compute_ms": 0.5, "cold": False, "cost_usd": 4e-6},
}
JOB = {"id": "j1", "model": "iris", "status": "waiting", "progress": {"lines_done": 0}}
PNG = b"\x89PNG\r\n\x1a\nrest"
Reply = httpx.Response | Exception


class Drip(httpx.SyncByteStream, httpx.AsyncByteStream):
    """An answer that comes a byte at a time, each of them soon, for two seconds."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(100):
            time.sleep(0.02)
            yield b" "

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(100):
            await asyncio.sleep(0.02)
            yield b" "


class Server:
    """Gives its replies one after the other, the last one for ever, and keeps what was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._reply(request)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._reply(request)

    def _reply(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply.stream, Drip):
            return reply
        # Each time a fresh one, as a response is read once.
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)


def ok(document: Any = ANSWER) -> httpx.Response:
    return httpx.Response(200, json=document)


def waits() -> Retries:
    return Retries(most=3, first_pause_s=0.001, longest_pause_s=0.002)


Ask = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """`ask(server, "predict", "iris", [[1]])` calls the method of either client."""

    def sync(server: Server, method: str, *args: Any, **kwargs: Any) -> Any:
        settings = {"retries": waits(), **kwargs.pop("settings", {})}
        transport = httpx.MockTransport(server)
        with Flotilla(f"{URL}/", "flt_1", transport=transport, **settings) as it:
            found = getattr(it, method)(*args, **kwargs)
            return list(found) if method == "results" else found

    async def asynchronous(server: Server, method: str, *args: Any, **kwargs: Any) -> Any:
        settings = {"retries": waits(), **kwargs.pop("settings", {})}
        transport = httpx.MockTransport(server.answer)
        async with AsyncFlotilla(
            "https://api.example/live", "flt_1", transport=transport, **settings
        ) as it:
            if method == "results":
                return [line async for line in it.results(*args)]
            return await getattr(it, method)(*args, **kwargs)

    if request.param == "sync":
        return sync
    return lambda *args, **kwargs: asyncio.run(asynchronous(*args, **kwargs))


def test_both_flavours_have_the_same_methods_with_the_same_arguments() -> None:
    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("__") or name == "__init__"
        }

    assert methods(Flotilla) == methods(AsyncFlotilla)


def test_a_question_goes_to_its_model_with_the_key(ask: Ask) -> None:
    server = Server(ok())
    answer = ask(server, "predict", "iris", [[1, 2]], variant="int8")
    [request] = server.asked
    assert str(request.url) == "https://api.example/live/v1/models/iris/predict"
    assert request.headers["authorization"] == "Bearer flt_1"
    assert request.headers["x-variant"] == "int8"
    assert json.loads(request.content) == {"instances": [[1, 2]]}
    assert answer.predictions == [{"label": "setosa"}]
    assert (answer.id, answer.version, answer.variant) == ("1", "3", "fp32")
    assert answer.usage.cost_usd == 4e-6


@pytest.mark.parametrize(
    ("what", "instances"),
    [
        ("A text.", ["A text."]),
        ({"a": 1}, [{"a": 1}]),
        (["one", "two"], ["one", "two"]),
        (([1, 2], {"a": 1}), [[1, 2], {"a": 1}]),
        (np.array([1.5, 2]), [[1.5, 2.0]]),
        (np.array([[1.5, 2], [3, 4]]), [[1.5, 2.0], [3.0, 4.0]]),
        ([np.array([1, 2]), [3, 4]], [[1, 2], [3, 4]]),
        ([PNG], [{"image": base64.b64encode(PNG).decode()}]),
        ([b"RIFF..."], [{"audio": base64.b64encode(b"RIFF...").decode()}]),
    ],
)
def test_what_programs_have_becomes_instances(ask: Ask, what: Any, instances: Any) -> None:
    server = Server(ok())
    ask(server, "predict", "iris", what)
    assert json.loads(server.asked[0].content) == {"instances": instances}


def test_a_file_goes_as_it_is(ask: Ask, tmp_path: Path) -> None:
    server = Server(ok())
    (tmp_path / "rows.csv").write_bytes(b"1,2\n")
    ask(server, "predict", "iris", tmp_path / "rows.csv")
    ask(server, "explain", "digits", PNG, label="3")
    table, image = server.asked
    assert (table.headers["content-type"], table.content) == ("text/csv", b"1,2\n")
    assert (image.headers["content-type"], image.content) == ("image/png", PNG)
    assert (image.url.path, image.headers["x-label"]) == ("/live/v1/models/digits/explain", "3")


@pytest.mark.parametrize("what", [b"GIF89a", [b"GIF89a"], Path("model.onnx"), [[float("nan")]]])
def test_what_nobody_reads_is_a_value_error(ask: Ask, what: Any) -> None:
    server = Server(ok())
    with pytest.raises(ValueError, match=r"expected|not JSON compliant"):
        ask(server, "predict", "iris", what)
    assert server.asked == []


@pytest.mark.parametrize(
    ("document", "code", "message", "request_id"),
    [
        ({"error": {"code": "c", "message": "m", "id": "i"}}, "c", "m", "i"),
        ({"error": "m"}, "", "m", ""),
        ({"error": {"message": "m", "type": "t", "param": None, "code": None}}, "", "m", ""),
        ("gone", "", '"gone"', ""),
    ],
)
def test_refusals_are_exceptions_with_what_the_api_said(
    ask: Ask, document: Any, code: str, message: str, request_id: str
) -> None:
    server = Server(httpx.Response(422, json=document))
    with pytest.raises(Refused, match=f"422.*: {message}") as raised:
        ask(server, "predict", "iris", [[1]])
    error = raised.value
    assert (error.status, error.code, error.message, error.id) == (422, code, message, request_id)
    assert len(server.asked) == 1, "asking again would change nothing"


@pytest.mark.parametrize(
    "trouble",
    [
        *(httpx.Response(status, json={"error": "m"}) for status in (429, 502, 503, 504)),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("gone"),
    ],
)
def test_passing_trouble_is_outwaited(ask: Ask, trouble: Reply) -> None:
    server = Server(trouble, trouble, ok())
    assert ask(server, "predict", "iris", [[1]]).model == "iris"
    assert len(server.asked) == 3


def test_lasting_trouble_is_told_after_the_last_attempt(ask: Ask) -> None:
    busy = Server(httpx.Response(429, json={"error": {"code": "too_many_requests"}}))
    with pytest.raises(Refused, match="429 too_many_requests"):
        ask(busy, "predict", "iris", [[1]])
    gone = Server(httpx.ConnectError("refused"))
    with pytest.raises(NoAnswer, match="POST /v1/models/iris/predict got no answer: refused"):
        ask(gone, "predict", "iris", [[1]])
    assert len(busy.asked) == len(gone.asked) == 4


def test_the_time_bounds_attempts_and_pauses_together(ask: Ask) -> None:
    slow = Retries(most=9, first_pause_s=60, longest_pause_s=60, draw=lambda: 1.0)
    settings = {"retries": slow, "timeout_s": 5}
    server = Server(httpx.Response(503, json={"error": "m"}), ok())
    with pytest.raises(Refused, match="503"):
        ask(server, "predict", "iris", [[1]], settings=settings)
    server = Server(httpx.ConnectError("refused"), ok())
    with pytest.raises(NoAnswer, match="not in time"):
        ask(server, "predict", "iris", [[1]], settings=settings)
    assert 0 < server.asked[0].extensions["timeout"]["read"] <= 5


def test_the_time_bounds_an_answer_that_drips(ask: Ask) -> None:
    started = time.monotonic()
    with pytest.raises(NoAnswer, match="not in time"):
        ask(Server(httpx.Response(200, stream=Drip())), "models", settings={"timeout_s": 0.1})
    assert time.monotonic() - started < 1


def test_pauses_double_are_drawn_and_heed_the_server() -> None:
    retries = Retries(first_pause_s=1, longest_pause_s=5, draw=lambda: 0.5)
    assert [retries.pause_s(attempt) for attempt in range(5)] == [0.5, 1, 2, 2.5, 2.5]
    assert retries.pause_s(0, "3") == 3
    assert retries.pause_s(0, "100") == 5
    assert retries.pause_s(0, "Wed, 21 Oct 2026 07:28:00 GMT") == 0.5


def test_what_may_have_been_done_is_not_done_again(ask: Ask) -> None:
    for trouble in (httpx.ReadTimeout("slow"), httpx.Response(504, json={"error": "m"})):
        server = Server(trouble)
        with pytest.raises(FlotillaError):
            ask(server, "submit", "iris", [[1]])
        assert len(server.asked) == 1
    server = Server(httpx.Response(429, json={"error": "m"}), ok(JOB))
    assert ask(server, "submit", "iris", [[1]]).id == "j1"


def test_a_file_is_uploaded_where_the_job_says(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"1,2\n" * 1000)
    job = {**JOB, "upload": {"method": "PUT", "url": "https://s3.example/in?sig=1"}}
    server = Server(ok(job), httpx.Response(200))
    assert ask(server, "submit", "iris", tmp_path / "rows.csv").status == "waiting"
    made, sent = server.asked
    assert json.loads(made.content) == {"media_type": "text/csv"}
    assert (sent.method, str(sent.url)) == ("PUT", "https://s3.example/in?sig=1")
    assert sent.content == b"1,2\n" * 1000
    assert sent.headers["content-length"] == "4000"
    assert "authorization" not in sent.headers, "the address alone is the right"


def test_a_file_goes_up_and_comes_down_through_passing_trouble(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"1,2\n")
    waiting = {**JOB, "upload": {"method": "PUT", "url": "https://s3.example/in?sig=secret"}}
    trouble: Reply
    for trouble in (httpx.Response(503), httpx.WriteError("gone")):
        server = Server(ok(waiting), trouble, httpx.Response(200))
        ask(server, "submit", "iris", tmp_path / "rows.csv")
        assert [asked.content for asked in server.asked[1:]] == [b"1,2\n"] * 2
    done = Job.read(
        {**JOB, "status": "done", "result": {"url": "https://s3.example/out?sig=secret"}}
    )
    for trouble in (httpx.Response(503), httpx.ReadTimeout("slow")):
        server = Server(trouble, httpx.Response(200, content=b"{}\n"))
        ask(server, "download", done, tmp_path / "out.jsonl")
        assert (tmp_path / "out.jsonl").read_bytes() == b"{}\n"


def test_a_file_that_cannot_be_moved_is_told_without_the_right_to_it(
    ask: Ask, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_bytes(b"1,2\n")
    waiting = {**JOB, "upload": {"method": "PUT", "url": "https://s3.example/in?sig=secret"}}
    done = Job.read(
        {**JOB, "status": "done", "result": {"url": "https://s3.example/out?sig=secret"}}
    )
    gone = httpx.ConnectError("refused")
    with pytest.raises(NoAnswer, match=r"^PUT /in got no answer: refused$"):
        ask(Server(ok(waiting), gone), "submit", "iris", tmp_path / "rows.csv")
    for method, given in (("download", [tmp_path / "out.jsonl"]), ("results", [])):
        with pytest.raises(NoAnswer, match=r"^GET /out got no answer: refused$"):
            ask(Server(gone), method, done, *given)


def test_a_file_that_is_not_there_makes_no_job(ask: Ask, tmp_path: Path) -> None:
    server = Server(ok(JOB))
    with pytest.raises(FileNotFoundError):
        ask(server, "submit", "iris", tmp_path / "rows.csv")
    assert server.asked == []


def test_lines_end_at_line_feeds_only(ask: Ask) -> None:
    done = Job.read({**JOB, "status": "done", "result": {"url": "https://s3.example/out"}})
    documents = [{"label": "one\u2028and\x85more"}, {"label": "two"}]
    content = "\n\n".join(json.dumps(each, ensure_ascii=False) for each in documents).encode()
    assert ask(Server(httpx.Response(200, content=content)), "results", done) == documents


def test_a_job_is_waited_for_and_its_lines_are_read(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("flotilla.client.exchange._FIRST_LOOK_S", 0)
    done = {
        **JOB,
        "status": "done",
        "progress": {"lines_done": 2, "lines": 2},
        "result": {"url": "https://s3.example/out"},
    }
    server = Server(ok(JOB), ok({**JOB, "status": "running"}), ok(done))
    seen: list[str] = []
    made = ask(Server(ok(JOB)), "job", "j1")
    job = ask(server, "wait", made, look=lambda now: seen.append(now.status))
    assert job.ended
    assert seen == ["waiting", "running", "done"]
    assert (job.lines_done, job.lines) == (2, 2)
    lines = httpx.Response(200, content=b'{"line": 1}\n{"line": 2}\n')
    assert ask(Server(lines), "results", job) == [{"line": 1}, {"line": 2}]
    ask(Server(lines), "download", job, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_bytes() == b'{"line": 1}\n{"line": 2}\n'
    gone = Server(httpx.Response(403, content=b"expired"))
    with pytest.raises(Refused, match="403: expired"):
        ask(gone, "results", job)
    with pytest.raises(Refused, match="403: expired"):
        ask(gone, "download", job, tmp_path / "other.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_day_of_waiting_leaves_of_a_month_of_requests_something() -> None:
    waited_s, day_s, looks = 0.0, 86_400.0, 0
    while waited_s < day_s:
        waited_s += exchange.look_again_s(waited_s, day_s - waited_s)
        looks += 1
    assert waited_s == pytest.approx(day_s)
    assert looks < 3000, "of the 10,000 that a month of the free plan has"
    assert exchange.look_again_s(1, 60) == 0.5
    assert exchange.look_again_s(60, 0.1) == 0.1


def test_a_job_that_failed_has_no_result(ask: Ask) -> None:
    failed = {**JOB, "status": "failed", "error": {"code": "c", "message": "no line"}}
    server = Server(ok(failed))
    with pytest.raises(FlotillaError, match="job j1 has no result: it is failed, no line"):
        ask(server, "results", ask(server, "job", "j1"))


def test_the_rest_goes_where_it_should(ask: Ask) -> None:
    document = {
        **JOB,
        "models": [],
        "jobs": [JOB],
        "data": [{"embedding": [1.0]}],
    }
    server = Server(ok(document))
    assert ask(server, "models") == []
    assert [job.id for job in ask(server, "jobs")] == ["j1"]
    assert ask(server, "cancel", "j1").id == "j1"
    assert ask(server, "embed", "minilm", "a", dimensions=1) == [[1.0]]
    ask(server, "usage", "2026-11-01")
    assert [(asked.method, asked.url.raw_path.decode()) for asked in server.asked] == [
        ("GET", "/live/v2/models"),
        ("GET", "/live/v1/jobs"),
        ("DELETE", "/live/v1/jobs/j1"),
        ("POST", "/live/v1/embeddings"),
        ("GET", "/live/v1/usage?from=2026-11-01"),
    ]
    assert json.loads(server.asked[3].content) == {"model": "minilm", "input": "a", "dimensions": 1}


def test_the_environment_names_the_cloud_or_the_local_one_is_taken(tmp_path: Path) -> None:
    environment = {"FLOTILLA_URL": "https://api.example/live/", "FLOTILLA_API_KEY": "k"}
    assert find(tmp_path, environment) == Cloud("https://api.example/live", "k")
    with pytest.raises(FlotillaError, match="start the local one with `flotilla up`"):
        find(tmp_path, {})
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "local.json").write_text("{")
    with pytest.raises(FlotillaError, match="damaged: start the local cloud anew"):
        find(tmp_path, {})
    running = {"url": "http://127.0.0.1:1/", "api_key": "local", "pid": 1}
    (tmp_path / "build" / "local.json").write_text(json.dumps(running))
    assert find(tmp_path, {}) == Cloud("http://127.0.0.1:1", "local")


@pytest.mark.parametrize(
    ("url", "key", "said"),
    [
        ("api.example/live", "k", "address is 'api.example/live', expected one that begins with"),
        ("https://api.example:port", "k", "address is 'https://api.example:port': "),
        ("https://api.example", "secret\n1", "API key holds characters that no key has"),
        ("https://api.example", "secret\u201c", "API key holds characters that no key has"),
    ],
)
def test_what_cannot_be_asked_is_told_before_without_the_key(url: str, key: str, said: str) -> None:
    for kind in (Flotilla, AsyncFlotilla):
        with pytest.raises(FlotillaError, match=said) as raised:
            kind(url, key)
        assert "secret" not in str(raised.value)
    with pytest.raises(FlotillaError, match=said):
        find(Path(), {"FLOTILLA_URL": url, "FLOTILLA_API_KEY": key})


def test_space_around_an_address_and_a_key_is_no_part_of_them() -> None:
    environment = {"FLOTILLA_URL": " https://api.example/ ", "FLOTILLA_API_KEY": "flt_1\n"}
    assert find(Path(), environment) == Cloud("https://api.example", "flt_1")


def test_a_key_goes_with_the_cloud_that_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOTILLA_URL", URL)
    monkeypatch.setenv("FLOTILLA_API_KEY", "flt_environment")
    server = Server(ok({"models": []}))
    for given, key in (("flt_given", "flt_given"), (None, "flt_environment")):
        with Flotilla(api_key=given, transport=httpx.MockTransport(server)) as fleet:
            fleet.models()
        assert server.asked[-1].headers["authorization"] == f"Bearer {key}"


@pytest.mark.parametrize(
    "page",
    [
        httpx.Response(200, html="<p>Welcome</p>"),
        httpx.Response(301, headers={"location": "https://elsewhere.example/"}),
    ],
)
def test_who_answers_no_json_is_no_flotilla(ask: Ask, page: httpx.Response) -> None:
    said = f"{URL}/v2/models answered {page.status_code}, expected JSON: is it a Flotilla's"
    with pytest.raises(FlotillaError, match=said):
        ask(Server(page), "models")


def test_names_are_escaped_and_labels_may_be_in_any_script(ask: Ask) -> None:
    server = Server(ok({**JOB, **ANSWER}))
    ask(server, "explain", "a/b?c", PNG, label="\u597d")
    ask(server, "job", "../x")
    ask(server, "cancel", "a b")
    assert server.asked[0].headers.raw.count((b"x-label", "\u597d".encode())) == 1
    assert [asked.url.raw_path.decode() for asked in server.asked] == [
        "/live/v1/models/a%2Fb%3Fc/explain",
        "/live/v1/jobs/..%2Fx",
        "/live/v1/jobs/a%20b",
    ]


def test_a_job_of_what_json_has_not_is_a_value_error(ask: Ask) -> None:
    server = Server(ok(JOB))
    with pytest.raises(ValueError, match="not JSON compliant"):
        ask(server, "submit", "iris", [[float("inf")]])
    assert server.asked == []


def test_what_is_open_needs_no_key() -> None:
    server = Server(ok({"models": []}))
    with Flotilla("https://api.example", transport=httpx.MockTransport(server)) as fleet:
        assert fleet.models() == []
    assert "authorization" not in server.asked[0].headers


def test_a_key_is_not_shown() -> None:
    assert "secret" not in repr(Cloud("https://api.example", "flt_secret"))


def test_it_brings_httpx_and_nothing_of_ours() -> None:
    code = "import sys, flotilla.client; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "httpx" in loaded
    assert not {"serving", "infra", "training", "functions", "numpy", "boto3"} & loaded
