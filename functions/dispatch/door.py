"""From a request to the model that its body names: which, whether the key is for it, its answer."""

import json
import time
from dataclasses import dataclass
from typing import Protocol

from serving import events, http, scopes, strict_json
from serving.errors import MethodNotAllowed, NotFound, ServingError, Unprocessable
from serving.http import EMBEDDINGS, FORECAST, Request
from serving.json_types import JsonObject
from serving.lambda_context import LambdaContext
from serving.limits import Limits
from serving.telemetry import Telemetry

# route -> the task of the models that answer it
TASKS = {EMBEDDINGS: "embedding", FORECAST: "forecasting"}
_LIMITS = Limits()
# API Gateway waits for 29 s.
_DEADLINE_S = 28.5


class Functions(Protocol):
    """What invokes a function by its name and alias."""

    def invoke(self, name: str, alias: str, payload: bytes, deadline: float) -> bytes:
        """What the function answers, by `deadline` of `time.monotonic`.  Raises ServingError."""
        ...


@dataclass(frozen=True, slots=True)
class Door:
    """The Lambda handler; `models` maps the name of each model to its task."""

    models: dict[str, str]
    functions: Functions
    stack: str
    telemetry: Telemetry

    def __call__(self, event: JsonObject, context: LambdaContext) -> JsonObject:
        """Answer one proxy event: as the model does, or with why it is not asked."""
        started = time.perf_counter()
        request = events.from_http(event, context, _DEADLINE_S)
        try:
            reply = self._answer(event, request)
        except Exception as error:
            if not isinstance(error, ServingError):
                self.telemetry.fault(context, error)
            reply = events.to_http(http.error_reply(error, request.path, request.id))
        status = int(reply["statusCode"])
        self.telemetry.record(context, "http", request.path, status, started, request.caller)
        return reply

    def _answer(self, event: JsonObject, request: Request) -> JsonObject:
        """The model's own engine gets the event as it came, and its reply goes back as it is."""
        if request.method == "OPTIONS":
            return events.to_http(http.preflight())
        if request.method != "POST":
            raise MethodNotAllowed.of(request.method, request.path, "POST")
        request.body = events.read_body(event)
        model = self._model(request)
        authorized = event.get("requestContext", {}).get("authorizer") or {}
        scopes.require(authorized.get("scopes", ""), model)
        payload = strict_json.dumps(event)  # escaped, what came in 6 MB might not fit into as many
        answer = self.functions.invoke(f"{self.stack}-{model}", "live", payload, request.deadline)
        reply: JsonObject = json.loads(answer)
        return reply

    def _model(self, request: Request) -> str:
        """The model that the body names.  Raises ServingError."""
        if coding := request.headers.get("content-encoding"):
            from serving import encodings

            request.body = encodings.unpacked(request.body, coding, _LIMITS.body_bytes)
        document = strict_json.loads(request.body, _LIMITS.nesting)
        name = document.get("model") if isinstance(document, dict) else None
        if not isinstance(name, str):
            raise Unprocessable("the body lacks 'model', expected an object that names one")
        task = TASKS[request.path]
        fitting = sorted(known for known, its in self.models.items() if its == task)
        if name not in fitting:
            was = f"is of task {self.models[name]}" if name in self.models else "is unknown"
            taken = f"takes {fitting}" if fitting else f"has no model of task {task} here"
            raise NotFound(f"model '{name[:100]}' {was}, {request.path} {taken}")
        return name
