"""The chart of the races: how long each took from its start to its first answer."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from tests.bench.entrants import TITLES
from tests.bench.report import Medians

_OURS, _FLOORS, _OTHERS = "#1f6feb", "#d5dae1", "#a8b1bd"
_IS_FLOOR = ("empty", "floor")
_INK = "#3b424c"


def draw(races: dict[str, Medians], path: Path) -> None:
    """Write bars of `first_answer_ms` for each model, quickest on top, as a PNG or an SVG."""
    height = 0.36 * len(TITLES) + 0.6
    figure, panels = plt.subplots(
        len(races), 1, figsize=(8, height * len(races) + 0.5), layout="constrained", squeeze=False
    )
    for axes, (model, medians) in zip(panels[:, 0], races.items(), strict=True):
        _panel(axes, model, medians)
    said = "start to first answer, ms, and resident memory: medians of one interleaved run"
    figure.supxlabel(said, color=_INK, fontsize=10)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _panel(axes: Axes, model: str, medians: Medians) -> None:
    names = sorted(TITLES, key=lambda name: medians[name]["first_answer_ms"], reverse=True)
    values = [medians[name]["first_answer_ms"] for name in names]
    bars = axes.barh([TITLES[name] for name in names], values, color=[_colour(n) for n in names])
    labels = [
        f"{medians[name]['first_answer_ms']:.0f} ms, {medians[name]['resident_mb']:.0f} MB"
        for name in names
    ]
    axes.bar_label(bars, labels, padding=4, color=_INK, fontsize=9)
    axes.set_title(model, loc="left", fontweight="bold", color=_INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(colors=_INK, left=False)
    axes.margins(x=0.18)


def _colour(name: str) -> str:
    if name == "flotilla":
        return _OURS
    return _FLOORS if name in _IS_FLOOR else _OTHERS
