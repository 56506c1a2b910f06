"""One line of the result for each line of the input, in its order, whatever the parts came to."""

import json
from typing import Any

import pytest

from functions.jobs import assembling
from functions.jobs.assembling import Answer, Mismatch, Span

ERROR = {"code": "unprocessable", "message": "no"}


def answered(*values: str) -> Answer:
    """What the engine writes for a part: lines numbered from 1."""
    return Answer(
        [
            json.dumps({"line": number, "prediction": value}, separators=(",", ":")).encode()
            for number, value in enumerate(values, start=1)
        ]
    )


def assembled(answers: list[tuple[Span, Answer]], header: bool | None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in assembling.assemble(answers, header)]


def test_spans_reach_to_the_next_part() -> None:
    assert assembling.spans([501, 1, 503], 510) == [Span(1, 500), Span(501, 2), Span(503, 8)]


def test_lines_are_numbered_through() -> None:
    found = assembled([(Span(1, 2), answered("a", "b")), (Span(3, 1), answered("c"))], None)
    assert found == [
        {"line": 1, "prediction": "a"},
        {"line": 2, "prediction": "b"},
        {"line": 3, "prediction": "c"},
    ]


def test_a_header_is_no_line() -> None:
    parts = [(Span(1, 3), answered("a", "b")), (Span(4, 1), answered("c"))]
    assert assembling.has_header(parts[0][0], 2)
    assert assembling.has_header(parts[1][0], 1)
    found = assembled(parts, True)
    assert [(line["line"], line["prediction"]) for line in found] == [(1, "a"), (2, "b"), (3, "c")]


def test_without_a_header_the_repeated_row_is_answered_once() -> None:
    parts = [(Span(1, 2), answered("a", "b")), (Span(3, 1), answered("a", "c"))]
    assert not assembling.has_header(parts[0][0], 2)
    assert not assembling.has_header(parts[1][0], 2)
    found = assembled(parts, False)
    assert [(line["line"], line["prediction"]) for line in found] == [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.parametrize(("header", "lines"), [(None, 4), (False, 4), (True, 3)])
def test_a_part_without_answers_gives_its_reason_on_each_line(
    header: bool | None, lines: int
) -> None:
    surplus = ["x"] if header is False else []
    parts = [(Span(1, 2), Answer(None, ERROR)), (Span(3, 2), answered(*surplus, "c", "d"))]
    found = assembled(parts, header)
    assert [line["line"] for line in found] == list(range(1, lines + 1))
    assert ["error" in line for line in found] == [True] * (lines - 2) + [False] * 2
    assert found[0]["error"] == ERROR


@pytest.mark.parametrize("count", [0, 2, 5])
def test_another_number_of_answers_is_a_bug(count: int) -> None:
    with pytest.raises(Mismatch, match="line 1 has"):
        assembled([(Span(1, 1), answered(*["a"] * count))], None)


def test_a_number_that_no_header_explains_is_a_bug() -> None:
    with pytest.raises(Mismatch, match="has 7 answers to 3 lines"):
        assembling.has_header(Span(4, 3), 7)


def test_pieces_are_of_a_size_and_lose_nothing() -> None:
    lines = [b"%d\n" % number for number in range(100)]
    pieces = list(assembling.batches(iter(lines), 50))
    assert [len(piece) for piece in pieces] == [50, 51, 51, 51, 51, 36]
    assert b"".join(pieces) == b"".join(lines)
    assert list(assembling.batches(iter([]), 50)) == []
