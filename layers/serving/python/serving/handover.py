"""Predictions that are to become jobs: another function makes them, of the event as it came.

API Gateway chooses a function by the path alone, so that a caller prefers an answer later is for
the model's function to see.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from serving import strict_json
from serving.http import Request
from serving.types import JsonObject


@dataclass(frozen=True, slots=True)
class Handover:
    """Invokes one function, with a client that is made at its first use."""

    function: str
    connect: Callable[[], Any]

    def __call__(self, event: JsonObject) -> JsonObject:
        """The other function's reply to the same event.  Raises RuntimeError when it has none."""
        payload = strict_json.dumps(event)  # escaped, what came in 6 MB might not fit into as many
        answer = self.connect().invoke(FunctionName=self.function, Payload=payload)
        reply: JsonObject = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RuntimeError(f"{self.function} failed: {reply}")
        return reply


def is_for_jobs(request: Request) -> bool:
    """Whether a prediction is to become a job (RFC 7240, `respond-async`)."""
    stated = request.headers.get("prefer")
    if stated is None or request.method != "POST" or not request.path.endswith("/predict"):
        return False
    preferences = stated.lower().split(",")
    return "respond-async" in (name.partition(";")[0].strip() for name in preferences)


def connect() -> Any:
    """boto3's Lambda client, with region, endpoint and credentials of the process."""
    import boto3

    return boto3.client("lambda")
