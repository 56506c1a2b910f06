"""Parity: a graph that does not answer as the framework does is found."""

import numpy as np
import pytest

from serving.types import Array
from training import parity
from training.export import Graph
from training.parity import ParityError

ROWS = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)


def scaled(factor: float, batch: str | int = "N") -> bytes:
    """A graph that multiplies three columns by a factor."""
    graph = Graph("scaled")
    rows = graph.input("rows", "FP32", (batch, 3))
    graph.add("Mul", rows, graph.constant("factor", np.float32(factor)), output="scaled")
    graph.output("scaled", "FP32", (batch, 3))
    return graph.finish()


def columns(*first: float) -> Array:
    """Probabilities of two classes."""
    share = np.array(first, dtype=np.float32)
    return np.stack([share, 1 - share], axis=1)


def test_equal_answers_pass_and_are_handed_on() -> None:
    same = parity.check(scaled(2), ROWS, 2.0 * ROWS)
    assert same.answers.tolist() == (2 * ROWS).tolist()
    assert same.largest_difference < 1e-6


def test_difference_is_recorded_rounded_up() -> None:
    same = parity.check(scaled(1), ROWS, ROWS + 3e-6)
    assert same.record() == {
        "rows": 40,
        "batch_sizes": [3, 17],
        "tolerance": 1e-5,
        "differs_by_less_than": 1e-5,
    }


def test_difference_above_the_tolerance_names_the_row() -> None:
    expected = ROWS.copy()
    expected[7, 1] += 3e-5
    with pytest.raises(ParityError, match=r"in batches of 3, row 7 is .* within 1e-05"):
        parity.check(scaled(1), ROWS, expected)


def test_nan_is_no_parity() -> None:
    with pytest.raises(ParityError, match="row 0 is"):
        parity.check(scaled(float("nan")), ROWS, ROWS)


def test_large_values_may_differ_by_a_share_of_themselves() -> None:
    large = np.full((4, 3), 1000, dtype=np.float32)
    parity.check(scaled(1), large, large.astype(np.float64) + 0.005)
    with pytest.raises(ParityError):
        parity.check(scaled(1), large, large.astype(np.float64) + 0.02)


def test_other_label_within_the_tolerance_is_found() -> None:
    graph = Graph("identity")
    rows = graph.input("rows", "FP32", ("N", 2))
    graph.add("Identity", rows, output="same")
    graph.output("same", "FP32", ("N", 2))
    with pytest.raises(ParityError, match="row 1 gets label 1, expected 0"):
        parity.check(graph.finish(), columns(0.9, 0.499999), columns(0.9, 0.500001))


def test_frozen_batch_size_is_found() -> None:
    with pytest.raises(Exception, match="Got invalid dimensions"):
        parity.check(scaled(1, batch=40), ROWS, ROWS)


def test_other_shape_is_found() -> None:
    with pytest.raises(ParityError, match=r"answers \(40, 3\), expected \(40, 2\)"):
        parity.check(scaled(1), ROWS, ROWS[:, :2])
