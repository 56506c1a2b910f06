"""Forecasts: windows, intervals, and examples that say what was answered."""

import numpy as np
import pytest

from serving.types import Array
from training.export import Graph
from training.parity import ParityError
from training.series import forecasting


def naive_graph(offset: float = 0.0) -> bytes:
    """The last of three hours, for two hours more, with quantiles one apart."""
    graph = Graph("naive")
    rows = graph.input("context", "FP32", ("N", 3, 1))
    last = graph.add("Slice", rows, graph.integers(2), graph.integers(3), graph.integers(1))
    shift = graph.constant("shift", np.full((1, 2, 1), offset, np.float32))
    graph.add("Add", last, shift, output="mean")
    bands = graph.constant("bands", np.float32([[[[-1, 0, 1]]] * 2]).reshape(1, 2, 1, 3))
    graph.add("Add", graph.add("Unsqueeze", last, graph.integers(3)), bands, output="quantiles")
    graph.output("mean", "FP32", ("N", 2, 1))
    graph.output("quantiles", "FP32", ("N", 2, 1, 3))
    return graph.finish()


def naive(contexts: Array) -> tuple[Array, Array]:
    means = np.repeat(contexts[:, -1:], 2, axis=1)
    return means, means[..., np.newaxis] + np.array([-1, 0, 1])


def test_windows_are_every_context_and_what_followed() -> None:
    values = np.arange(12.0).reshape(6, 2)
    contexts, truths = forecasting.windows(values, 3, 2)
    assert contexts.shape == (2, 3, 2)
    np.testing.assert_array_equal(contexts[1], values[1:4])
    np.testing.assert_array_equal(truths[1], values[4:6])


def test_true_values_between_the_outer_quantiles_are_covered() -> None:
    truth = np.array([-2.0, -1.0, 0.5, 1.5])
    quantiles = np.tile([-1.0, 0.0, 1.0], (4, 1))
    assert forecasting.covered(truth, quantiles).tolist() == [False, True, True, False]


def test_interval_is_wider_for_losses_that_hang_together() -> None:
    rng = np.random.default_rng(0)
    alone = rng.normal(size=2000)
    together = np.repeat(rng.normal(size=20), 100)
    narrow, wide = (forecasting.figure(losses, block=100) for losses in (alone, together))
    assert narrow.low < narrow.value < narrow.high
    assert wide.high - wide.low > 5 * (narrow.high - narrow.low)


def test_few_windows_have_a_figure_too() -> None:
    found = forecasting.figure(np.array([1.0, 2.0]), block=100)
    assert (found.value, found.low, found.high) == (1.5, 1.5, 1.5)


def test_graph_that_answers_as_the_framework_passes() -> None:
    contexts = np.random.default_rng(0).normal(size=(20, 3, 1)).astype(np.float32)
    same = forecasting.check(naive_graph(), {"context": contexts}, naive(contexts))
    np.testing.assert_allclose(same.answers[:, 0, 0], contexts[:, -1, 0])
    with pytest.raises(ParityError, match=r"'mean' is off by 0.5"):
        forecasting.check(naive_graph(0.5), {"context": contexts}, naive(contexts))


def test_examples_ask_for_horizons_and_say_what_was_answered() -> None:
    contexts = np.arange(15.0).reshape(5, 3, 1)
    future = {"rain": np.arange(10.0).reshape(5, 2)}
    asked = {one["name"]: one for one in forecasting.examples(["load"], contexts, naive, future)}
    hour = asked["next_hour"]
    assert hour["body"]["instances"] == [
        {"context": {"load": [0.0, 1.0, 2.0]}, "future": {"rain": [0.0, 1.0]}, "horizon": 1}
    ]
    assert hour["answer"]["predictions"] == [
        {"mean": {"load": [2.0]}, "quantiles": {"load": {"0.1": [1.0], "0.5": [2.0], "0.9": [3.0]}}}
    ]
    whole = asked["whole_horizon"]
    assert "horizon" not in whole["body"]["instances"][0]
    assert len(whole["answer"]["predictions"][0]["mean"]["load"]) == 2
    tensors = asked["open_inference_protocol"]["body"]["inputs"]
    assert [tensor["name"] for tensor in tensors] == ["context", "future"]
    assert asked["open_inference_protocol"]["answer"]["outputs"][0]["data"] == [2.0, 2.0]
