"""Predictions as a table: what a caller gets who asks with `Accept: text/csv`.

A row a prediction and a column a field, nested ones by their path (`scores.setosa`); forecasts have
a row for each instance, series and step.
"""

import csv
from collections.abc import Iterator
from io import StringIO

import numpy as np

from serving.types import Json, JsonObject

Cells = dict[str, Json]


def write(predictions: list[Json], task: str) -> bytes:
    """Predictions of a task as CSV (RFC 4180), the names of the columns in its first line."""
    rows = list(_steps(predictions) if task == "forecasting" else map(_flat, predictions))
    columns = dict.fromkeys(name for row in rows for name in row)
    text = StringIO()
    table = csv.DictWriter(text, list(columns))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


def _flat(prediction: Json) -> Cells:
    cells: Cells = {}
    _flatten(prediction, "", cells)
    return cells


def _flatten(value: Json, path: str, cells: Cells) -> None:
    """Put each leaf of `value` below its path."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, entry in entries:
            _flatten(entry, f"{path}.{key}" if path else str(key), cells)
    else:
        cells[path] = str(value).lower() if isinstance(value, bool) else value


def _steps(predictions: list[JsonObject]) -> Iterator[Cells]:
    for instance, prediction in enumerate(predictions):
        for series, means in prediction["mean"].items():
            bands = prediction["quantiles"][series]
            for step, mean in enumerate(means):
                yield {
                    "instance": instance,
                    "series": series,
                    "step": step,
                    "mean": mean,
                    **{quantile: band[step] for quantile, band in bands.items()},
                }
