"""Rows: Shapley values of the features, against the average row.

The game's players are the features; a coalition's worth is the score of the row that has the
members' own values, and the reference's for the rest (interventional, with one background row).
The reference is the mean of the training rows, from the artifact's baseline, unless the caller
names another; `base` is its score.

`linear`: the values are read off the weights.  `exact`: every coalition is asked.  `permutations`:
drawn orders are, always the same ones.  A probability is no weighted sum of features, even where
the logit is, so `linear` is for regressions.
"""

import json

import numpy as np

from serving.errors import Unprocessable
from serving.explain import linear, shapley
from serving.explain.question import Question
from serving.explain.score import Score
from serving.features import Features
from serving.manifest import BASELINE
from serving.service import Service
from serving.types import Array, JsonObject

METHODS = ("linear", "exact", "permutations")
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
# Beyond, orders are drawn for about so many rows, at least _LEAST_PAIRS of them and as many back.
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
    weights = None if score.label else linear.weights(score.service)
    if weights is None:
        values, how = _divided(score, tensor, row, reference)
    else:
        values, how = weights * (row.astype(np.float64) - reference), {"method": "linear"}
    return {
        **how,
        "base": score.served - float(values.sum()),
        "features": dict(zip(names, values.tolist(), strict=True)),
        "reference": dict(zip(names, reference.tolist(), strict=True)),
    }


def _divided(score: Score, tensor: str, row: Array, reference: Array) -> tuple[Array, JsonObject]:
    """The Shapley values (F,) of a row, and how they were found."""
    # A feature that has the reference's value adds nothing: it is no player.
    moved = np.flatnonzero(row != reference)

    def rows(members: Array) -> Array:
        mixed = np.tile(reference, (len(members), 1))
        mixed[:, moved] = np.where(members, row[moved], reference[moved])
        return mixed

    def worth(coalitions: Array) -> Array:
        starts = range(0, len(coalitions), _ROWS_A_RUN)
        return score({tensor: rows(coalitions[at : at + _ROWS_A_RUN])} for at in starts)

    values = np.zeros(len(row))
    if len(moved) <= _ENUMERATED:
        values[moved] = shapley.exact(worth, len(moved))
        return values, {"method": "exact"}
    pairs = max(_LEAST_PAIRS, _DRAWN_ROWS // (2 * len(moved) + 2))
    values[moved], errors = shapley.permutations(worth, len(moved), pairs, _SEED)
    return values, {"method": "permutations", "standard_error": float(errors.max())}


def _reference(service: Service, question: Question, tensor: str, names: list[str]) -> Array:
    if "reference" in question.options:
        try:
            stated: Array = service.task.decode([question.options["reference"]])[tensor][0]
        except Unprocessable as error:
            raise Unprocessable(f"'reference' as an instance: {error}") from None
        return stated
    known = BASELINE in service.manifest.files
    sketches = json.loads(service.artifact.read(BASELINE)).get("features", {}) if known else {}
    if not sketches.keys() >= set(names):  # of adopted models nobody knows the training rows
        raise Unprocessable(
            f"the {BASELINE} of model '{service.name}' knows no average row, "
            "expected a 'reference' in the request"
        )
    return np.array([sketches[name]["mean"] for name in names], dtype=np.float32)
