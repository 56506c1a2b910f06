"""Cut a file of many lines into parts that a function answers within its time.

Whether the first row of a CSV is a header only its model knows.  So every later part begins with
that row again: a model that takes it for a header gives a part as many answers as it has rows, any
other gives one more, which `assembling` leaves out.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from serving.errors import TooLarge

# Five parts share one timeout of 28 s (infra.resources.uploads), and each costs some ten calls
# of S3.  Short lines are mostly quick to answer: a row takes microseconds, a page milliseconds.
PART_LINES = 1000
LEAST_LINES = 100
SHORT_BYTES = 64 * 1024
PART_BYTES = 4 * 1024 * 1024
LINE_BYTES = 8 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"

# A line with its end, and whether it can be read together with others.
Record = tuple[bytes, bool]


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that follow each other; `first` is the number of the first, from 1."""

    first: int
    lines: int
    body: bytes


def split(chunks: Iterable[bytes], ending: str) -> Iterator[Part]:
    """The parts of a `.csv`, or of a file with a JSON document a line.  Raises TooLarge."""
    if ending == ".csv":
        yield from _parts(_rows(_lines(chunks)), repeats_first=True)
    else:
        yield from _parts(((line, True) for line in _lines(chunks)), repeats_first=False)


def _parts(records: Iterable[Record], repeats_first: bool) -> Iterator[Part]:
    held: list[bytes] = []
    head, held_bytes, first = b"", 0, 1
    for number, (record, sound) in enumerate(records, start=1):
        if held and (not sound or _is_full(len(held), held_bytes + len(record))):
            yield _part(first, head, held)
            held, held_bytes, first = [], 0, number
        if number == 1 and repeats_first:
            head = record
        held.append(record)
        held_bytes += len(record)
        if not sound:  # it would spoil the others, so it is a part of its own
            yield _part(first, head, held)
            held, held_bytes, first = [], 0, number + 1
    if held:
        yield _part(first, head, held)


def _is_full(lines: int, size_bytes: int) -> bool:
    """Whether a part has enough lines, if its bytes with the next one were so many."""
    if lines < LEAST_LINES:
        return size_bytes > PART_BYTES
    return lines >= PART_LINES or size_bytes > SHORT_BYTES


def _part(first: int, head: bytes, records: list[bytes]) -> Part:
    return Part(first, len(records), (head if first > 1 else b"") + b"".join(records))


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their ends, as `bytes.splitlines` has them."""
    rest, number = b"", 1
    for chunk in chunks:
        # The last line is kept even when it is whole: the next chunk may begin with its "\n".
        *whole, rest = (rest + chunk).splitlines(keepends=True) or [b""]
        yield from whole
        number += len(whole)
        if len(rest) > LINE_BYTES:
            raise TooLarge(f"line {number} is longer than {LINE_BYTES} bytes")
    if rest:
        yield rest


def _rows(lines: Iterable[bytes]) -> Iterator[Record]:
    """Rows of a CSV, which may hold line ends in quotes; a row that is no CSV is not sound."""
    held: list[bytes] = []

    def read() -> Iterator[str]:
        for number, line in enumerate(lines):
            held.append(line)
            # What CSV is made of is ASCII, so any encoding that never fails will do.
            yield (line if number else line.removeprefix(_BOM)).decode("latin-1")

    reader = csv.reader(read(), strict=True)
    while True:
        try:
            next(reader)
            sound = _is_utf8(held)
        except csv.Error:
            sound = False
        except StopIteration:
            return
        yield b"".join(held), sound
        held.clear()


def _is_utf8(lines: list[bytes]) -> bool:
    try:
        b"".join(lines).decode()
    except UnicodeDecodeError:
        return False
    return True
