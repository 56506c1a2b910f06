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
    meter: Meter
    open_uploads: Callable[[], UploadDoor]
    hand_over: Callable[[JsonObject], JsonObject]

    def __call__(self, event: Json, context: LambdaContext) -> Json:
        """Answer one Lambda event, whichever door it came through."""
        started = perf_counter()
        service = self.router.service
        limit_s = service.limits.deadline_s
        if isinstance(event, dict) and events.is_http(event):
            request = events.from_http(event, context, limit_s)
            if handover.is_for_jobs(request):
                return self._as_job(event, request, context, started)
            return events.to_http(self._respond(request, context, started, event))
        if isinstance(event, dict) and events.is_uploads(event):
            return self.open_uploads().answer(event, context)
        request = events.from_invoke(event, service.name, context, limit_s)
        return events.to_invoke(self._respond(request, context, started))

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
        started: float,
        proxied: JsonObject | None = None,
    ) -> Response:
        """Answer a request and record it: the one place where an error becomes a reply.

        `proxied` is the event that API Gateway sent, with the body in it.
        """
        through_gateway = proxied is not None
        usage = self.meter.usage(self.telemetry.cold, through_gateway)
        try:
            if proxied is not None:
                request.body = events.read_body(proxied)
            response = self.router.respond(request, usage)
        except Exception as error:
            if not isinstance(error, ServingError):
                self.telemetry.fault(context, error)
            response = error_reply(error, request.path, request.id)
        door, status = "http" if through_gateway else "invoke", int(response.status)
        self.telemetry.record(context, door, request.path, status, started, request.caller)
        return response
