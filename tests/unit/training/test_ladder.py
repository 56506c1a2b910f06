"""The ladder says which variants may ship, and shows what was measured."""

from pathlib import Path

import numpy as np

from training.evaluate import Figure
from training.networks import ladder
from training.networks.ladder import Rung
from training.texts import bags


def rung(variant: str, score: float, one_ms: float) -> Rung:
    return Rung(variant, score, score - 0.01, score + 0.01, 10.0, 1.0, one_ms, 8 * one_ms)


RUNGS = [rung("fp32", 0.9, 3.0), rung("int8", 0.895, 1.0), rung("pruned", 0.889, 0.5)]


def test_the_gate_is_a_point_and_may_be_another() -> None:
    assert [one.variant for one in ladder.passing(RUNGS)] == ["int8", "fp32"]
    assert [one.variant for one in ladder.passing(RUNGS, points=2)] == ["pruned", "int8", "fp32"]


def test_what_is_recorded_is_shown(tmp_path: Path) -> None:
    assert ladder.table(tmp_path, "int8") == {}
    ladder.write(tmp_path, RUNGS, "accuracy")
    table = ladder.table(tmp_path, "int8")["Ladder"]
    assert [row[0] for row in table["rows"]] == ["fp32", "int8", "pruned"]
    assert [row[-1] for row in table["rows"]] == ["yes", "yes", "no"]
    assert "`int8`, `fp32`" in table["text"]
    assert all(len(row) == len(table["columns"]) for row in table["rows"])


def test_measuring_a_graph_gives_its_size_and_times() -> None:
    exact = bags.table(np.ones((10, 3)), np.zeros(3))
    graph = bags.graph("tiny", bags.Bag(tokens=10), exact)
    one, eight = ({"input_ids": np.ones((rows, 5), np.int64)} for rows in (1, 8))
    measured = ladder.measure("fp32", graph, Figure(0.9, 0.8, 0.95), one, eight)
    assert measured.size_kb == round(len(graph) / 1000, 1)
    assert min(measured.create_ms, measured.one_ms, measured.eight_ms) > 0
    assert (measured.score, measured.low, measured.high) == (0.9, 0.8, 0.95)


def test_the_plot_is_drawn_from_the_record(tmp_path: Path) -> None:
    ladder.write(tmp_path, RUNGS, "accuracy")
    ladder.draw(tmp_path, tmp_path / "plots" / "ladder.png")
    assert (tmp_path / "plots" / "ladder.png").stat().st_size > 5000
