"""Put the answers to the parts together: one line for each line of the input, in its order."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from serving import strict_json
from serving.json_types import JsonObject


@dataclass(frozen=True, slots=True)
class Span:
    """A part by its lines: the number of the first, and how many there are."""

    first: int
    lines: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a part came to: a line for each of its own, or why there are none."""

    lines: list[bytes] | None
    error: JsonObject | None = None


class Mismatch(Exception):
    """A part has another number of answers than of lines."""


def spans(firsts: list[int], lines: int) -> list[Span]:
    """The parts of a file of so many lines, from the numbers of their first lines."""
    ends = pairwise([*sorted(firsts), lines + 1])
    return [Span(first, following - first) for first, following in ends]


def has_header(span: Span, answers: int) -> bool:
    """Whether the model took the first row for a header, as so many answers to a part show.

    Raises Mismatch.
    """
    repeated = int(span.first > 1)
    surplus = answers - span.lines - repeated
    if surplus not in (0, -1):
        raise Mismatch(f"the part at line {span.first} has {answers} answers to {span.lines} lines")
    return surplus == -1


def assemble(answers: Iterable[tuple[Span, Answer]], header: bool | None) -> Iterator[bytes]:
    """The lines of the result, numbered from 1.

    `header` tells whether the first row was one; None is for files that repeat no row.  Raises
    Mismatch when a part has too many answers, or too few.
    """
    for span, found in answers:
        number, wanted = span.first - int(bool(header)), span.lines
        if number == 0:
            number, wanted = 1, wanted - 1
        if found.lines is None:
            yield from (_error(number + index, found.error or {}) for index in range(wanted))
            continue
        surplus = int(header is False and span.first > 1)
        if len(found.lines) != wanted + surplus:
            raise Mismatch(f"the part at line {span.first} has {len(found.lines)} answers")
        for index, line in enumerate(found.lines[surplus:]):
            yield _renumbered(line, number + index)


def batches(lines: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    """The same bytes in pieces of at least that size, but for the last."""
    held, held_bytes = [], 0
    for line in chain(lines, [None]):
        if line is not None:
            held.append(line)
            held_bytes += len(line)
        if held and (line is None or held_bytes >= size_bytes):
            yield b"".join(held)
            held, held_bytes = [], 0


def _renumbered(line: bytes, number: int) -> bytes:
    """`{"line":7,...` of a part as a line of the whole; the engine writes the number first."""
    start, _, rest = line.partition(b",")
    if not start.startswith(b'{"line":'):
        raise Mismatch(f"an answer begins with {start[:40]!r}, expected its line")
    return b'{"line":%d,%b\n' % (number, rest)


def _error(number: int, error: JsonObject) -> bytes:
    return strict_json.dumps({"line": number, "error": error}) + b"\n"


def read_error(document: bytes) -> JsonObject:
    """The code and message of a failure, as the engine writes them beside an upload's results."""
    error = json.loads(document)["error"]
    return {"code": error["code"], "message": error["message"]}
