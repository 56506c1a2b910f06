"""What the engine's tests share: a Lambda context, and handlers of small models."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from serving.handler import Handler
from serving.prices import Meter
from serving.routes import Router
from serving.service import Service
from serving.telemetry import Telemetry
from serving.types import Json, JsonObject
from tests import artifacts


@dataclass
class Context:
    """Lambda's context of one invoke, with the time that it has left."""

    aws_request_id: str = "request-1"
    function_name: str = "flotilla-tiny"
    memory_limit_in_mb: str = "512"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:flotilla-tiny:live"
    remaining_ms: int = 28_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass
class Answer:
    """An HTTP reply, read."""

    status: int
    document: Json
    headers: dict[str, str]


class Model:
    """A handler with the calls that a test makes."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def http(
        self,
        path: str,
        body: Json = None,
        method: str = "POST",
        media_type: str = "application/json",
        context: Context | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a proxy event; text and bytes go as they are, the rest as JSON."""
        reply = self.handler(
            proxy_event(path, body, method, media_type, headers), context or Context()
        )
        text = reply["body"]
        return Answer(reply["statusCode"], text and json.loads(text), reply["headers"])

    def predict(self, body: Json, media_type: str = "application/json") -> Answer:
        """Ask the native route."""
        return self.http("/v1/models/tiny/predict", body, media_type=media_type)

    def infer(self, *inputs: JsonObject, **rest: Json) -> Answer:
        """Ask the Open Inference route."""
        return self.http("/v2/models/tiny/infer", {"inputs": list(inputs), **rest})


def proxy_event(
    path: str,
    body: Json = None,
    method: str = "POST",
    media_type: str = "application/json",
    headers: dict[str, str] | None = None,
) -> JsonObject:
    """What API Gateway sends to a Lambda proxy integration, as far as it is read."""
    if isinstance(body, bytes):
        text = b64encode(body).decode()
    elif isinstance(body, str) or body is None:
        text = body
    else:
        text = json.dumps(body)
    return {
        "httpMethod": method,
        "path": path,
        "headers": {"Content-Type": media_type, **(headers or {})},
        "body": text,
        "isBase64Encoded": isinstance(body, bytes),
    }


def _no_job(_: JsonObject) -> JsonObject:
    raise RuntimeError("no job was expected")


def handler_of(folder: Path, hand_over: Callable[[JsonObject], JsonObject] = _no_job) -> Handler:
    """A handler over an artifact folder, with no upload door, and unless told with no jobs."""
    return Handler(
        Router(Service.load(folder, version="3")),
        Telemetry("tiny", "Flotilla", lambda: "Root=1-abc;Parent=2;Sampled=1"),
        Meter(512, "x86_64"),
        open_uploads=_no_uploads,
        hand_over=hand_over,
    )


def _no_uploads() -> None:
    raise AssertionError("no upload was expected")


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., Model]:
    """`serve(artifacts.classifier)` -> a model, ready."""

    def build(make: Callable[..., Path], *args: Json, **kwargs: Json) -> Model:
        return Model(handler_of(make(tmp_path / "artifact", *args, **kwargs)))

    return build


@pytest.fixture
def classifier(serve: Callable[..., Model]) -> Model:
    return serve(artifacts.classifier)
