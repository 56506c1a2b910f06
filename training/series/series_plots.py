"""The pictures on the cards of forecasting models."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from serving.types import Array


def forecast(axes: Axes, past: Array, truth: Array, mean: Array, bands: Array, what: str) -> None:
    """Draw the last hours (P,), what followed (H,), its forecast (H,) and quantiles (H, Q)."""
    before, ahead = np.arange(-len(past), 0), np.arange(len(truth))
    axes.plot(before, past, color="black", linewidth=1, label="context")
    axes.plot(ahead, truth, color="black", linewidth=1, linestyle=":", label="what followed")
    axes.plot(ahead, mean, color="#c8553d", label="forecast")
    axes.fill_between(
        ahead, bands[:, 0], bands[:, -1], color="#c8553d", alpha=0.2, label="80 % interval"
    )
    axes.set(xlabel="hours", ylabel=what)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="upper left")


def lines(axes: Axes, named: Mapping[str, Array], x: str, y: str) -> None:
    """Draw figures (H,) over the steps ahead, a line each."""
    for name, values in named.items():
        axes.plot(np.arange(1, len(values) + 1), values, linewidth=1, label=name)
    axes.set(xlabel=x, ylabel=y)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
