"""Example requests: what callers may send, with answers in the serving engine's shape."""

import base64
import json
from io import BytesIO

import numpy as np
from PIL import Image

from serving.types import Array, JsonObject
from training import sample_requests
from training.release import examples
from training.sample_requests import Answered

NAMES = ["x", "y"]
ROWS = np.arange(2.0 * sample_requests.ROWS).reshape(-1, 2) / 8
PICTURES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4, 1)


def total(rows: Array) -> Answered:
    """A regression's answer: the sum of each row."""
    return sample_requests.valued(rows.sum(axis=1, keepdims=True), "kg")


def brightest(pictures: Array) -> Answered:
    """A classifier's answer: dark or bright."""
    bright = pictures.reshape(len(pictures), -1).mean(axis=1) / 255
    return sample_requests.classified(np.stack([1 - bright, bright], axis=1), ["dark", "bright"])


def by_name(entries: list[JsonObject]) -> dict[str, JsonObject]:
    raw = json.dumps({"examples": entries}).encode()
    assert len(examples.parse(raw, "model")) == len(entries)
    return {entry["name"]: entry for entry in entries}


def test_rows_are_asked_as_lists_objects_csv_and_tensors() -> None:
    asked = by_name(sample_requests.tabular(NAMES, ROWS, total))
    assert asked["one_row"]["body"] == {"instances": [[0.0, 0.125]]}
    assert asked["one_row_by_name"]["body"] == {"instances": [{"x": 0.25, "y": 0.375}]}
    assert asked["csv"]["body"] == "1.25,1.375\n"
    assert asked["csv_with_header_in_another_order"]["body"] == "y,x\n1.375,1.25\n1.625,1.5\n"
    (tensor,) = asked["open_inference_protocol"]["body"]["inputs"]
    assert tensor == {
        "name": "features",
        "datatype": "FP32",
        "shape": [2, 2],
        "data": [1.5, 1.625, 1.75, 1.875],
    }


def test_answers_belong_to_the_rows_that_are_asked() -> None:
    asked = by_name(sample_requests.tabular(NAMES, ROWS, total))
    values = {
        name: [prediction["value"] for prediction in entry["answer"]["predictions"]]
        for name, entry in asked.items()
        if entry["operation"] == "predict"
    }
    assert values == {
        "one_row": [0.125],
        "one_row_by_name": [0.625],
        "three_rows": [1.125, 1.625, 2.125],
        "csv": [2.625],
        "csv_with_header_in_another_order": [2.625, 3.125],
    }
    (output,) = asked["open_inference_protocol"]["answer"]["outputs"]
    assert output == {
        "name": "value",
        "datatype": "FP32",
        "shape": [2, 1],
        "data": [3.125, 3.625],
    }


def test_numbers_are_as_fp32_shows_them() -> None:
    (prediction,) = sample_requests.classified(np.array([[1 / 3, 2 / 3]]), ["a", "b"]).predictions
    assert prediction == {
        "label": "b",
        "score": 0.6666667,
        "scores": {"a": 0.33333334, "b": 0.6666667},
    }


def test_spread_goes_from_the_lowest_target_to_the_highest() -> None:
    values = np.array([5.0, 1.0, 9.0, 3.0, 7.0])
    assert values[sample_requests.spread(values, 3)].tolist() == [1, 5, 9]


def test_pictures_are_files_and_pixels() -> None:
    asked = by_name(sample_requests.pictures([("small", PICTURES[0])], PICTURES, brightest))
    file = base64.b64decode(asked["small"]["body_base64"])
    assert asked["small"]["media_type"] == "image/png"
    assert np.asarray(Image.open(BytesIO(file))).tolist() == PICTURES[0, ..., 0].tolist()
    assert len(asked["two_in_json"]["body"]["instances"]) == 2
    (tensor,) = asked["open_inference_protocol"]["body"]["inputs"]
    assert (tensor["datatype"], tensor["shape"]) == ("UINT8", [2, 3, 4, 1])
    assert tensor["data"] == list(range(24))
    (first, second) = asked["two_in_json"]["answer"]["predictions"]
    assert first["scores"]["bright"] < second["scores"]["bright"]
