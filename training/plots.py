"""The pictures on the model cards, drawn without a display and without global state."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from serving.types import Array

_PANEL = 4.2
_DPI = 100
_MANY_STEPS = 100
_INK = "#1f4e79"
_ACCENT = "#c8553d"


def panels(count: int, height: float = _PANEL) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side."""
    figure = Figure(figsize=(_PANEL * 1.15 * count, height), layout="constrained")
    return figure, [figure.add_subplot(1, count, number + 1) for number in range(count)]


def save(figure: Figure, path: Path) -> None:
    """Write a PNG; the same figure always gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})


def curves(axes: Axes, named: Mapping[str, Sequence[float]], x: str, y: str) -> None:
    """Draw falling losses over steps; many steps are drawn on a logarithmic axis too."""
    for (name, values), colour in zip(named.items(), (_INK, _ACCENT), strict=False):
        axes.plot(range(1, len(values) + 1), values, label=name, color=colour)
    many = max(len(values) for values in named.values()) > _MANY_STEPS
    axes.set(xlabel=x, ylabel=y, yscale="log", xscale="log" if many else "linear")
    if not many:
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend()


def confusion(axes: Axes, answers: Array, targets: Array, labels: Sequence[str]) -> None:
    """Draw how often each true class (row) was taken for which (column)."""
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(counts, (targets, answers), 1)
    axes.imshow(counts / counts.sum(axis=1, keepdims=True), cmap="Blues", vmin=0, vmax=1.3)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(column, row, str(count), ha="center", va="center")
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(labels)), labels)
    axes.set(xlabel="answered", ylabel="true", title="held-out rows")


def against(axes: Axes, answers: Array, targets: Array, what: str) -> None:
    """Draw answers over true values, with the line where they are equal."""
    axes.scatter(targets, answers, s=14, alpha=0.7, color=_INK)
    ends = [min(targets.min(), answers.min()), max(targets.max(), answers.max())]
    axes.plot(ends, ends, color=_ACCENT, linewidth=1, label="equal")
    axes.set(xlabel=f"true {what}", ylabel=f"answered {what}", title="held-out rows")
    axes.legend()


def bars(axes: Axes, names: Sequence[str], values: Array, x: str) -> None:
    """Draw named numbers, the first on top."""
    drawn = axes.barh(range(len(names)), values, color=_INK)
    axes.bar_label(drawn, fmt=" {:.3g} ", fontsize=8)
    axes.margins(x=0.15)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlabel=x)


def reliability(axes: Axes, probability: Array, happened: Array, what: str) -> None:
    """Draw how often something came true over how probable it was said to be, in five bins."""
    edges = np.linspace(0, 1, 6)
    bins = np.digitize(probability, edges[1:-1])
    filled = [number for number in range(5) if (bins == number).any()]
    said = [probability[bins == number].mean() for number in filled]
    seen = [happened[bins == number].mean() for number in filled]
    axes.plot([0, 1], [0, 1], color=_ACCENT, linewidth=1, label="calibrated")
    axes.plot(said, seen, "o-", color=_INK, label="held-out rows")
    for number, x, y in zip(filled, said, seen, strict=True):
        rows = (bins == number).sum()
        axes.annotate(f"n={rows}", (x, y), xytext=(6, -12), textcoords="offset points", fontsize=8)
    axes.set(xlabel=f"probability of {what}", ylabel=f"share that was {what}")
    axes.legend(loc="upper left")


def receiver(axes: Axes, probability: Array, happened: Array, what: str) -> None:
    """Draw the receiver operating characteristic."""
    order = np.argsort(-probability, kind="stable")
    hits = np.concatenate([[0], np.cumsum(happened[order])]) / happened.sum()
    alarms = np.concatenate([[0], np.cumsum(~happened[order])]) / (~happened).sum()
    axes.step(alarms, hits, where="post", color=_INK)
    axes.plot([0, 1], [0, 1], color=_ACCENT, linewidth=1)
    axes.set(xlabel="false alarms", ylabel=f"{what} found", title="held-out rows")


def gallery(axes: Axes, images: Array, captions: Sequence[str], columns: int) -> None:
    """Draw small grey images (N, H, W) in a grid, each under its caption."""
    axes.set_axis_off()
    rows = -(-max(len(images), 1) // columns)
    for number, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left, top = (number % columns) / columns, 1 - (number // columns) / rows
        inset = axes.inset_axes((left + 0.02, top - 0.86 / rows, 0.9 / columns, 0.72 / rows))
        inset.imshow(image, cmap="gray", vmin=0, vmax=255)
        inset.set_title(caption, fontsize=8)
        inset.set_axis_off()
