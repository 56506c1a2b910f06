"""Requests that name their model in the body: who is asked, who is not, what comes back."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import serving
from functions.dispatch import door as dispatch_door
from functions.dispatch.door import Door
from functions.dispatch.lambda_api import InvokeFailed, LambdaApi
from serving.errors import DeadlineExceeded, TooManyRequests
from serving.sigv4 import Credentials
from serving.telemetry import Telemetry
from tests.unit.serving.conftest import Context, proxy_event

MODELS = {"minilm": "embedding", "iris": "tabular_classification", "traffic": "forecasting"}
REPLY = {"statusCode": 200, "headers": {"X-A": "b"}, "body": "{}", "isBase64Encoded": False}


@dataclass
class Fleet:
    """Functions that answer the same whatever they are asked, and remember it."""

    error: Exception | None = None
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    size_bytes: int = 0

    def invoke(self, name: str, alias: str, payload: bytes, deadline: float) -> bytes:
        self.asked.append((name, alias, json.loads(payload)))
        self.size_bytes = len(payload)
        if self.error:
            raise self.error
        return json.dumps(REPLY).encode()


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


@pytest.fixture
def door(fleet: Fleet) -> Door:
    return Door(MODELS, fleet, "stack", Telemetry("dispatch", "Flotilla", lambda: ""))


def event(path: str, body: Any, scopes: str | None = "*", **more: Any) -> dict[str, Any]:
    context = {} if scopes is None else {"scopes": scopes, "caller": "key_1"}
    return {**proxy_event(path, body, **more), "requestContext": {"authorizer": context}}


def error(reply: dict[str, Any]) -> tuple[int, str]:
    return reply["statusCode"], json.loads(reply["body"])["error"]["message"]


@pytest.mark.parametrize(
    ("path", "model"), [("/v1/embeddings", "minilm"), ("/v1/timeseries/forecast", "traffic")]
)
def test_the_model_gets_the_event_as_it_came_and_its_reply_goes_back(
    door: Door, fleet: Fleet, path: str, model: str
) -> None:
    asked = event(path, {"model": model})
    assert door(asked, Context()) == REPLY
    assert fleet.asked == [(f"stack-{model}", "live", asked)]


def test_the_event_grows_no_larger_than_it_came(door: Door, fleet: Fleet) -> None:
    text = "\N{CJK UNIFIED IDEOGRAPH-6A21}" * 1000
    body = json.dumps({"model": "minilm", "input": text}, ensure_ascii=False)
    assert door(event("/v1/embeddings", body), Context()) == REPLY
    assert fleet.size_bytes < 4000


def test_a_compressed_body_is_read_and_passed_on_compressed(door: Door, fleet: Fleet) -> None:
    body = gzip.compress(b'{"model": "minilm"}')
    asked = event("/v1/embeddings", body, headers={"Content-Encoding": "gzip"})
    assert door(asked, Context())["statusCode"] == 200
    assert fleet.asked[0][2] == asked


def test_a_fleet_without_such_a_model_says_so(fleet: Fleet) -> None:
    telemetry = Telemetry("dispatch", "Flotilla", lambda: "")
    reply = Door({"iris": MODELS["iris"]}, fleet, "stack", telemetry)(
        event("/v1/embeddings", {"model": "minilm"}), Context()
    )
    expected = "model 'minilm' is unknown, /v1/embeddings has no model of task embedding here"
    assert error(reply) == (404, expected)


@pytest.mark.parametrize(
    ("path", "body", "scopes", "status", "part"),
    [
        ("/v1/embeddings", {"model": "nobody"}, "*", 404, "'nobody' is unknown"),
        ("/v1/embeddings", {"model": "iris"}, "*", 404, "takes ['minilm']"),
        ("/v1/timeseries/forecast", {"model": "minilm"}, "*", 404, "is of task embedding"),
        ("/v1/embeddings", {"model": 1}, "*", 400, "the body lacks 'model'"),
        ("/v1/embeddings", [], "*", 400, "the body lacks 'model'"),
        ("/v1/embeddings", "{", "*", 400, "not JSON"),
        ("/v1/embeddings", {"model": "minilm"}, "iris,traffic", 403, "iris, traffic, not for min"),
        ("/v1/embeddings", {"model": "minilm"}, None, 403, "not for minilm"),
    ],
)
def test_nobody_is_asked_in_vain(
    door: Door, fleet: Fleet, path: str, body: Any, scopes: str | None, status: int, part: str
) -> None:
    found, message = error(door(event(path, body, scopes), Context()))
    assert found == status
    assert part in message
    assert fleet.asked == []


def test_other_methods_are_refused_and_browsers_may_ask(door: Door) -> None:
    assert error(door(event("/v1/embeddings", None, method="GET"), Context())) == (
        405,
        "/v1/embeddings takes POST, not GET",
    )
    reply = door(event("/v1/embeddings", None, method="OPTIONS"), Context())
    assert reply["statusCode"] == 204
    assert "authorization" in reply["headers"]["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    ("raised", "status"),
    [(TooManyRequests("later"), 429), (DeadlineExceeded("late"), 504), (InvokeFailed("no"), 500)],
)
def test_what_fails_is_said_as_openai_says_it(
    door: Door, fleet: Fleet, raised: Exception, status: int
) -> None:
    fleet.error = raised
    reply = door(event("/v1/embeddings", {"model": "minilm"}), Context())
    assert reply["statusCode"] == status
    assert set(json.loads(reply["body"])["error"]) == {"message", "type", "param", "code"}


def test_the_line_names_the_caller(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    door(event("/v1/embeddings", {"model": "minilm"}), Context())
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["caller"], line["status"]) == ("key_1", 200)


def test_it_starts_from_its_environment_without_boto3_and_numpy(tmp_path: Path) -> None:
    package = tmp_path / "functions" / "dispatch"
    shutil.copytree(Path(dispatch_door.__file__).parent, package)
    (package / "models.json").write_text(json.dumps(MODELS))
    code = (
        "import json, sys; from functions.dispatch.handler import handler;"
        "print(json.dumps([handler.models, handler.functions.endpoint, sorted(sys.modules)]))"
    )
    environment = {
        "PYTHONPATH": os.pathsep.join((str(tmp_path), str(Path(serving.__file__).parents[1]))),
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "FLOTILLA_STACK": "flotilla",
        "POWERTOOLS_SERVICE_NAME": "dispatch",
        "POWERTOOLS_METRICS_NAMESPACE": "Flotilla",
    }
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    models, endpoint, modules = json.loads(run.stdout)
    assert models == MODELS
    assert endpoint == "https://lambda.eu-west-1.amazonaws.com"
    assert not {"boto3", "numpy", "aws_lambda_powertools", "pydantic"} & set(modules)


class Lambda(BaseHTTPRequestHandler):
    """Answers as Lambda's API; what, stands in the function's name."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        name = self.path.split("/")[3]
        if name == "slow":
            time.sleep(0.5)
        answer = json.dumps([self.path, self.headers["authorization"], json.loads(body)]).encode()
        self.send_response({"busy": 429, "secret": 403}.get(name, 200))
        if name == "broken":
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.send_header("Content-Length", str(len(answer)))
        with suppress(BrokenPipeError):  # who did not wait has gone
            self.end_headers()
            self.wfile.write(answer)
        # The client is not told: it finds out with its next request.
        self.close_connection = name == "leaving"

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def api() -> Iterator[LambdaApi]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Lambda) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.01,)).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        api = LambdaApi(endpoint, "us-east-1", Credentials("AKID", "secret"))
        yield api
        api._drop()
        server.shutdown()


def invoke(api: LambdaApi, name: str, wait_s: float = 10.0) -> Any:
    return json.loads(api.invoke(name, "live", b'{"a": 1}', time.monotonic() + wait_s))


def test_an_alias_is_asked_with_a_signed_request(api: LambdaApi) -> None:
    path, authorization, body = invoke(api, "flotilla-minilm")
    assert path == "/2015-03-31/functions/flotilla-minilm/invocations?Qualifier=live"
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert "/us-east-1/lambda/aws4_request" in authorization
    assert body == {"a": 1}


def test_a_connection_that_has_gone_is_opened_again(api: LambdaApi) -> None:
    for _ in range(3):
        assert invoke(api, "leaving")[2] == {"a": 1}


@pytest.mark.parametrize(
    ("name", "raised"),
    [
        ("busy", TooManyRequests),
        ("secret", InvokeFailed),
        ("broken", InvokeFailed),
        ("slow", DeadlineExceeded),
    ],
)
def test_failures_of_lambda_are_told_apart(
    api: LambdaApi, name: str, raised: type[Exception]
) -> None:
    with pytest.raises(raised):
        invoke(api, name, 0.1 if name == "slow" else 10.0)
    assert invoke(api, "flotilla-minilm")[2] == {"a": 1}, "it is fit for the next one"
