"""Bodies that are no JSON request: a text, a table, lines of JSON, an image, a recording, a form.

Imported when the first of them comes.
"""

from collections.abc import Iterable
from itertools import islice
from pathlib import PurePosixPath

from serving import arrays, lines, multipart, strict_json
from serving.errors import BadRequest, Unprocessable, UnsupportedMediaType
from serving.http import FORM, JSON, JSON_LINES, Request
from serving.protocols import native
from serving.protocols.native import VARIANT_HEADER
from serving.service import Service
from serving.types import Json

# What a file's name says of it; the ending -> media type.
ENDINGS = {
    ".csv": "text/csv",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": JSON,
    ".jsonl": JSON_LINES[0],
    ".ndjson": JSON_LINES[0],
    ".png": "image/png",
    ".txt": "text/plain",
    ".wav": "audio/wav",
}
_UNSAID = ("", "application/octet-stream")
_TEXT_CODES = ("utf-8", "utf8", "us-ascii")


def instances(service: Service, request: Request) -> list[Json]:
    """The instances of a body that is not JSON.  Raises ServingError."""
    _require_unicode(request)
    if request.media_type == FORM:
        stated = request.headers["content-type"]
        parts = multipart.read(request.body, stated, service.limits.batch)
        return [instance for part in parts for instance in _of_part(service, part)]
    return _of_body(service, request.media_type, request.body)


def _of_part(service: Service, part: multipart.Part) -> list[Json]:
    """A file of a form gives the instances that it would give alone; a field is a text."""
    media_type = part.media_type
    if media_type in _UNSAID:
        ending = PurePosixPath(part.filename).suffix.lower()
        media_type = ENDINGS.get(ending, media_type) if part.filename else "text/plain"
    try:
        return _of_body(service, media_type, part.body)
    except (BadRequest, Unprocessable, UnsupportedMediaType) as error:
        which = arrays.shown(part.filename or part.name)
        raise type(error)(f"part {which} of the form: {error}") from None


def _of_body(service: Service, media_type: str, body: bytes) -> list[Json]:
    if media_type == JSON:
        document = native.question(strict_json.loads(body, service.limits.nesting))
        if "variant" in document:  # of a form: all its parts are answered by the same
            raise Unprocessable(f"'variant' is stated, expected it in header '{VARIANT_HEADER}'")
        return list(document["instances"])
    if media_type in JSON_LINES:
        numbered = enumerate(lines.read(body), start=1)
        nesting = service.limits.nesting
        return _few(service, (_parsed(line, nesting, at) for at, line in numbered if line))
    return _few(service, service.instances(media_type, body))


def _few(service: Service, found: Iterable[Json]) -> list[Json]:
    """What a body holds; more than a request may hold is counted, and not kept."""
    several = iter(found)
    kept = list(islice(several, service.limits.batch))
    if more := sum(1 for _ in several):
        service.require_batch(len(kept) + more)
    return kept


def _parsed(line: bytes, nesting: int, number: int) -> Json:
    try:
        return strict_json.loads(line, nesting)
    except BadRequest as error:
        raise BadRequest(f"line {number}: {error}") from None


def _require_unicode(request: Request) -> None:
    """Refuse another character set than UTF-8 rather than read it wrong."""
    _, _, charset = request.headers.get("content-type", "").lower().partition("charset=")
    stated = charset.partition(";")[0].strip(' "')
    if stated and stated not in _TEXT_CODES:
        raise UnsupportedMediaType(f"the body's charset is '{stated}', expected utf-8")
