"""Datasets: inputs as callers send them, with their origin."""

from collections.abc import Callable

import numpy as np
import pytest

from training.datasets import bundled
from training.datasets.dataset import Dataset

TABLES = [bundled.iris, bundled.breast_cancer, bundled.diabetes]


@pytest.mark.parametrize("load", [*TABLES, bundled.digits])
def test_dataset_names_its_origin(load: Callable[[], Dataset]) -> None:
    data = load()
    assert len(data.inputs) == len(data.targets) == len(data)
    assert data.source.licence
    assert data.source.citation
    assert data.source.url.startswith("https://")


@pytest.mark.parametrize("load", TABLES)
def test_table_describes_each_of_its_columns(load: Callable[[], Dataset]) -> None:
    data = load()
    names = [feature.name for feature in data.features]
    assert len(set(names)) == data.inputs.shape[1]
    assert all(name.replace("_", "").isalnum() and name == name.lower() for name in names)
    assert all(feature.description for feature in data.features)


def test_described_features_have_the_range_of_their_rows() -> None:
    data = bundled.iris()
    few = data.take(np.array([0, 1]))
    assert few.described_features()[0] == {
        "name": "sepal_length",
        "unit": "cm",
        "description": "sepal length of the flower",
        "minimum": 4.9,
        "maximum": 5.1,
    }
    assert few.columns()["petal_width"].tolist() == [0.2, 0.2]


def test_diabetes_is_in_its_own_units() -> None:
    ages = bundled.diabetes().columns()["age"]
    assert (ages.min(), ages.max()) == (19, 79)


def test_nuclei_features_say_what_was_measured() -> None:
    described = {f.name: f.description for f in bundled.breast_cancer().features}
    assert described["concave_points_error"] == (
        "standard error over the nuclei: number of concave parts of the outline"
    )


def test_digits_are_grey_images() -> None:
    data = bundled.digits()
    assert (data.inputs.shape, data.inputs.dtype) == ((1797, 8, 8, 1), np.uint8)
    assert (data.inputs.min(), data.inputs.max()) == (0, 255)
    assert data.labels == tuple("0123456789")
