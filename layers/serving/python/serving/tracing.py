"""X-Ray subsegments around the steps of a request, when a model's facts switch them on.

Powertools' Tracer writes them.  Its import costs as much as the rest of a cold start, so it waits
until the first request has been answered; Lambda itself traces that one.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from serving.types import Json

_NOTHING = nullcontext()


class Tracing:
    """Opens subsegments once it is warm; before that, and when switched off, it does nothing."""

    def __init__(self, service: str, enabled: bool) -> None:
        self._service = service
        self._enabled = enabled
        self._tracer: Json = None

    def warm(self) -> None:
        """Load the tracer, if it is wanted and not there yet."""
        if self._enabled and self._tracer is None:
            from aws_lambda_powertools import Tracer

            self._tracer = Tracer(service=self._service)

    def segment(self, name: str) -> AbstractContextManager[None]:
        """A subsegment; an exception within is recorded in it and passes on."""
        return _NOTHING if self._tracer is None else self._subsegment(name)

    @contextmanager
    def _subsegment(self, name: str) -> Iterator[None]:
        with self._tracer.provider.in_subsegment(f"## {name}") as subsegment:
            try:
                yield
            except Exception as error:
                self._tracer.provider.put_annotation("Error", type(error).__name__)
                subsegment.add_exception(error, [])
                raise
