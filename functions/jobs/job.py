"""A job: what was asked for, by whom, and how far it has come."""

import re
import secrets
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, Self

from serving import keys
from serving.json_types import JsonObject

# Whose jobs are those of requests without a key; a table's key cannot be empty.
NOBODY = "-"
KEPT_S = 30 * 24 * 3600
# Inputs of many instances, by their ending: one answer a line.
BATCHES = (".csv", ".jsonl", ".ndjson")
NDJSON = "application/x-ndjson"
_ID = re.compile(r"[0-9a-f]{32}")
BATCH_RESULT, SINGLE_RESULT = "result.jsonl", "result.json"


class Status(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (Status.WAITING, Status.RUNNING)
ENDED = (Status.DONE, Status.FAILED, Status.CANCELLED)


class Delivery(StrEnum):
    """Where a webhook stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of the table; times are seconds since 1970.

    `input` is the name of an object below `keys.job`, `version` the one of it that was begun,
    `tick` counts the looks at its parts, `progressed` is when a look last found more of them
    answered.
    """

    caller: str
    id: str
    model: str
    status: Status
    created: int
    expires: int
    input: str
    inline: bool
    version: str = ""
    lines: int | None = None
    lines_done: int = 0
    tick: int = 0
    progressed: int = 0
    finished: int | None = None
    error_code: str = ""
    error_message: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_state: str = ""
    webhook_attempts: int = 0

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> Self:
        """A job as the table holds it; DynamoDB's numbers are decimals."""
        known = {field.name for field in fields(cls)}
        values = {name: _plain(value) for name, value in item.items() if name in known}
        return cls(**values | {"status": Status(values["status"])})

    def to_item(self) -> dict[str, Any]:
        """The job for the table; what is not known yet is left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def is_batch(self) -> bool:
        """Whether each line of the input gets an answer of its own."""
        return PurePosixPath(self.input).suffix in BATCHES

    @property
    def input_key(self) -> str:
        """Where the input lies, in the uploads bucket."""
        return keys.job(self.model, self.caller, self.id) + self.input

    @property
    def result_key(self) -> str:
        """Where the result lies once there is one, in the results bucket."""
        name = BATCH_RESULT if self.is_batch else SINGLE_RESULT
        return keys.job(self.model, self.caller, self.id) + name


def new_id(now: float) -> str:
    """An id that sorts by time, and whose other 80 bits nobody can guess."""
    return f"{int(now * 1000):012x}{secrets.token_hex(10)}"


def is_id(text: str) -> bool:
    """Whether a job may have this id; DynamoDB takes no key that is empty, or very long."""
    return bool(_ID.fullmatch(text))


def named_by(input_key: str) -> tuple[str, str]:
    """The caller and the id of the job whose input this is.  Raises ValueError."""
    _, _, caller, job_id, _ = input_key.split("/")
    return caller, job_id


def describe(job: Job) -> JsonObject:
    """The job as its caller sees it, without the addresses that are signed for each answer."""
    described: JsonObject = {
        "id": job.id,
        "status": str(job.status),
        "model": job.model,
        "created": stamp(job.created),
        "expires": stamp(job.expires),
        "progress": {"lines_done": job.lines_done, "lines": job.lines},
    }
    if job.finished is not None:
        described["finished"] = stamp(job.finished)
    if job.error_code:
        described["error"] = {"code": job.error_code, "message": job.error_message}
    if job.webhook_url:
        described["webhook"] = {
            "url": job.webhook_url,
            "state": job.webhook_state,
            "attempts": job.webhook_attempts,
        }
    return described


def stamp(seconds: float) -> str:
    """A time as RFC 3339 has it, in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) else value
