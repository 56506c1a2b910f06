"""Uploads of HTML forms: `multipart/form-data` (RFC 7578), read without copying more than once.

The standard library's parser, `email`, costs 20 ms of import and reads binary files line by line.
"""

import re
from dataclasses import dataclass

from serving.errors import BadRequest, TooLarge

_BOUNDARY = re.compile(r""";\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))""", re.IGNORECASE)
# Quoted or not; some write what is not ASCII as `filename*=UTF-8''...` (RFC 5987).
_NAME, _FILENAME = (
    re.compile(rf""";\s*{name}\*?=("(?:[^"\\]|\\.)*"|[^\s;"]*)""", re.IGNORECASE)
    for name in ("name", "filename")
)
_HEADER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a form; `filename` and `media_type` are empty where nothing is said of them."""

    name: str
    filename: str
    media_type: str
    body: bytes


def read(body: bytes, content_type: str, most: int) -> list[Part]:
    """The parts of a form in their order.  Raises BadRequest, and TooLarge for more than `most`."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise BadRequest(
            f"the content-type of a form is '{content_type[:100]}', without a boundary"
        )
    delimiter = b"\r\n--" + (found[1] or found[2]).encode()
    # The first delimiter may stand at the very beginning, where no line ends before it.
    pieces = (b"\r\n" + body).split(delimiter, most + 2)
    if len(pieces) > most + 2:
        raise TooLarge(f"the form has more than {most} parts")
    *parts, last = pieces[1:] or [b""]
    if not last.startswith(b"--"):
        raise BadRequest("the form is cut off: its last boundary is missing")
    return [_part(piece, number) for number, piece in enumerate(parts)]


def _part(piece: bytes, number: int) -> Part:
    head, gap, body = piece.partition(b"\r\n\r\n")
    if not gap or len(head) > _HEADER_BYTES:
        raise BadRequest(f"part {number} of the form has no end of its headers")
    headers = dict(_header(line) for line in head.decode(errors="replace").split("\r\n") if line)
    disposition = headers.get("content-disposition", "")
    if not disposition.lower().startswith("form-data"):
        raise BadRequest(f"part {number} of the form has no content-disposition: form-data")
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return Part(_stated(_NAME, disposition), _stated(_FILENAME, disposition), media_type, body)


def _stated(parameter: re.Pattern[str], disposition: str) -> str:
    found = parameter.search(disposition)
    return found[1].strip('"') if found else ""


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()
