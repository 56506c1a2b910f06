"""Parts of a file: every line in one of them, in order, and none of them too much for a model."""

import pytest

from functions.jobs.splitting import (
    LEAST_LINES,
    LINE_BYTES,
    PART_BYTES,
    PART_LINES,
    Part,
    split,
)
from serving.errors import TooLarge

HEADER = b"a,b\n"


def parts(body: bytes, ending: str, chunk: int = 7) -> list[Part]:
    chunks = (body[start : start + chunk] for start in range(0, len(body), chunk))
    return list(split(chunks, ending))


def test_lines_are_cut_into_parts_that_follow_each_other() -> None:
    body = b"".join(b"%d\n" % number for number in range(2 * PART_LINES + 3))
    found = parts(body, ".jsonl", 1000)
    assert [(part.first, part.lines) for part in found] == [
        (1, PART_LINES),
        (PART_LINES + 1, PART_LINES),
        (2 * PART_LINES + 1, 3),
    ]
    assert b"".join(part.body for part in found) == body


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 100])
def test_lines_end_as_the_engine_has_it_wherever_a_chunk_does(chunk: int) -> None:
    body = b"1\r\n\r2\r\n\n3"
    (part,) = parts(body, ".jsonl", chunk)
    assert part == Part(1, len(body.splitlines()), body)


def test_every_later_part_of_a_csv_begins_with_the_first_row() -> None:
    rows = [b"%d,0\n" % number for number in range(PART_LINES)]
    first, second = parts(HEADER + b"".join(rows), ".csv", 1000)
    assert first == Part(1, PART_LINES, HEADER + b"".join(rows[:-1]))
    assert second == Part(PART_LINES + 1, 1, HEADER + rows[-1])


def test_long_lines_make_short_parts() -> None:
    line = b"x" * (PART_BYTES // 3) + b"\n"
    assert [part.lines for part in parts(line * 5, ".jsonl", 1 << 20)] == [2, 2, 1]


def test_the_longer_its_lines_the_fewer_has_a_part() -> None:
    found = parts((b"x" * 255 + b"\n") * 1000, ".jsonl", 1 << 16)
    assert [part.lines for part in found] == [256, 256, 256, 232]
    found = parts((b"x" * 8191 + b"\n") * 250, ".jsonl", 1 << 16)
    assert [part.lines for part in found] == [LEAST_LINES, LEAST_LINES, 50]


def test_rows_may_hold_line_ends_in_quotes() -> None:
    body = b'"a\nb",1\n"c ""quoted""",2\n' * (PART_LINES // 2 + 50)
    found = parts(body, ".csv", 64)
    assert [(part.first, part.lines) for part in found] == [
        (1, PART_LINES),
        (PART_LINES + 1, 100),
    ]
    assert found[0].body.endswith(b'"c ""quoted""",2\n')


@pytest.mark.parametrize("bad", [b'"a"b,1\n', b"\xff,1\n"])
def test_a_row_that_is_no_csv_is_a_part_of_its_own(bad: bytes) -> None:
    found = parts(HEADER + b"1,2\n" + bad + b"3,4\n", ".csv")
    assert [(part.first, part.lines, part.body) for part in found] == [
        (1, 2, HEADER + b"1,2\n"),
        (3, 1, HEADER + bad),
        (4, 1, HEADER + b"3,4\n"),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_cell() -> None:
    (part,) = parts(b'\xef\xbb\xbf"a\nb"\n1\n', ".csv")
    assert part.lines == 2


def test_a_quote_that_never_ends_is_one_bad_row() -> None:
    found = parts(b'1,2\n"3,4\n5,6\n', ".csv")
    assert [(part.first, part.lines) for part in found] == [(1, 1), (2, 1)]


def test_nothing_has_no_parts() -> None:
    assert parts(b"", ".csv") == parts(b"", ".jsonl") == []


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    chunks = (b"x" * (1 << 20) for _ in range(100))
    with pytest.raises(TooLarge, match=f"line 1 is longer than {LINE_BYTES} bytes"):
        list(split(chunks, ".jsonl"))
