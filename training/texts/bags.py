"""Bags of n-grams: which tokens a text has, and which runs of them, each counted once.

Features are computed twice, by numpy for scikit-learn and by operators in the graph, from the same
`input_ids`.  A token is its own feature; runs of tokens share buckets, which a hash chooses.  A row
is divided by the root of its number of features, so that long texts do not shout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from serving.types import Array
from training.export import FLOAT, Graph

PAD = 0
_MULTIPLIER = 1_000_003
_MODULUS = 2**31 - 1  # times the multiplier and a token, this stays far below 2**63
_INT8 = 127


@dataclass(frozen=True, slots=True)
class Bag:
    """`tokens` in the vocabulary, and `buckets` for runs of two to `longest` tokens."""

    tokens: int
    buckets: int = 0
    longest: int = 1

    @property
    def width(self) -> int:
        """How many features there are; number 0 is padding, which no text has."""
        return self.tokens + self.buckets

    def features(self, ids: Array) -> Array:
        """The distinct features of the token numbers (T,), ascending."""
        found, runs = [ids], ids
        for length in range(2, min(self.longest, len(ids)) + 1):
            runs = (runs[:-1] * _MULTIPLIER + ids[length - 1 :]) % _MODULUS
            found.append(runs % self.buckets + self.tokens)
        return np.unique(np.concatenate(found))

    def matrix(self, encoded: Sequence[Array]) -> sparse.csr_matrix:
        """One row (F,) a text; its numbers are all equal, and their squares add up to 1."""
        rows = [self.features(ids) for ids in encoded]
        sizes = np.array([len(row) for row in rows])
        values = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)
        ends = np.concatenate([[0], np.cumsum(sizes)])
        return sparse.csr_matrix(
            (values, np.concatenate(rows), ends), shape=(len(rows), self.width)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A weight for each feature and class (F, C), as whole numbers or not, and what they are times.

    Two classes need one column, for the second against the first.  `rows` (F,), where there is one,
    says which row of `weights` a feature has: several may share one.
    """

    weights: Array
    scale: Array
    bias: Array
    rows: Array | None = None

    def effective(self) -> Array:
        """The weights (F, C) in FP64, as a framework would hold them."""
        full = self.weights if self.rows is None else self.weights[self.rows]
        return full.astype(np.float64) * self.scale.astype(np.float64)


def table(weights: Array, bias: Array) -> Table:
    """The weights (F, C) in FP32."""
    ones = np.ones(weights.shape[1], np.float32)
    return Table(weights.astype(np.float32), ones, bias.astype(np.float32))


def rounded(exact: Table) -> Table:
    """The same table in INT8, with a scale for each class.

    Sums of INT8 are exact in FP32, so a graph of them answers as FP64 does.
    """
    scale = (np.abs(exact.weights).max(axis=0) / _INT8).astype(np.float32)
    weights = np.rint(exact.weights / scale).astype(np.int8)
    return Table(weights, scale, exact.bias, exact.rows)


def pruned(exact: Table, keep: Array) -> Table:
    """The table with the rows of the features `keep` only; the others share one of zeros."""
    rows = np.zeros(len(exact.weights), np.int32)
    rows[keep] = np.arange(1, len(keep) + 1)
    nothing = np.zeros_like(exact.weights[:1])
    return Table(np.concatenate([nothing, exact.weights[keep]]), exact.scale, exact.bias, rows)


def graph(name: str, bag: Bag, weights: Table) -> bytes:
    """The classifier as a graph, `input_ids` INT64 (N, T) to `probabilities` FP32 (N, C)."""
    network = Graph(name)
    ids = network.input("input_ids", "INT64", ("N", "T"))
    columns = weights.weights.shape[1]
    scores = _add_scores(network, _add_features(network, ids, bag), weights)
    if columns == 1:
        scores = network.add("Concat", network.add("Neg", scores), scores, axis=1)
    network.add("Softmax", scores, axis=-1, output="probabilities")
    network.output("probabilities", "FP32", ("N", max(columns, 2)))
    return network.finish()


def _add_features(network: Graph, ids: str, bag: Bag) -> str:
    """The features of tokens and runs (N, F); where a run would reach into padding, padding."""
    found, runs = [ids], ids
    for length in range(2, bag.longest + 1):
        last = _slice(network, ids, length - 1, 2**31)
        times = network.constant(f"multiplier_{length}", np.array(_MULTIPLIER))
        mixed = network.add("Mul", _slice(network, runs, 0, -1), times)
        modulus = network.constant(f"modulus_{length}", np.array(_MODULUS))
        runs = network.add("Mod", network.add("Add", mixed, last), modulus)
        buckets = network.constant(f"buckets_{length}", np.array(bag.buckets))
        offset = network.constant(f"offset_{length}", np.array(bag.tokens))
        bucket = network.add("Add", network.add("Mod", runs, buckets), offset)
        padding = network.add("Equal", last, network.integers(PAD))
        found.append(network.add("Where", padding, network.integers(PAD), bucket))
    return network.add("Concat", *found, axis=1) if len(found) > 1 else ids


def _add_scores(network: Graph, features: str, weights: Table) -> str:
    """The sum of the features' weights, each counted once, over the root of their number."""
    ordered, counted = _add_distinct(network, features)
    rows = ordered
    if weights.rows is not None:
        rows = network.add("Gather", network.constant("rows", weights.rows), ordered)
    gathered = network.add("Gather", network.constant("weights", weights.weights), rows)
    gathered = network.add("Cast", gathered, to=FLOAT)
    spread = network.add("Unsqueeze", counted, network.integers(1))
    sums = network.add("Squeeze", network.add("MatMul", spread, gathered), network.integers(1))
    number = network.add("ReduceSum", counted, network.integers(1), keepdims=1)
    one = network.constant("one", np.array(1, np.float32))
    root = network.add("Sqrt", network.add("Max", number, one))
    scaled = network.add("Mul", sums, network.constant("scale", weights.scale))
    return network.add(
        "Add", network.add("Div", scaled, root), network.constant("bias", weights.bias)
    )


def _add_distinct(network: Graph, features: str) -> tuple[str, str]:
    """The features in descending order, and 1 for each that counts (N, F): no padding, no twin."""
    size = _slice(network, network.add("Shape", features), 1, 2, axis=0)
    ordered, _ = network.add_all("TopK", 2, features, size, axis=1, largest=1, sorted=1)
    before = network.add("Pad", _slice(network, ordered, 0, -1), network.integers(0, 1, 0, 0))
    differs = network.add("Not", network.add("Equal", ordered, before))
    real = network.add("Not", network.add("Equal", ordered, network.integers(PAD)))
    return ordered, network.add("Cast", network.add("And", differs, real), to=FLOAT)


def _slice(network: Graph, tensor: str, start: int, end: int, axis: int = 1) -> str:
    return network.add(
        "Slice", tensor, *(network.integers(number) for number in (start, end, axis))
    )
