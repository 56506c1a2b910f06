"""Why a model answers so: attributions that add up to what it serves, a module per kind of input.

An answer is that of `predict` with `attributions` in each prediction.  Whatever the method, they
and their `base` add up to the explained `score`.  A kind's module has its METHODS, its OPTIONS, its
PARTS (the JSON Schema of what it gives) and one function, `attribute`.  Nothing here is imported
before the first such question.
"""

from importlib import import_module
from typing import Protocol

from serving.explain.question import Question
from serving.explain.score import Score
from serving.types import JsonObject

# task -> the module that explains its answers; the other tasks have no score to divide up.
_KINDS = {
    "tabular_classification": "tabular",
    "tabular_regression": "tabular",
    "image_classification": "image",
    "text_classification": "text",
    "audio_classification": "audio",
}
TASKS = tuple(_KINDS)

_SAID = {
    "label": {"type": "string", "description": "The label to explain, by default the predicted."},
    "reference": {"description": "The instance to compare with, by default the average one."},
    "overlay": {"type": "boolean", "description": "Whether to draw the attributions as a PNG."},
}


class Kind(Protocol):
    """One kind of input, taken apart."""

    METHODS: tuple[str, ...]
    """What `method` may be."""
    OPTIONS: tuple[str, ...]
    """Which keys a request may have beside `instances` and `label`."""
    PARTS: JsonObject
    """The JSON Schema of what `attribute` gives, property by property."""

    def attribute(self, score: Score, question: Question) -> JsonObject:
        """The attributions of one instance: `method`, `base`, and the parts.  Raises ServingError.

        What the parts hold and `base` add up to `score.served`.
        """
        ...


def kind(task: str) -> Kind:
    """What explains the answers of a task, one of TASKS."""
    found: Kind = import_module(f"{__name__}.{_KINDS[task]}")
    return found


def options_schema(task: str) -> JsonObject:
    """The JSON Schema of the keys that a request may have beside `instances`, by their names."""
    return {name: _SAID[name] for name in options(task)}


def options(task: str) -> tuple[str, ...]:
    """The keys that a request may have beside `instances`."""
    label = () if task == "tabular_regression" else ("label",)
    return (*label, *kind(task).OPTIONS)


def attributions_schema(task: str) -> JsonObject:
    """The JSON Schema of `attributions`, as it stands in every prediction of an answer."""
    found = kind(task)
    number = {"type": "number"}
    properties: JsonObject = {
        "method": {"enum": list(found.METHODS)},
        "score": {**number, "description": "What is explained: the label's score, or the value."},
        "base": {**number, "description": "The score less all attributions."},
        **found.PARTS,
    }
    if "label" in options(task):
        properties["label"] = {"type": "string", "description": "Whose score is explained."}
    required = [name for name in properties if name not in _OPTIONAL]
    return {"type": "object", "properties": properties, "required": sorted(required)}


_OPTIONAL = {"overlay", "standard_error"}
