"""Plots: PNG files, the same each time, of what they are given."""

from pathlib import Path

import numpy as np
from PIL import Image

from training import plots


def test_same_figure_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("first", "second"):
        figure, (axes,) = plots.panels(1)
        plots.curves(axes, {"loss": [3.0, 2.0, 1.0]}, x="step", y="loss")
        plots.save(figure, tmp_path / "plots" / f"{name}.png")
    first, second = ((tmp_path / "plots" / f"{name}.png") for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as picture:
        assert picture.format == "PNG"


def test_confusion_counts_true_rows_and_answered_columns() -> None:
    _, (axes,) = plots.panels(1)
    answers, targets = np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1])
    plots.confusion(axes, answers, targets, ["a", "b"])
    found = {text.get_position(): text.get_text() for text in axes.texts}
    assert found == {(0, 0): "1", (1, 0): "1", (1, 1): "2"}


def test_receiver_rises_with_every_hit() -> None:
    _, (axes,) = plots.panels(1)
    happened = np.array([True, False, False, True])
    plots.receiver(axes, np.array([0.9, 0.5, 0.1, 0.6]), happened, "it")
    alarms, hits = axes.lines[0].get_data()
    steps = [(0, 0), (0, 0.5), (0, 1), (0.5, 1), (1, 1)]
    assert list(zip(alarms, hits, strict=True)) == steps


def test_reliability_skips_empty_bins() -> None:
    _, (axes,) = plots.panels(1)
    plots.reliability(axes, np.array([0.1, 0.1, 0.9]), np.array([False, True, True]), "it")
    said, seen = axes.lines[1].get_data()
    np.testing.assert_allclose(np.array([said, seen]), [[0.1, 0.9], [0.5, 1]])
