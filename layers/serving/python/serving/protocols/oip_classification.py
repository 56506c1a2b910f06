"""The classification extension of the Open Inference Protocol, as Triton defines it.

An output that is asked for with the parameter `classification` comes as its highest values instead
of as its tensor: BYTES of shape (N, count), each element `<value>:<index>[:<label>]`.
Specification: triton-inference-server/server, `docs/protocol/extension_classification.md`.
"""

from dataclasses import replace

import numpy as np

from serving import arrays
from serving.errors import Unprocessable
from serving.manifest import Manifest, TensorSpec
from serving.types import Array, JsonObject, Tensors

_NUMBERS = "fiu"


def classify(
    manifest: Manifest, outputs: Tensors, counts: JsonObject
) -> tuple[Tensors, tuple[TensorSpec, ...]]:
    """The outputs with those named in `counts` as their highest values, and how all are described.

    More classes than there are count as all of them.  Raises Unprocessable.
    """
    chosen = dict(outputs)
    specs = list(manifest.outputs)
    for place, tensor in enumerate(specs):
        if tensor.name in counts:
            count = _read_count(tensor, counts[tensor.name])
            labels = manifest.details.get("labels", [])
            chosen[tensor.name] = _highest(tensor, outputs[tensor.name], count, labels)
            specs[place] = replace(tensor, datatype="BYTES")
    return chosen, tuple(specs)


def _read_count(tensor: TensorSpec, count: object) -> int:
    if type(count) is not int or count < 1:
        shown = arrays.shown(count)
        raise Unprocessable(
            f"output '{tensor.name}' has classification {shown}, expected how many classes"
        )
    return count


def _highest(tensor: TensorSpec, array: Array, count: int, labels: list[str]) -> Array:
    """Strings (N, count), or (count,) of an output without a batch; equal values keep order."""
    if array.dtype.kind not in _NUMBERS:
        raise Unprocessable(f"output '{tensor.name}' is {tensor.datatype}, classes need numbers")
    arrays.require_finite(array, "the model's answer")
    batched = tensor.shape[:1] == (-1,)
    rows = array.reshape(len(array) if batched else 1, -1)
    classes = [f":{label}" for label in labels] if len(labels) == rows.shape[1] else None
    # Sorted from behind and turned round, so that of equal values the first class comes first.
    order = rows.shape[1] - 1 - rows[:, ::-1].argsort(axis=1, kind="stable")[:, ::-1][:, :count]
    texts = np.array(
        [
            [f"{row[index]}:{index}{classes[index] if classes else ''}" for index in best.tolist()]
            for row, best in zip(rows, order, strict=True)
        ],
        dtype=object,
    )
    return texts if batched else texts[0]
