"""The hours of the road as windows: a week, what is known of the next day, and its volumes."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from serving.types import Array, Tensors
from training.datasets.road_traffic import Traffic
from training.series import forecasting
from training.traffic.network import CONTEXT, HORIZON

UNKNOWN = -1.0
# By time: who forecasts knows the past only.
VALIDATION, TEST = datetime(2017, 4, 1), datetime(2018, 1, 1)
_LEAST_KNOWN = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Contexts (N, CONTEXT, 1), futures (N, HORIZON, K) and truths (N, HORIZON), NaN if missing."""

    contexts: Array
    futures: Array
    truths: Array

    def inputs(self) -> Tensors:
        """What the graph is given."""
        return {"context": self.contexts, "future": self.futures}

    def take(self, rows: Array | slice) -> "Windows":
        """Some of the windows."""
        return Windows(self.contexts[rows], self.futures[rows], self.truths[rows])

    def __len__(self) -> int:
        return len(self.truths)


def cut(data: Traffic, start: datetime | None, end: datetime | None) -> Windows:
    """Windows whose day ahead lies between the two, and whose week is known for half or more."""
    first = data.index(start) - CONTEXT if start else 0
    last = data.index(end) if end else len(data.volume)
    volume = np.float32(data.volume[first:last, np.newaxis])
    contexts, truths = forecasting.windows(volume, CONTEXT, HORIZON)
    _, futures = forecasting.windows(np.float32(data.covariates[first:last]), CONTEXT, HORIZON)
    known = (~np.isnan(contexts)).mean(axis=(1, 2)) >= _LEAST_KNOWN
    rows = np.flatnonzero(known & (~np.isnan(truths)).any(axis=(1, 2)))
    return Windows(np.nan_to_num(contexts[rows], nan=UNKNOWN), futures[rows], truths[rows, :, 0])


def last_week(windows: Windows) -> Array:
    """The seasonal naive forecast (N, HORIZON): as a week ago, or as a day ago, or any day's."""
    days = windows.contexts[..., 0].reshape(len(windows), -1, HORIZON)
    guess = days[:, 0]
    for day in [days[:, at] for at in range(days.shape[1] - 1, 0, -1)]:
        guess = np.where(guess < 0, day, guess)
    return guess
