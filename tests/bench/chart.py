"""The chart of a race: how long each took from its start to its first answer."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

_OURS, _OTHERS = "#1f6feb", "#a8b1bd"


def draw(medians: dict[str, dict[str, float]], titles: dict[str, str], path: Path) -> None:
    """Write bars of `first_answer_ms`, quickest on top, as a PNG."""
    names = sorted(titles, key=lambda name: medians[name]["first_answer_ms"], reverse=True)
    values = [medians[name]["first_answer_ms"] for name in names]
    figure, axes = plt.subplots(figsize=(8, 0.5 * len(names) + 1.2), layout="constrained")
    colours = [_OURS if name == "flotilla" else _OTHERS for name in names]
    bars = axes.barh([titles[name] for name in names], values, color=colours)
    axes.bar_label(bars, fmt="%.0f ms", padding=4)
    axes.set_xlabel("sandbox start to first answer, ms (median, one interleaved run)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    figure.savefig(path, dpi=150)
    plt.close(figure)
