"""Examples: what they ask, and when their answer came true."""

import json
from typing import Any

import pytest

from serving.errors import ArtifactError
from training.release.examples import differences, parse

PLAIN = {
    "name": "one",
    "operation": "predict",
    "media_type": "application/json",
    "body": {"instances": [[1.5, 2]]},
    "answer": {"predictions": [{"value": 3.5}]},
}


def parse_one(**changes: Any) -> Any:
    (example,) = parse(json.dumps({"examples": [PLAIN | changes]}).encode(), "iris")
    return example


def test_json_body_is_sent_as_json() -> None:
    example = parse_one()
    assert (example.name, example.media_type) == ("one", "application/json")
    assert example.path == "/v1/models/iris/predict"
    assert example.body == b'{"instances":[[1.5,2]]}'
    assert example.answer == PLAIN["answer"]


def test_text_is_sent_as_it_is() -> None:
    assert parse_one(media_type="text/csv", body="1,2\n").body == b"1,2\n"


def test_bytes_are_written_in_base64() -> None:
    assert parse_one(media_type="image/png", body_base64="iVBORw==").body == b"\x89PNG"


def test_infer_is_the_open_inference_protocol() -> None:
    assert parse_one(operation="infer").path == "/v2/models/iris/infer"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"examples": []}',
        b'{"examples": [{"name": "one"}]}',
        json.dumps({"examples": [PLAIN, PLAIN]}).encode(),
        json.dumps({"examples": [PLAIN | {"operation": "delete"}]}).encode(),
        json.dumps({"examples": [PLAIN | {"body_base64": "!"}]}).encode(),
    ],
)
def test_malformed_examples_name_the_model(raw: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"examples\.json of iris"):
        parse(raw, "iris")


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        (0.5, 0.500009),
        (150.0, 150.001),
        (1.0, 1),
        (3, 3.0),
        ([], []),
        ("setosa", "setosa"),
        (None, None),
        ({"a": [{"b": 0.25}]}, {"a": [{"b": 0.25, "c": 1}]}),
    ],
)
def test_answers_that_come_true(expected: Any, actual: Any) -> None:
    assert differences(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual", "line"),
    [
        ({"a": 1}, {"b": 1}, "answer.a is missing"),
        ({"a": [1.0, 2.0]}, {"a": [1.0, 2.1]}, "answer.a[1] is 2.1, expected 2.0"),
        ([1, 2], [1], "answer has 1 entries, expected 2"),
        (0.5, 0.50002, "answer is 0.50002, expected 0.5"),
        (1_000_000, 1_000_001, "answer is 1000001, expected 1000000"),
        (1, True, "answer is True, expected 1"),
        (1.0, True, "answer is True, expected 1.0"),
        (0.0, None, "answer is None, expected 0.0"),
        ("1", 1, "answer is 1, expected '1'"),
        ({"a": 1}, [1], "answer is [1], expected {'a': 1}"),
        (0.0, float("nan"), "answer is nan, expected 0.0"),
    ],
)
def test_answers_that_do_not(expected: Any, actual: Any, line: str) -> None:
    assert differences(expected, actual) == [line]


def test_every_difference_is_told() -> None:
    expected = {"label": "a", "scores": {"a": 0.9, "b": 0.1}}
    actual = {"label": "b", "scores": {"a": 0.1, "b": 0.9}}
    assert len(differences(expected, actual)) == 3
