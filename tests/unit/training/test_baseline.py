"""Baselines: sketches that live traffic can be held against."""

import numpy as np
import pytest

from training import baseline


def test_sketch_has_a_tenth_in_every_bin() -> None:
    sketch = baseline.sketch(np.arange(1000.0))
    assert len(sketch["edges"]) == 9
    assert sketch["shares"] == pytest.approx([0.1] * 10)
    assert (sketch["minimum"], sketch["maximum"], sketch["rows"]) == (0, 999, 1000)
    assert sketch["quantiles"]["0.5"] == 499.5


def test_value_on_an_edge_counts_below_it() -> None:
    sketch = baseline.sketch(np.array([1, 1, 1, 1, 2]))
    assert sketch["edges"] == [1, 1.2, 1.6]
    assert sketch["shares"] == [0.8, 0, 0, 0.2]


def test_constant_column_has_one_edge() -> None:
    sketch = baseline.sketch(np.full(7, 8))
    assert (sketch["edges"], sketch["shares"]) == ([8], [1, 0])
    assert sketch["standard_deviation"] == 0


def test_classifier_is_sketched_per_feature_and_label() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    found = baseline.classification({"x": np.arange(10)}, probabilities, ["a", "b", "c"][:2])
    assert found["features"]["x"]["rows"] == 10
    assert {label: entry["share"] for label, entry in found["labels"].items()} == {
        "a": 0.75,
        "b": 0.25,
    }
    assert found["labels"]["b"]["probability"]["maximum"] == 0.7


def test_regression_is_sketched_with_its_values() -> None:
    found = baseline.regression({"x": np.arange(10)}, np.array([1.0, 3.0]))
    assert found["value"]["mean"] == 2


def test_images_are_described_by_light_and_size() -> None:
    images = np.zeros((2, 4, 6, 1), dtype=np.uint8)
    images[1, :2] = 255
    found = {name: column.tolist() for name, column in baseline.image_features(images).items()}
    assert found == {
        "brightness": [0, 0.5],
        "contrast": [0, 0.5],
        "height": [4, 4],
        "width": [6, 6],
    }
