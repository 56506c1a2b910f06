"""An X-Ray subsegment around each answer, when a model's facts switch it on.

Powertools' Tracer writes it.  Its import costs as much as the rest of a cold start, so it waits
until the first request has been answered; Lambda itself traces that one.
"""

from typing import Any

from serving.http import Request, Response
from serving.prices import Usage
from serving.routes import Router
from serving.service import Service


class TracedRouter(Router):
    """Answers within a subsegment, from the second request on."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._first = True
        self._tracer: Any = None

    def respond(self, request: Request, usage: Usage) -> Response:
        """Answer a request; an error is recorded in the subsegment and passes on."""
        if self._first:
            self._first = False
            return super().respond(request, usage)
        provider = self._provider()
        with provider.in_subsegment(f"## {self.service.name}") as subsegment:
            try:
                return super().respond(request, usage)
            except Exception as error:
                provider.put_annotation("Error", type(error).__name__)
                subsegment.add_exception(error, [])
                raise

    def _provider(self) -> Any:
        if self._tracer is None:
            from aws_lambda_powertools import Tracer

            self._tracer = Tracer(service=self.service.name)
        return self._tracer.provider
