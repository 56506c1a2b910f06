"""Support vector machines with an RBF kernel as graph nodes: scores = exp(-gamma d2) A + b.

Machines that share their kernel (one against the rest, a machine a class) share its evaluation:
the graph holds each support vector once, in the type it was trained on.  Computed in FP64, as
libsvm does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.svm import SVC

from serving.types import Array
from training.export import DOUBLE, Graph


@dataclass(frozen=True, slots=True, eq=False)
class KernelMachine:
    """K scores of a row: vectors (V, F), coefficients (V, K), intercepts (K,)."""

    vectors: Array
    coefficients: Array
    intercepts: Array
    gamma: float


def gather(machines: Sequence[SVC], rows: Array, gamma: float) -> KernelMachine:
    """One kernel machine out of binary SVCs, all fitted on `rows` (N, F) with this gamma."""
    coefficients = np.zeros((len(rows), len(machines)))
    for column, machine in enumerate(machines):
        coefficients[machine.support_, column] = machine.dual_coef_[0]
    used = np.flatnonzero(coefficients.any(axis=1))
    intercepts = np.array([machine.intercept_[0] for machine in machines])
    return KernelMachine(rows[used], coefficients[used], intercepts, gamma)


def add_scores(graph: Graph, rows: str, machine: KernelMachine) -> str:
    """Add the machine's scores FP64 (N, K) of rows FP64 (N, F)."""
    # The squared distance, as |x|^2 + |v|^2 - 2 x.v.
    of_rows = graph.add("ReduceSumSquare", rows, graph.integers(1))
    lengths = (machine.vectors.astype(np.float64) ** 2).sum(axis=1)
    of_vectors = graph.constant("squared_lengths", lengths)
    stored = graph.constant("minus_two_vectors", -2 * machine.vectors.T)
    inner = graph.add("MatMul", rows, graph.add("Cast", stored, to=DOUBLE))
    squared = graph.add("Add", graph.add("Add", inner, of_rows), of_vectors)
    exponent = graph.add("Mul", squared, graph.constant("minus_gamma", np.array(-machine.gamma)))
    kernel = graph.add("Exp", exponent)
    weighted = graph.add("MatMul", kernel, graph.constant("coefficients", machine.coefficients))
    return graph.add("Add", weighted, graph.constant("intercepts", machine.intercepts))
