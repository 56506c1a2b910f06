"""Files of many lines: read line by line, and bounded in what they hold and what they are told."""

import json
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from serving import batches, lines
from serving.errors import DeadlineExceeded, TooLarge
from serving.limits import Limits
from serving.service import Service
from tests import artifacts

CSV = "text/csv"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service.load(artifacts.classifier(tmp_path / "artifact"))


def test_lines_end_as_those_of_bytes_do() -> None:
    for body in (b"", b"a", b"a\n", b"a\r\n\rb\n\n c", b"\n", b"\r\r\n\n", b"a\x0bb\x85\n"):
        assert list(lines.read(body)) == body.splitlines()


def test_a_table_is_read_row_by_row(service: Service) -> None:
    rows = iter(service.instances(CSV, b"a,b,c\n1,2,3\n" + b"0,0,0\n" * 5000 + b'"'))
    assert next(rows) == [1, 2, 3]  # what is wrong at its end is not seen yet


def test_lines_are_parsed_one_by_one(service: Service) -> None:
    rows = iter(batches.read(service, batches.MEDIA_TYPE, b"[1,2,3]\n?\n[1,2,3]"))
    assert next(rows) == [1, 2, 3]
    assert "not JSON" in str(next(rows))


def test_answers_of_more_bytes_than_an_upload_may_have_are_refused(service: Service) -> None:
    small = replace(service, limits=replace(Limits(), upload_bytes=10_000))
    with pytest.raises(TooLarge, match="at most 10000 to all"):
        batches.answer(small, CSV, b"1,2,3\n" * 1000, monotonic() + 60)


def test_bad_lines_end_at_the_deadline_too(service: Service) -> None:
    with pytest.raises(DeadlineExceeded, match="behind line 0"):
        batches.answer(service, CSV, b"\n" * 1000, monotonic())


def test_a_line_larger_than_a_request_is_refused_in_its_place(service: Service) -> None:
    small = replace(service, limits=replace(Limits(), body_bytes=100))
    body = b"[1, 2, 3]\n[%s1]\n[1, 2, 3]" % (b"1, " * 100)
    answers = batches.answer(small, batches.MEDIA_TYPE, body, monotonic() + 60).splitlines()
    first, second, third = map(json.loads, answers)
    assert first["prediction"] == third["prediction"]
    assert second["error"] == {
        "code": "too_large",
        "message": "the line has 303 bytes, expected at most 100",
    }


def test_a_long_field_is_one_row_among_others(tmp_path: Path) -> None:
    texts = Service.load(artifacts.sentiment(tmp_path / "artifact"))
    body = b"good\n" + b"a" * 140_000 + b"\nbad\n"
    answers = batches.answer(texts, CSV, body, monotonic() + 60).splitlines()
    first, second, third = map(json.loads, answers)
    assert (first["prediction"]["label"], third["prediction"]["label"]) == ("good", "bad")
    assert "has 140000 characters, expected at most 10000" in second["error"]["message"]
