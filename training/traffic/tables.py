"""What the card of `traffic` tells beside its figures: gaps, weather, leakage."""

from dataclasses import replace

import numpy as np

from serving.types import Array, JsonObject
from training import leakage
from training.datasets.road_traffic import COVARIATES, Traffic
from training.series import forecasting
from training.traffic import fitting
from training.traffic.network import Road
from training.traffic.weeks import UNKNOWN, Windows

GAPS = (0.0, 0.1, 0.3, 0.6, 1.0)
STEP = 5  # every fifth window is asked
_WEATHER = [at for at, one in enumerate(COVARIATES) if one.unit in ("K", "mm", "%")]


def tables(model: Road, data: Traffic, seen: Windows, unseen: Windows) -> dict[str, JsonObject]:
    """All of them, by their headings."""
    some = unseen.take(slice(None, None, STEP))
    return {
        "Hours of the file": hours(data),
        "Gaps": gaps(model, some),
        "Weather": weather(model, seen, some),
        "Leakage": known_windows(model, seen, unseen),
    }


def hours(data: Traffic) -> JsonObject:
    """How many hours the file has, lacks, and has more than once."""
    rows = [
        ["rows", data.rows],
        ["hours from first to last", len(data.volume)],
        ["hours missing", data.missing],
        ["rows merged into another", data.rows - (len(data.volume) - data.missing)],
    ]
    return {"columns": ["what", "count"], "rows": rows}


def gaps(model: Road, windows: Windows) -> JsonObject:
    """The error when hours of the context are missing."""
    draw = np.random.default_rng(0).random(windows.contexts.shape)
    rows = []
    for share in GAPS:
        contexts = np.where(draw < share, np.float32(UNKNOWN), windows.contexts)
        rows.append([f"{share:.0%}", *_error(model, replace(windows, contexts=contexts))])
    return {
        "text": "Hours of the context are hidden by chance.",
        "columns": ["hours hidden", "mae", "95 % interval"],
        "rows": rows,
    }


def weather(model: Road, seen: Windows, windows: Windows) -> JsonObject:
    """The error when the weather or the holidays of the day ahead are not told."""
    usual, workdays = windows.futures.copy(), windows.futures.copy()
    usual[..., _WEATHER] = seen.futures[..., _WEATHER].mean(axis=(0, 1))
    workdays[..., 2] = 0
    told = {
        "as it came": windows.futures,
        "always the usual weather": usual,
        "no holidays": workdays,
    }
    return {
        "columns": ["what is told of the day ahead", "mae", "95 % interval"],
        "rows": [
            [name, *_error(model, replace(windows, futures=futures))]
            for name, futures in told.items()
        ],
    }


def known_windows(model: Road, seen: Windows, unseen: Windows) -> JsonObject:
    """Windows in both parts, and whether errors betray which were trained on."""
    losses = [
        np.nanmean(_apart(model, part.take(slice(None, None, STEP))), axis=1)
        for part in (seen, unseen)
    ]
    return {
        "text": "Membership is guessed from the error over the day: an AUC of 0.5 is chance.",
        "columns": ["what", "value"],
        "rows": [
            [
                "held-out contexts that are training contexts too",
                leakage.duplicates(seen.contexts, unseen.contexts),
            ],
            ["membership inference, AUC", leakage.membership(*losses)],
        ],
    }


def _apart(model: Road, windows: Windows) -> Array:
    _, bands = fitting.answer(model, windows)
    return np.abs(bands[:, :, 0, 1] - windows.truths)


def _error(model: Road, windows: Windows) -> list[float | str]:
    found = forecasting.figure(_apart(model, windows), forecasting.WEEK // STEP)
    return [found.value, f"{found.low:.1f} to {found.high:.1f}"]
