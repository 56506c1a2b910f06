"""What goes into a function and what comes out: the words between doors, pools and sandboxes."""

import json
from dataclasses import dataclass, field
from time import time
from uuid import uuid4

# The size of what a function may be given and may answer (AWS Lambda quotas: 6 MB, and the error
# text of the Runtime API says 6291556 bytes).
PAYLOAD_BYTES = 6_291_556


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a function: its JSON, whom it is put to, and what the caller says besides."""

    payload: bytes
    arn: str = ""
    client_context: str | None = None
    id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def trace_id(self) -> str:
        """The X-Ray header of a request that nobody samples."""
        digits = self.id.replace("-", "")
        return f"Root=1-{int(time()):08x}-{digits[:24]};Parent={digits[16:]};Sampled=0"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A function's answer; `error` is None, or "Unhandled" when the payload says what failed."""

    payload: bytes
    error: str | None = None
    version: str = ""


class Throttled(Exception):
    """The function has as many requests in hand as it may have at once."""


def failure(kind: str, message: str) -> Outcome:
    """The outcome of a request whose function failed before it could say so itself."""
    document = {"errorType": kind, "errorMessage": message}
    return Outcome(json.dumps(document).encode(), error="Unhandled")
