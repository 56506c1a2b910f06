"""The wiring: every door to the same service, and every error to one reply."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from serving import events, handover
from serving.errors import ServingError
from serving.http import Request, Response, error_reply
from serving.lambda_context import LambdaContext
from serving.prices import Meter
from serving.routes import Router
from serving.telemetry import Telemetry
from serving.tracing import Tracing
from serving.types import Json, JsonObject


class UploadDoor(Protocol):
    """What answers a batch of uploads; it is opened only when one comes."""

    def answer(self, event: JsonObject, context: LambdaContext) -> JsonObject:
        """The partial batch response: which messages are to come again."""
        ...


@dataclass(frozen=True, slots=True)
class Handler:
    """The Lambda handler of one model."""

    router: Router
    telemetry: Telemetry
    tracing: Tracing
    meter: Meter
    open_uploads: Callable[[], UploadDoor]
    hand_over: Callable[[JsonObject], JsonObject]

    def __call__(self, event: Json, context: LambdaContext) -> Json:
        """Answer one Lambda event, whichever door it came through."""
        started = perf_counter()
        if not self.telemetry.cold:
            self.tracing.warm()
        service = self.router.service
        limit_s = service.limits.deadline_s
        if isinstance(event, dict) and events.is_http(event):
            request = events.from_http(event, context, limit_s)
            if handover.is_for_jobs(request):
                return self._as_job(event, request, context, started)
            return events.to_http(
                self._respond(request, context, "http", started, lambda: events.read_body(event))
            )
        if isinstance(event, dict) and events.is_uploads(event):
            return self.open_uploads().answer(event, context)
        request = events.from_invoke(event, service.name, context, limit_s)
        return events.to_invoke(
            self._respond(request, context, "invoke", started, lambda: request.body)
        )

    def _as_job(
        self, event: JsonObject, request: Request, context: LambdaContext, started: float
    ) -> JsonObject:
        """Have a prediction made later; who asks is recorded where it is made."""
        try:
            reply = self.hand_over(event)
        except Exception as error:
            self.telemetry.fault(context, error)
            reply = events.to_http(error_reply(error, request.path, request.id))
        self.telemetry.record(context, "http", request.path, reply["statusCode"], started)
        return reply

    def _respond(
        self,
        request: Request,
        context: LambdaContext,
        door: str,
        started: float,
        read_body: Callable[[], bytes],
    ) -> Response:
        """Answer a request and record it: the one place where an error becomes a reply."""
        usage = self.meter.usage(cold=self.telemetry.cold, through_gateway=door == "http")
        try:
            with self.tracing.segment(door):
                request.body = read_body()
                response = self.router.respond(request, usage)
        except Exception as error:
            if not isinstance(error, ServingError):
                self.telemetry.fault(context, error)
            response = error_reply(error, request.path, request.id)
        self.telemetry.record(
            context, door, request.path, int(response.status), started, request.caller
        )
        return response
