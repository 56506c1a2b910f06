"""The months of ETTh1 as the papers split them, and the windows in them.

Of months of 30 days, 12 train, 4 validate and 4 test; a context may reach back into the part before
its own, what is to be forecast may not.
"""

import numpy as np

from serving.types import Array
from training.datasets.series import Series
from training.ett_load import nlinear
from training.ett_load.nlinear import Moments
from training.series import forecasting

CONTEXT, HORIZON = 336, 720
HORIZONS = (96, 192, 336, 720)
MONTH = 30 * 24
TRAIN_END, VALIDATION_END, TEST_END = 12 * MONTH, 16 * MONTH, 20 * MONTH
BATCH = 128


class Months:
    """The series cut into the papers' months, standardised by the training part."""

    def __init__(self, data: Series) -> None:
        self.values = data.values[:TEST_END]
        self.scale = self.values[:TRAIN_END].std(axis=0)

    def windows(self, start: int, end: int, horizon: int = HORIZON) -> tuple[Array, Array]:
        """Windows whose hours to forecast lie between `start` and `end`."""
        return forecasting.windows(self.values[max(start - CONTEXT, 0) : end], CONTEXT, horizon)

    def moments(self, end: int) -> Moments:
        """What a fit needs to know of the windows before `end`."""
        contexts, truths = self.windows(0, end)
        sums = Moments(CONTEXT, HORIZON)
        for start in range(0, len(contexts), BATCH):
            rows = slice(start, start + BATCH)
            sums.add(contexts[rows] / self.scale, truths[rows] / self.scale)
        return sums

    def errors(self, weights: Array, start: int, end: int, horizon: int = HORIZON) -> Array:
        """Standardised errors FP32 (N, h, C) of every window between `start` and `end`."""
        contexts, truths = self.windows(start, end, horizon)
        parts = [
            (
                truths[at : at + BATCH]
                - nlinear.forecast(weights[:, :horizon], contexts[at : at + BATCH])
            )
            / self.scale
            for at in range(0, len(contexts), BATCH)
        ]
        return np.concatenate(parts, dtype=np.float32)
