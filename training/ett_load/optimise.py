"""Measure the variants of `ett_load` on the test months: fewer bits, fewer ranks, a shorter past.

    python -m training.ett_load.optimise

The score is how much of the variance over 720 hours is explained: 1 less the mean squared error of
standardised series.  Pruned is the map's largest singular values; distilled is a map of the last
week only, fitted to what the whole one answers.
"""

from collections.abc import Callable

import numpy as np

from training.datasets import transformer_load
from training.ett_load import nlinear
from training.ett_load.months import (
    BATCH,
    CONTEXT,
    HORIZON,
    TEST_END,
    TRAIN_END,
    VALIDATION_END,
    Months,
)
from training.ett_load.nlinear import Moments, NLinear
from training.ett_load.train import HOME, MODEL, calibrate, choose, export, prune
from training.evaluate import Figure
from training.export import Graph
from training.networks import ladder
from training.networks.ladder import Candidate
from training.series import forecasting

PENALTY = 1e-3  # of the distilled map, whose teacher is smooth already
WEEK = forecasting.WEEK
STEP = 4  # every fourth test window is asked


def whole(model: NLinear, months: Months) -> bytes:
    """The model as it is."""
    return nlinear.export(model, MODEL)


def int8(model: NLinear, months: Months) -> bytes:
    """Weights in eight bits."""
    return nlinear.export(model, MODEL, nlinear.in_eight_bits(model.weights))


def pruned(model: NLinear, months: Months) -> bytes:
    """The map by its largest singular values, as it is shipped."""
    return export(*prune(months, model.weights))


def distilled(model: NLinear, months: Months) -> bytes:
    """A map of the last week, fitted to the answers of the whole map on the training months."""
    contexts, _ = months.windows(0, TRAIN_END)
    moments = Moments(WEEK, HORIZON)
    for rows in np.array_split(contexts, len(contexts) // BATCH):
        standard = rows / months.scale
        moments.add(standard[:, -WEEK:], nlinear.forecast(model.weights, standard))
    weights = moments.solve(PENALTY)

    def add_map(graph: Graph, moves: str) -> str:
        ends = (graph.integers(end) for end in (CONTEXT - WEEK, CONTEXT, 2))
        return nlinear.add_product(graph, graph.add("Slice", moves, *ends), weights)

    return nlinear.export(model, MODEL, add_map)


VARIANTS: dict[str, Callable[[NLinear, Months], bytes]] = {
    ladder.FULL: whole,
    "int8": int8,
    "pruned": pruned,
    "distilled": distilled,
}


def score(graph: bytes, months: Months) -> Figure:
    """The share of variance that the graph explains on the test months."""
    contexts, truths = (part[::STEP] for part in months.windows(VALIDATION_END, TEST_END))
    means, _ = forecasting.ask(graph, {"context": contexts.astype(np.float32)}, 64)
    return forecasting.figure(1 - ((means - truths) / months.scale) ** 2, WEEK // STEP)


def main() -> None:
    """Measure each variant and record the ladder."""
    months = Months(transformer_load.load())
    weights = months.moments(TRAIN_END).solve(choose(months))
    model = calibrate(months, weights, TRAIN_END, VALIDATION_END)
    contexts, _ = months.windows(VALIDATION_END, TEST_END)
    one, eight = ({"context": contexts[:count].astype(np.float32)} for count in (1, 8))
    graphs = {name: make(model, months) for name, make in VARIANTS.items()}
    candidates = [Candidate(name, graph, score(graph, months)) for name, graph in graphs.items()]
    ladder.climb(HOME, candidates, (one, eight), "variance explained over 720 hours")


if __name__ == "__main__":
    main()
