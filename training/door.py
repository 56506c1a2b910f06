"""The HTTP door: a written artifact, asked as callers ask it, answers as the framework does.

Requests are the events that API Gateway sends, raw bodies in base64, and replies are read from what
goes back to it; only the network between is left out.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import numpy as np

from serving import events
from serving.routes import Router
from serving.service import Service
from serving.types import Array, JsonObject
from training.parity import TOLERANCE, ParityError

JSON = "application/json"


def predictions(
    folder: Path, bodies: Iterable[bytes], media_type: str, variant: str | None = None
) -> Iterator[JsonObject]:
    """The first prediction that a variant in `folder`, or the default, gives to each body.

    Raises ParityError when one is refused.
    """
    service = Service.load(folder).choose(variant)
    router = Router(service)
    for number, body in enumerate(bodies):
        event = _event(service.name, body, media_type)
        request = events.from_http(event, _Context(), service.limits.deadline_s)
        request.body = events.read_body(event)
        reply = events.to_http(router.respond(request, usage=lambda _: {}))
        if reply["statusCode"] != HTTPStatus.OK:
            raise ParityError(
                f"request {number} is answered {reply['statusCode']}: {reply['body']}"
            )
        yield json.loads(reply["body"])["predictions"][0]


def require_same(number: int, answer: Array, expected: Array, least: float = 1.0) -> None:
    """Raise ParityError unless numbers are equal within 1e-5 of themselves, or of `least`."""
    apart = np.abs(answer - expected) / np.maximum(np.abs(expected), least)
    if not apart.max() <= TOLERANCE:
        raise ParityError(f"request {number} is off by {apart.max():.2g}, expected {TOLERANCE}")


@dataclass(frozen=True, slots=True)
class Asked:
    """How many held-out rows are asked for at the door, and in which media type."""

    requests: int
    media_type: str


@dataclass(slots=True)
class _Context:
    """As much of Lambda's context as the engine reads."""

    aws_request_id: str = "door"
    function_name: str = "door"
    memory_limit_in_mb: str = "1769"
    invoked_function_arn: str = ""

    def get_remaining_time_in_millis(self) -> int:
        """A minute, always."""
        return 60_000


def _event(model: str, body: bytes, media_type: str) -> JsonObject:
    return {
        "httpMethod": "POST",
        "path": f"/v1/models/{model}/predict",
        "headers": {"Content-Type": media_type},
        "body": b64encode(body).decode(),
        "isBase64Encoded": True,
    }
