"""The one number that is explained, as a function of the model's inputs."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from serving.errors import Unprocessable
from serving.service import Service
from serving.types import Array, Json, JsonObject, Tensors


@dataclass(frozen=True, slots=True)
class Score:
    """A label's probability, or the value of a regression: what was served, and how to ask again.

    `label` is empty for a regression.
    """

    service: Service
    label: str
    served: float
    deadline: float

    def __call__(self, batches: Iterable[Tensors]) -> Array:
        """The scores FP64 (N,) of decoded inputs, a run of the graph for each batch.

        Raises DeadlineExceeded, and Unprocessable when one of them is not finite.
        """
        found = [self._column(self.service.infer(inputs, self.deadline)) for inputs in batches]
        scores = np.concatenate(found).astype(np.float64)
        if not np.isfinite(scores).all():
            raise Unprocessable("the model's answer to a part of the instance is not finite")
        return scores

    def _column(self, outputs: Tensors) -> Array:
        if not self.label:
            return outputs["value"].reshape(-1)
        column: Array = outputs["probabilities"][:, _labels(self.service).index(self.label)]
        return column


def of(service: Service, prediction: JsonObject, label: Json, deadline: float) -> Score:
    """What a prediction is explained by: `label`, or its own when that is None.

    Raises Unprocessable when the model has no such label.
    """
    if "value" in prediction:
        return Score(service, "", prediction["value"], deadline)
    chosen = prediction["label"] if label is None else label
    names = _labels(service)
    if chosen not in names:
        raise Unprocessable(f"'label' is {chosen!r}, expected one of {names}")
    return Score(service, chosen, prediction["scores"][chosen], deadline)


def _labels(service: Service) -> list[str]:
    return [str(name) for name in service.manifest.details["labels"]]
