"""Questions to a graph of which nothing is known but its inputs: seeded numbers of fitting shapes.

They are small and dull on purpose: floating-point numbers between 0 and 1, integers 0 and 1, which
are indices into whatever the graph looks up.  The answers are the graph's own, so such an example
says that the graph answers as it did when it came, and not that it is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from serving.manifest import TensorSpec
from serving.types import Json, JsonObject

# Sizes to try for free dimensions other than the first: sequences, then images.
FREE_SIZES = (8, 32, 224, 1)
_SEED = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """The size of the first axis where it is free, of all other free ones, and the integers.

    Integers are 0 and 1, or ones only, for an input that is a shape.
    """

    batch: int
    free: int
    only_ones: bool = False


def attempts(inputs: Sequence[TensorSpec]) -> list[Attempt]:
    """What to try, in this order, until the graph answers."""
    is_free = any(-1 in tensor.shape[1:] for tensor in inputs)
    has_integers = any(tensor.datatype.startswith("INT") for tensor in inputs)
    sizes = FREE_SIZES if is_free else FREE_SIZES[:1]
    kinds = (False, True) if has_integers else (False,)
    return [Attempt(1, free, only_ones) for only_ones in kinds for free in sizes]


def examples(inputs: Sequence[TensorSpec], attempt: Attempt) -> list[JsonObject]:
    """Entries of `examples.json` that ask for all outputs, their answers still to be found.

    One row, and a batch of two where the first axis of every input is free.
    """
    asked = [_example("seeded", inputs, attempt)]
    if all(tensor.shape[:1] == (-1,) for tensor in inputs):
        asked.append(_example("seeded_batch_of_two", inputs, replace(attempt, batch=2)))
    return asked


def _example(name: str, inputs: Sequence[TensorSpec], attempt: Attempt) -> JsonObject:
    rng = np.random.default_rng(_SEED)
    return {
        "name": name,
        "operation": "infer",
        "media_type": "application/json",
        "body": {"inputs": [_tensor(tensor, attempt, rng) for tensor in inputs]},
        "answer": {},
    }


def _tensor(tensor: TensorSpec, attempt: Attempt, rng: np.random.Generator) -> JsonObject:
    shape = [
        size if size >= 0 else (attempt.free if axis else attempt.batch)
        for axis, size in enumerate(tensor.shape)
    ]
    return {
        "name": tensor.name,
        "datatype": tensor.datatype,
        "shape": shape,
        "data": _values(tensor.datatype, prod(shape), attempt.only_ones, rng),
    }


def _values(datatype: str, count: int, only_ones: bool, rng: np.random.Generator) -> list[Json]:
    """So many values, short when written: a picture must fit into a request."""
    if datatype == "BYTES":
        return ["a"] * count
    if datatype.startswith("FP"):
        values: list[Json] = (rng.integers(1, 100, count) / 100).tolist()
    elif datatype == "UINT8":
        values = rng.integers(0, 256, count).tolist()
    elif datatype == "BOOL":
        values = (rng.integers(0, 2, count) == 1).tolist()
    else:
        values = rng.integers(int(only_ones), 2, count).tolist()
    return values
