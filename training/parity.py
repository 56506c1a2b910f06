"""Does the exported graph answer as the training framework does?

Checked on held-out rows, in batches of sizes that nothing before has seen, so that a batch size
frozen into the graph is found as well.
"""

import os
from dataclasses import dataclass

import numpy as np

from serving.types import Array, JsonObject

# Its Linux wheels upload telemetry by default since 1.29; it must be off before the import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort

Session = ort.InferenceSession
TOLERANCE = 1e-5
BATCH_SIZES = (3, 17)


class ParityError(Exception):
    """The graph and the framework disagree; the message says where and by how much."""


@dataclass(frozen=True, slots=True, eq=False)
class Parity:
    """The graph's answers, and by how much they differ from the framework's at most."""

    answers: Array
    largest_difference: float

    def record(self) -> JsonObject:
        """What the manifest says of it; the difference is rounded up to a power of ten."""
        power = np.ceil(np.log10(max(self.largest_difference, 1e-12)))
        return {
            "rows": len(self.answers),
            "batch_sizes": list(BATCH_SIZES),
            "tolerance": TOLERANCE,
            "differs_by_less_than": float(f"1e{power:.0f}"),
        }


def check(graph: bytes, inputs: Array, expected: Array) -> Parity:
    """Compare a graph of one input and one output with the framework's answers (N, ...).

    A number may differ by 1e-5, of itself when it is larger than 1; of several columns the largest
    must be the same.  Raises ParityError.
    """
    for batch_size in BATCH_SIZES:
        answers = run(graph, inputs, batch_size)
        if answers.shape != expected.shape:
            raise ParityError(f"the graph answers {answers.shape}, expected {expected.shape}")
        differences = np.abs(answers - expected) / np.maximum(np.abs(expected), 1)
        worst = int(differences.reshape(len(expected), -1).max(axis=1).argmax())
        if not differences.max() <= TOLERANCE:
            raise ParityError(
                f"in batches of {batch_size}, row {worst} is {answers[worst]}, "
                f"expected {expected[worst]} within {TOLERANCE}"
            )
        _require_same_labels(answers, expected)
    return Parity(answers, float(differences.max()))


def run(graph: bytes, inputs: Array, batch_size: int) -> Array:
    """The graph's answers to the inputs, asked in batches."""
    loaded = session(graph)
    name = loaded.get_inputs()[0].name
    starts = range(0, len(inputs), batch_size)
    batches = [inputs[start : start + batch_size] for start in starts]
    return np.concatenate([loaded.run(None, {name: batch})[0] for batch in batches])


def session(graph: bytes) -> Session:
    """The graph, loaded to run on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return Session(graph, options, providers=["CPUExecutionProvider"])


def _require_same_labels(answers: Array, expected: Array) -> None:
    if answers.shape[1] == 1:
        return
    other = np.flatnonzero(answers.argmax(axis=1) != expected.argmax(axis=1))
    if len(other):
        raise ParityError(
            f"row {other[0]} gets label {answers[other[0]].argmax()}, "
            f"expected {expected[other[0]].argmax()}"
        )
