"""The lines of a body one at a time: as a list they would take many times the body's memory."""

import re
from collections.abc import Iterator

_LINE = re.compile(rb"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]+")


def read(body: bytes) -> Iterator[bytes]:
    """Each line without its end, as `bytes.splitlines` gives it."""
    return (match.group().rstrip(b"\r\n") for match in _LINE.finditer(body))
