"""Rows: Shapley values of the features, against the average row.

The game's players are the features; a coalition's worth is the score of the row that has the
members' own values, and the reference's for the rest (interventional, with one background row).
The reference is the mean of the training rows, from the artifact's baseline, unless the caller
names another.
"""

import json

import numpy as np

from serving.errors import Unprocessable
from serving.explain import shapley
from serving.explain.question import Question
from serving.explain.score import Score
from serving.features import Features
from serving.manifest import BASELINE
from serving.service import Service
from serving.types import Array, JsonObject, Tensors

METHODS = ("exact", "permutations")
OPTIONS = ("reference",)
_NUMBERS = {"type": "object", "additionalProperties": {"type": "number"}}
PARTS: JsonObject = {
    "features": {**_NUMBERS, "description": "What each feature adds to the score, by its name."},
    "reference": {**_NUMBERS, "description": "The row that the instance was compared with."},
    "standard_error": {
        "type": "number",
        "description": "Of `permutations`: the largest standard error of a feature's attribution.",
    },
}

# Up to so many features every coalition is asked: 2^12 rows.
_ENUMERATED = 12
# Beyond, orders are drawn for about so many rows, at least _LEAST_PAIRS of them.
_DRAWN_ROWS = 8192
_LEAST_PAIRS = 8
_SEED = 0
# What stays in a core's cache runs faster.
_ROWS_A_RUN = 1024


def attribute(score: Score, question: Question) -> JsonObject:
    """Divide a row's score up among its features: `features`, `reference`, and how it was done."""
    names = Features(score.service.manifest.details).names
    (tensor,) = question.inputs
    row = question.inputs[tensor][0]
    reference = _reference(score.service, question, tensor, names)
    # A feature that has the reference's value adds nothing: it is no player.
    moved = np.flatnonzero(row != reference)

    def worth(coalitions: Array) -> Array:
        def batches(start: int) -> Tensors:
            members = coalitions[start : start + _ROWS_A_RUN]
            rows = np.tile(reference, (len(members), 1))
            rows[:, moved] = np.where(members, row[moved], reference[moved])
            return {tensor: rows}

        return score(batches(start) for start in range(0, len(coalitions), _ROWS_A_RUN))

    found: JsonObject = {"method": "exact"}
    values = np.zeros(len(names))
    if len(moved) <= _ENUMERATED:
        values[moved] = shapley.exact(worth, len(moved))
    else:
        pairs = max(_LEAST_PAIRS, _DRAWN_ROWS // (2 * len(moved) + 2))
        values[moved], errors = shapley.permutations(worth, len(moved), pairs, _SEED)
        found = {"method": "permutations", "standard_error": float(errors.max())}
    return {
        **found,
        "base": score.served - float(values.sum()),
        "features": dict(zip(names, values.tolist(), strict=True)),
        "reference": dict(zip(names, reference.tolist(), strict=True)),
    }


def _reference(service: Service, question: Question, tensor: str, names: list[str]) -> Array:
    stated = question.options.get("reference")
    if stated is not None:
        row: Array = service.task.decode([stated])[tensor][0]
        return row
    return _average(service, names)


def _average(service: Service, names: list[str]) -> Array:
    """The mean of each feature (F,), from the baseline that training wrote."""
    if BASELINE not in service.manifest.files:
        raise Unprocessable(
            f"model '{service.name}' has no {BASELINE} to take an average row from, "
            "expected a 'reference' in the request"
        )
    sketches = json.loads(service.artifact.read(BASELINE))["features"]
    return np.array([sketches[name]["mean"] for name in names], dtype=np.float32)
