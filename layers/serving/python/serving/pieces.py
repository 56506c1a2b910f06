"""Large batches in pieces, as a graph takes many times the memory of what it is given."""

from collections.abc import Callable

import numpy as np

from serving.manifest import Manifest
from serving.types import Tensors

# datatype of the first input -> how much of it goes into one run: pixels, samples, tokens.
_A_RUN = {"UINT8": 6_000_000, "FP32": 1_000_000, "INT64": 4_096}
_ANY = "tensors"  # the task of which it is not known whether rows are independent


def run(manifest: Manifest, inputs: Tensors, answer: Callable[[Tensors], Tensors]) -> Tensors:
    """What `answer` gives for all rows of `inputs`, asked for as many at once as are not large."""
    first = manifest.inputs[0]
    cells, most = inputs[first.name].size, _A_RUN.get(first.datatype)
    if most is None or cells <= most:
        return answer(inputs)
    inputs = {tensor.name: inputs[tensor.name] for tensor in manifest.inputs}
    if not _divisible(manifest, inputs):
        return answer(inputs)
    rows = len(inputs[first.name])
    together = max(1, most * rows // cells)
    asked = [
        answer({name: array[start : start + together] for name, array in inputs.items()})
        for start in range(0, rows, together)
    ]
    return {name: np.concatenate([some[name] for some in asked]) for name in asked[0]}


def _divisible(manifest: Manifest, inputs: Tensors) -> bool:
    """Whether every tensor has a row for each instance, and no other."""
    free = all(tensor.shape[:1] == (-1,) for tensor in (*manifest.inputs, *manifest.outputs))
    return manifest.task != _ANY and free and len(set(map(len, inputs.values()))) == 1
