"""The HTTP door: a written artifact, asked as callers ask it, answers as the framework does."""

import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from pathlib import Path

import numpy as np

from serving.http import Request
from serving.routes import Router
from serving.service import Service
from serving.types import Array, JsonObject
from training.parity import TOLERANCE, ParityError

JSON = "application/json"


def predictions(folder: Path, bodies: Iterable[bytes], media_type: str) -> Iterator[JsonObject]:
    """The first prediction that the artifact in `folder` gives to each body.

    Raises ParityError when one is refused.
    """
    service = Service.load(folder)
    router = Router(service)
    for number, body in enumerate(bodies):
        request = Request(
            method="POST",
            path=f"/v1/models/{service.name}/predict",
            headers={"content-type": media_type},
            body=body,
        )
        reply = router.respond(request, usage=lambda _: {})
        if reply.status != HTTPStatus.OK:
            raise ParityError(f"request {number} is answered {reply.status}: {reply.body!r}")
        yield json.loads(reply.body)["predictions"][0]


def require_same(number: int, answer: Array, expected: Array, least: float = 1.0) -> None:
    """Raise ParityError unless numbers are equal within 1e-5 of themselves, or of `least`."""
    apart = np.abs(answer - expected) / np.maximum(np.abs(expected), least)
    if not apart.max() <= TOLERANCE:
        raise ParityError(f"request {number} is off by {apart.max():.2g}, expected {TOLERANCE}")
