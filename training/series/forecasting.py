"""Forecasts: windows of series, how far off their answers are, and examples of asking for them.

A window is a context (L, C) and what followed it (H, C).  Windows that overlap are no independent
rows, so intervals come from a bootstrap over whole weeks.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from serving.types import Array, Json, JsonObject, Tensors
from training import baseline, door, parity
from training.evaluate import Figure
from training.parity import Parity, ParityError

QUANTILES = (0.1, 0.5, 0.9)
WEEK = 168
_RESAMPLES = 1000
_DIGITS = 6
_SHORTER = 24

Answer = Callable[[Array], tuple[Array, Array]]
"""Contexts (N, L, C) to the mean (N, H, C) and the quantiles (N, H, C, Q)."""


def windows(values: Array, context: int, horizon: int) -> tuple[Array, Array]:
    """Every context (N, L, C) of values (T, C) and what followed (N, H, C), as views."""
    cut = sliding_window_view(values, context + horizon, axis=0).transpose(0, 2, 1)
    return cut[:, :context], cut[:, context:]


def covered(truth: Array, quantiles: Array) -> Array:
    """Which of truth (...) lies between the outer quantiles (..., Q)."""
    return (quantiles[..., 0] <= truth) & (truth <= quantiles[..., -1])


def figure(losses: Array, block: int = WEEK) -> Figure:
    """The mean over windows (N, ...) in order of time, with a 95 % interval over blocks of them."""
    return _rounded(_each(losses).mean(), _resampled(losses, block))


def skill(losses: Array, others: Array, block: int = WEEK) -> Figure:
    """By what share the losses (N, ...) are less than others' of the same windows."""
    ratio = 1 - _each(losses).mean() / _each(others).mean()
    return _rounded(ratio, 1 - _resampled(losses, block) / _resampled(others, block))


def ask(graph: bytes, inputs: Tensors, batch_size: int) -> tuple[Array, Array]:
    """The graph's mean and quantiles, asked in batches."""
    session = parity.session(graph)
    count = len(inputs["context"])
    replies = [
        session.run(
            ["mean", "quantiles"],
            {name: rows[start : start + batch_size] for name, rows in inputs.items()},
        )
        for start in range(0, count, batch_size)
    ]
    means, bands = zip(*replies, strict=True)
    return np.concatenate(means), np.concatenate(bands)


def check(
    graph: bytes, inputs: Tensors, expected: tuple[Array, Array], least: float = 1.0
) -> Parity:
    """Compare a forecasting graph with the framework's answers, as `parity.check` does.

    Numbers below `least` count as that large.  Raises ParityError.
    """
    worst = 0.0
    for batch_size in parity.BATCH_SIZES:
        answers = ask(graph, inputs, batch_size)
        for name, found, wanted in zip(("mean", "quantiles"), answers, expected, strict=True):
            apart = np.abs(found - wanted) / np.maximum(np.abs(wanted), least)
            worst = max(worst, float(apart.max()))
            if not apart.max() <= parity.TOLERANCE:
                raise ParityError(
                    f"in batches of {batch_size}, '{name}' is off by {apart.max():.2g}, "
                    f"expected at most {parity.TOLERANCE}"
                )
    return Parity(answers[0], worst)


def knock(
    folder: Path,
    names: Sequence[str],
    inputs: Tensors,
    expected: tuple[Array, Array],
    covariates: Sequence[str] = (),
    least: float = 1.0,
) -> None:
    """Ask the artifact in `folder` over HTTP for whole forecasts; raises ParityError.

    `inputs`, `expected` and `least` are those of `check`.
    """
    bodies = []
    for row, context in enumerate(inputs["context"]):
        instance: JsonObject = {"context": _columns(names, context)}
        if covariates:
            instance["future"] = _columns(covariates, inputs["future"][row])
        bodies.append(json.dumps({"instances": [instance]}).encode())
    replies = door.predictions(folder, bodies, door.JSON)
    for number, (reply, mean, bands) in enumerate(zip(replies, *expected, strict=True)):
        for column, name in enumerate(names):
            found = [reply["mean"][name], *(reply["quantiles"][name][str(q)] for q in QUANTILES)]
            wanted = np.column_stack([mean[:, column], bands[:, column]])
            door.require_same(number, np.array(found).T, wanted, least)


def sketches(names: Sequence[str], values: Array, means: Array) -> JsonObject:
    """The baseline: hours (T, C) of training, and forecasts (N, H, C) of held-out windows."""
    return {
        "features": {
            name: baseline.sketch(column) for name, column in zip(names, values.T, strict=True)
        },
        "values": {
            name: baseline.sketch(means[..., column].ravel()) for column, name in enumerate(names)
        },
    }


def examples(
    names: Sequence[str], contexts: Array, answer: Answer, future: dict[str, Array] | None = None
) -> list[JsonObject]:
    """Ask five contexts (5, L, C) in every way that a forecast is asked for.

    `future` holds covariates (5, H) by name, when the model wants them.
    """
    means, bands = (array.astype(np.float32) for array in answer(contexts))
    asked = _Asked(names, contexts, future or {}, means, bands)
    horizon = means.shape[1]
    day = min(_SHORTER, horizon)
    rows = {
        "next_hour": [(0, 1)],
        "next_day": [(1, day)],
        "two_at_once": [(2, day), (3, 2)],
        "whole_horizon": [(4, horizon)],
    }
    native = [
        _example(
            name,
            "predict",
            {"instances": [asked.instance(row, steps) for row, steps in some]},
            {"predictions": [asked.prediction(row, steps) for row, steps in some]},
        )
        for name, some in rows.items()
    ]
    return [*native, asked.by_protocol()]


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """Contexts and covariates, and what the framework answers to them."""

    names: Sequence[str]
    contexts: Array
    future: dict[str, Array]
    means: Array
    bands: Array

    def instance(self, row: int, steps: int) -> JsonObject:
        """Who wants the whole horizon need not say so."""
        asked: JsonObject = {"context": _columns(self.names, self.contexts[row])}
        if self.future:
            asked["future"] = {name: _numbers(rows[row]) for name, rows in self.future.items()}
        return asked if steps == self.means.shape[1] else {**asked, "horizon": steps}

    def prediction(self, row: int, steps: int) -> JsonObject:
        bands = self.bands[row, :steps]
        return {
            "mean": _columns(self.names, self.means[row, :steps]),
            "quantiles": {
                name: {str(q): _numbers(bands[:, column, at]) for at, q in enumerate(QUANTILES)}
                for column, name in enumerate(self.names)
            },
        }

    def by_protocol(self) -> JsonObject:
        """The first context as tensors; quantiles are not asked for."""
        inputs = [_tensor("context", self.contexts[:1].astype(np.float32))]
        if self.future:
            stacked = np.stack([rows[:1] for rows in self.future.values()], axis=-1)
            inputs.append(_tensor("future", stacked.astype(np.float32)))
        return _example(
            "open_inference_protocol",
            "infer",
            {"inputs": inputs, "outputs": [{"name": "mean"}]},
            {"outputs": [_tensor("mean", self.means[:1])]},
        )


def _each(losses: Array) -> Array:
    return np.nanmean(losses.reshape(len(losses), -1), axis=1, dtype=np.float64)


def _resampled(losses: Array, block: int) -> Array:
    """The means of as many blocks as the windows have, drawn anew (RESAMPLES,)."""
    each = _each(losses)
    block = min(block, len(each))
    draws = (_RESAMPLES, max(1, round(len(each) / block)))
    starts = np.random.default_rng(0).integers(0, len(each) - block + 1, draws)
    sums = np.concatenate([[0.0], np.cumsum(each)])
    means: Array = ((sums[starts + block] - sums[starts]) / block).mean(axis=1)
    return means


def _rounded(value: float, resampled: Array) -> Figure:
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Figure(*(round(float(number), _DIGITS) for number in (value, low, high)))


def _example(name: str, operation: str, body: Json, answer: JsonObject) -> JsonObject:
    return {
        "name": name,
        "operation": operation,
        "media_type": "application/json",
        "body": body,
        "answer": answer,
    }


def _columns(names: Sequence[str], rows: Array) -> JsonObject:
    return {name: _numbers(column) for name, column in zip(names, rows.T, strict=True)}


def _numbers(values: Array) -> list[float]:
    """The shortest decimals that FP32 reads back as these numbers."""
    return [float(str(np.float32(value))) for value in values.ravel()]


def _tensor(name: str, values: Array) -> JsonObject:
    return {
        "name": name,
        "datatype": "FP32",
        "shape": list(values.shape),
        "data": _numbers(values),
    }
