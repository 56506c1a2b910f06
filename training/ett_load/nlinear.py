"""NLinear: the last value, plus a linear map of how the context differs from it, in closed form.

One map for every series.  It knows neither their units nor their level: scaling a context scales
the answer, shifting it shifts the answer, so nothing is standardised in the graph.

Quantiles are the mean plus so many times the context's `wander`: how far the means of its days lie
from the last one's, so how wrong the last day would have been about them.  How many times, for each
hour and series, is fitted to hours that were not trained on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from serving.types import Array
from training.export import DOUBLE, FLOAT, Graph
from training.series.forecasting import QUANTILES

AddMap = Callable[[Graph, str], str]

DAY = 24
CHUNK = 256


@dataclass(frozen=True, slots=True, eq=False)
class NLinear:
    """Weights (L, H); offsets (H, C, Q) in units of wander, which is at least `floor` (C,)."""

    weights: Array
    offsets: Array
    floor: Array

    def answer(self, contexts: Array) -> tuple[Array, Array]:
        """Contexts (N, L, C) to mean (N, H, C) and quantiles (N, H, C, Q)."""
        contexts = contexts.astype(np.float64)
        means = forecast(self.weights, contexts)
        spread = wander(contexts, self.floor)[:, np.newaxis, :, np.newaxis]
        return means, means[..., np.newaxis] + spread * self.offsets


class Moments:
    """Sums over windows that a least-squares fit needs; windows are added chunk by chunk."""

    def __init__(self, context: int, horizon: int) -> None:
        self.inner = np.zeros((context, context))
        self.cross = np.zeros((context, horizon))

    def add(self, contexts: Array, truths: Array) -> None:
        """Take in windows of standardised series."""
        for start in range(0, len(contexts), CHUNK):
            rows = slice(start, start + CHUNK)
            last = contexts[rows, -1:]
            moves = _flat(contexts[rows] - last)
            self.inner += moves.T @ moves
            self.cross += moves.T @ _flat(truths[rows] - last)

    def solve(self, penalty: float) -> Array:
        """The weights (L, H) of ridge regression; the penalty is relative to the mean square."""
        size = len(self.inner)
        ridge = penalty * np.trace(self.inner) / size * np.eye(size)
        return np.linalg.solve(self.inner + ridge, self.cross).astype(np.float32)


def forecast(weights: Array, contexts: Array) -> Array:
    """The means (N, H, C) after contexts (N, L, C)."""
    last = contexts[:, -1:]
    return last + np.einsum("nlc,lh->nhc", contexts - last, weights, optimize=True)


def wander(contexts: Array, floor: Array) -> Array:
    """How far the daily means of contexts (N, L, C) lie from the last: (N, C), plus the floor."""
    days = daily_means(contexts)
    return np.sqrt(((days - days[:, -1:]) ** 2).mean(axis=1)) + floor


def daily_means(contexts: Array) -> Array:
    """The means (N, days, C) of the days of contexts (N, L, C)."""
    return contexts.reshape(len(contexts), -1, DAY, contexts.shape[2]).mean(axis=2)


def calibrate(residuals: Array, spread: Array) -> Array:
    """Offsets (H, C, Q) from residuals (N, H, C) of windows with this spread (N, C)."""
    relative = (residuals / spread[:, np.newaxis]).astype(np.float32)
    return np.moveaxis(np.quantile(relative, QUANTILES, axis=0), 0, -1).astype(np.float32)


def export(model: NLinear, name: str, add_map: AddMap | None = None) -> bytes:
    """The model as a graph, FP32 in the series' own units, FP64 between.

    `add_map` adds another map than that of the weights: moves (N, C, L) to (N, C, H).
    """
    length, horizon = model.weights.shape
    series, quantiles = len(model.floor), len(QUANTILES)
    graph = Graph(name)
    rows = graph.input("context", "FP32", ("N", length, series))
    columns = graph.add("Cast", graph.add("Transpose", rows, perm=[0, 2, 1]), to=DOUBLE)
    last = graph.add("Gather", columns, graph.integers(length - 1), axis=2)
    moves = graph.add("Sub", columns, last)
    mapped = add_map(graph, moves) if add_map else add_product(graph, moves, model.weights)
    means = graph.add("Add", mapped, last)  # (N, C, H)
    answer = graph.add("Transpose", means, perm=[0, 2, 1])
    graph.add("Cast", answer, to=FLOAT, output="mean")
    graph.output("mean", "FP32", ("N", horizon, series))
    spread = graph.add(
        "Unsqueeze", _add_wander(graph, columns, length, model.floor), graph.integers(3)
    )
    offsets = graph.constant("offsets", model.offsets.transpose(1, 0, 2))  # (C, H, Q)
    apart = graph.add("Mul", spread, graph.add("Cast", offsets, to=DOUBLE))
    bands = graph.add("Add", graph.add("Unsqueeze", means, graph.integers(3)), apart)
    answer = graph.add("Transpose", bands, perm=[0, 2, 1, 3])
    graph.add("Cast", answer, to=FLOAT, output="quantiles")
    graph.output("quantiles", "FP32", ("N", horizon, series, quantiles))
    return graph.finish()


def thin(weights: Array, rank: int) -> tuple[Array, Array]:
    """The map (L, H) by its largest singular values: factors FP32 (L, rank) and (rank, H)."""
    left, strength, right = np.linalg.svd(weights, full_matrices=False)
    return left[:, :rank] * strength[:rank], right[:rank]


def product(factors: tuple[Array, Array]) -> Array:
    """The map (L, H) of two factors, FP64."""
    left, right = (factor.astype(np.float64) for factor in factors)
    return left @ right


def by_factors(factors: tuple[Array, Array]) -> AddMap:
    """What adds a map as two thin products."""

    def add_map(graph: Graph, moves: str) -> str:
        thinner = add_product(graph, moves, factors[0], "left")
        return add_product(graph, thinner, factors[1], "right")

    return add_map


def in_eight_bits(weights: Array) -> AddMap:
    """What adds a map of weights (L, H) in eight bits, with a scale for each hour ahead."""
    scale = np.abs(weights).max(axis=0) / 127
    small = np.rint(weights / scale).astype(np.int8)

    def add_map(graph: Graph, moves: str) -> str:
        stored = graph.constant("weights", small), graph.constant("scale", scale)
        wide = graph.add("DequantizeLinear", *stored, axis=1)
        return graph.add("MatMul", moves, graph.add("Cast", wide, to=DOUBLE))

    return add_map


def add_product(graph: Graph, moves: str, weights: Array, name: str = "weights") -> str:
    """Add the product of moves FP64 (N, C, L) and weights (L, H), stored as they are."""
    stored = graph.add("Cast", graph.constant(name, weights), to=DOUBLE)
    return graph.add("MatMul", moves, stored)


def _add_wander(graph: Graph, columns: str, length: int, floor: Array) -> str:
    """Add the wander (N, C, 1) of columns (N, C, L)."""
    days = graph.add("Reshape", columns, graph.integers(0, 0, -1, DAY))
    means = graph.add("ReduceMean", days, graph.integers(3), keepdims=0)  # (N, C, days)
    last = graph.add("Gather", means, graph.integers(length // DAY - 1), axis=2)
    apart = graph.add("Sub", means, last)
    squares = graph.add("ReduceMean", graph.add("Mul", apart, apart), graph.integers(2))
    least = graph.constant("floor", floor[:, np.newaxis])
    return graph.add("Add", graph.add("Sqrt", squares), least)


def _flat(moves: Array) -> Array:
    """(N, T, C) to FP32 (N C, T): the series are rows like any other."""
    return moves.transpose(0, 2, 1).reshape(-1, moves.shape[1]).astype(np.float32)
