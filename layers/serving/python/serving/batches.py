"""Files of many instances: one line in, one line out, in order, bad lines answered in place."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from time import monotonic
from typing import Any

from serving import lines, strict_json
from serving.errors import BadRequest, DeadlineExceeded, ServingError, TooLarge
from serving.service import Service
from serving.types import Json, JsonObject

MEDIA_TYPE = "application/x-ndjson"

# The ending of a key -> the media type whose lines are instances.
ENDINGS = {".csv": "text/csv", ".jsonl": MEDIA_TYPE, ".ndjson": MEDIA_TYPE}


def answer(service: Service, media_type: str, body: bytes, deadline: float) -> bytes:
    """A batch's answers as JSON Lines: `{"line", "prediction"}` or `{"line", "error"}` each.

    Raises ServingError when the file as a whole cannot be read, or not in time, or when its answers
    have more bytes than an upload may have.
    """
    most = service.limits.upload_bytes
    written = BytesIO()
    number = 0
    instances = iter(read(service, media_type, body))
    while chunk := list(islice(instances, service.limits.batch)):
        if monotonic() >= deadline:
            raise DeadlineExceeded(f"the time for the answers was over behind line {number}")
        for line in _answer_chunk(service, chunk, deadline):
            number += 1
            written.write(strict_json.dumps({"line": number, **line}) + b"\n")
        if written.tell() > most:
            raise TooLarge(
                f"the answers to the first {number} lines have {written.tell()} bytes, "
                f"expected at most {most} to all: divide the file"
            )
    return written.getvalue()


def read(service: Service, media_type: str, body: bytes) -> Iterable[Any]:
    """The lines of a file as instances, each when it is asked for.

    A line that is no JSON, or larger than a request may be, is its error.
    """
    if media_type != MEDIA_TYPE:
        return service.instances(media_type, body)
    return _parsed(service, body)


def _answer_chunk(service: Service, chunk: list[Any], deadline: float) -> list[JsonObject]:
    """All lines of a chunk at once; one at a time when there is a bad one among them."""
    try:
        _require_parsed(chunk)
        return [{"prediction": prediction} for prediction in service.predict(chunk, deadline)]
    except DeadlineExceeded:
        raise
    except ServingError:
        return [_answer_line(service, instance, deadline) for instance in chunk]


def _answer_line(service: Service, instance: Json, deadline: float) -> JsonObject:
    try:
        _require_parsed([instance])
        return {"prediction": service.predict([instance], deadline)[0]}
    except DeadlineExceeded:
        raise
    except ServingError as error:
        return {"error": {"code": error.code, "message": str(error)}}


def _require_parsed(instances: list[Any]) -> None:
    for instance in instances:
        if isinstance(instance, ServingError):
            raise instance


def _parsed(service: Service, body: bytes) -> Iterator[Any]:
    most = service.limits.body_bytes
    for line in lines.read(body):
        if len(line) > most:
            yield TooLarge(f"the line has {len(line)} bytes, expected at most {most}")
            continue
        try:
            yield strict_json.loads(line, service.limits.nesting)
        except BadRequest as error:
            yield error
