"""JSON as the standard has it: UTF-8, no NaN or Infinity, and only so deep."""

import json
import re
from typing import NoReturn

import orjson

from serving.errors import BadRequest
from serving.json_types import Json

# A string, or one bracket: brackets inside strings do not nest.  A string without an end reaches to
# that of the text, or it would be looked for anew from each quote that is escaped in it.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_OPENING = (b"[", b"{")


def loads(raw: bytes, nesting: int) -> Json:
    """Parse `raw`; an integer of more than 64 bits becomes a float.  Raises BadRequest."""
    if raw.count(b"[") + raw.count(b"{") > nesting:
        _check_nesting(raw, nesting)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _explained(raw)


def _explained(raw: bytes) -> Json:
    """Parse what orjson has refused, to say what is wrong.

    A number like 1e999 is infinite, and a byte order mark is passed over (RFC 8259, section 8.1).
    """
    try:
        document = _DECODER.decode(raw.decode("utf-8-sig"))
        json.dumps(document, ensure_ascii=False).encode()
        return document
    except UnicodeDecodeError as error:
        raise BadRequest(f"body is not UTF-8: byte {error.start} is wrong") from None
    except UnicodeEncodeError:
        raise BadRequest("body is not Unicode: it holds half a surrogate pair") from None
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")  # as of strings without an end
        where = f"line {error.lineno}, column {error.colno}"
        raise BadRequest(f"body is not JSON: {what} at {where}") from None
    except ValueError as error:
        raise BadRequest(f"body is not JSON: {error}") from None


def dumps(document: Json) -> bytes:
    """Write compact JSON; arrays of numbers are lists.

    Raises ValueError for NaN and Infinity, which JSON does not have.
    """
    try:
        raw = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:  # half a surrogate pair, or an integer of more than 64 bits
        return _ENCODER.encode(document).encode(errors="backslashreplace")
    if b"null" in raw:  # orjson's word for NaN and Infinity: the standard library refuses them
        _ENCODER.encode(document)
    return raw


def _check_nesting(raw: bytes, nesting: int) -> None:
    depth = 0
    for match in _TOKEN.finditer(raw):
        token = match.group()
        if token in _OPENING:
            depth += 1
            if depth > nesting:
                raise BadRequest(f"body nests deeper than {nesting} levels")
        elif token in (b"]", b"}"):
            depth -= 1


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _listed(value: Json) -> Json:
    return value.tolist()


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,
    separators=(",", ":"),
    allow_nan=False,
    default=_listed,
)
