"""What the card of `ett_load` compares: units of the intervals, other models, known hours."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np

from serving.types import Array, JsonObject
from training import leakage
from training.ett_load import nlinear
from training.ett_load.months import (
    HORIZON,
    HORIZONS,
    MONTH,
    TEST_END,
    TRAIN_END,
    VALIDATION_END,
    Months,
)
from training.ett_load.nlinear import NLinear
from training.evaluate import Figures
from training.series import forecasting

RECURRENT = Path(__file__).parent / "recurrent.json"
TARGETS = (0.37, 0.41, 0.43, 0.43)
MID = TRAIN_END - 4 * MONTH
UNITS = {
    "one of the series": lambda contexts, floor: np.ones((len(contexts), len(floor))),
    "spread of the hours": lambda contexts, floor: contexts.std(axis=1) + floor,
    "spread of the daily means": lambda contexts, floor: (
        nlinear.daily_means(contexts).std(axis=1) + floor
    ),
    "distance of the days from the last": nlinear.wander,
}


def models(figures: Figures) -> JsonObject:
    """The mean squared errors beside those of the recurrent networks and what is required."""
    others = json.loads(RECURRENT.read_text())
    ours = [figures[f"mse_{horizon}"].value for horizon in HORIZONS]
    return {
        "text": "Mean squared errors on the test months, standardised by the training months.\n"
        + others["text"],
        "columns": ["model", *(f"{horizon} hours" for horizon in HORIZONS)],
        "rows": [
            ["NLinear, this model", *ours],
            *([name, *scores] for name, scores in others["mse"].items()),
            ["required", *TARGETS],
        ],
    }


def units(model: NLinear, months: Months, penalty: float) -> JsonObject:
    """What the 80 % interval holds, by the unit of its offsets."""
    parts = [(MID, TRAIN_END), (TRAIN_END, VALIDATION_END), (VALIDATION_END, TEST_END)]
    contexts = [months.windows(*part)[0] for part in parts]
    early = months.moments(MID).solve(penalty)
    errors = [
        months.errors(weights, *part) * np.float32(months.scale)
        for weights, part in zip((early, model.weights, model.weights), parts, strict=True)
    ]
    rows = []
    for name, unit in UNITS.items():
        spreads = [unit(part, model.floor) for part in contexts]
        known = list(zip(errors, spreads, strict=True))
        rows.append([name, *(_held(*pair) for pair in pairwise(known))])
    return {
        "text": "An interval is the mean plus offsets in a unit of the context.\n"
        "Its share of true values is to be 0.8.\n"
        "The unit that carried best from months 9 to 12 to the validation months is used.",
        "columns": ["unit", "months 9 to 12, on validation", "validation, on test"],
        "rows": rows,
    }


def known_hours(model: NLinear, months: Months) -> JsonObject:
    """Whether the errors tell which hours the model was trained on."""
    seen = (months.errors(model.weights, 0, TRAIN_END) ** 2).mean(axis=(1, 2))
    unseen = (months.errors(model.weights, VALIDATION_END, TEST_END) ** 2).mean(axis=(1, 2))
    contexts = [months.windows(*part)[0] for part in ((0, TRAIN_END), (VALIDATION_END, TEST_END))]
    return {
        "text": "An AUC of 0.5 says that errors do not tell training windows from test windows; "
        "below it, the test months are the easier ones.",
        "columns": ["what", "value"],
        "rows": [
            ["test contexts that are training contexts too", leakage.duplicates(*contexts)],
            [f"membership AUC by the error over {HORIZON} hours", leakage.membership(seen, unseen)],
        ],
    }


def _held(before: tuple[Array, Array], after: tuple[Array, Array]) -> float:
    """The share of errors `after`, with their spread, in the 80 % interval of those `before`."""
    relative = after[0] / after[1][:, np.newaxis]
    return round(float(forecasting.covered(relative, nlinear.calibrate(*before)).mean()), 4)
