"""The ladder says which variants may ship, which is the default, and shows what was measured."""

from pathlib import Path

import numpy as np
import pytest

from training.evaluate import Figure
from training.networks import ladder, timing
from training.networks.ladder import Candidate, Ladder, Rung
from training.networks.timing import TimingError
from training.texts import bags


def rung(
    variant: str, score: float, one_ms: float, size_kb: float = 10.0, portable: bool = True
) -> Rung:
    ends = (score - 0.01, score + 0.01)
    return Rung(variant, score, *ends, size_kb, 1.0, one_ms, 8 * one_ms, portable)


RUNGS = (rung("fp32", 0.9, 3.0), rung("int8", 0.895, 1.0), rung("pruned", 0.889, 0.5))
MADE = Ladder(RUNGS, "accuracy")
FEEDS = ({"input_ids": np.ones((1, 5), np.int64)}, {"input_ids": np.ones((8, 5), np.int64)})


def graph(rows: int) -> bytes:
    exact = bags.table(np.ones((rows, 3)), np.zeros(3))
    return bags.graph("tiny", bags.Bag(tokens=rows), exact)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The training folder of a model with a ladder of two graphs."""
    monkeypatch.setattr(timing, "KEPT", tmp_path / "kept")
    home = tmp_path / "tiny"
    home.mkdir()
    candidates = [
        Candidate("fp32", graph(900), Figure(0.9, 0.8, 0.95)),
        Candidate("int8", graph(90), Figure(0.9, 0.8, 0.95), portable=False),
    ]
    ladder.climb(home, candidates, FEEDS, "accuracy")
    return home


def test_the_gate_is_a_point_and_may_be_another() -> None:
    assert [one.variant for one in MADE.passing] == ["int8", "fp32"]
    wider = Ladder(RUNGS, "accuracy", points=2)
    assert [one.variant for one in wider.passing] == ["pruned", "int8", "fp32"]
    graphs = {"int8": b"small", "pruned": b"smaller"}
    assert (MADE.passed(graphs), wider.passed(graphs)) == ({"int8": b"small"}, graphs)


def test_the_default_is_the_fastest_that_passes() -> None:
    assert MADE.default.variant == "int8"


def test_the_default_is_the_same_on_every_processor() -> None:
    rungs = (rung("fp32", 0.9, 3.0), rung("int8", 0.9, 1.0, portable=False))
    assert Ladder(rungs, "accuracy").default.variant == "fp32"


def test_of_equally_fast_variants_the_score_decides_and_then_the_size() -> None:
    def default(*more: Rung) -> str:
        rungs = (rung("fp32", 0.9, 1.0, 40.0), rung("pruned", 0.897, 0.95, 5.0), *more)
        return Ladder(rungs, "accuracy").default.variant

    assert default() == "fp32"
    assert default(rung("int8", 0.9001, 1.02, 10.0)) == "int8"
    assert default(rung("int8", 0.9001, 1.2, 10.0)) == "fp32"


def test_what_is_recorded_is_shown(tmp_path: Path) -> None:
    assert ladder.table(tmp_path, ["int8"]) == {}
    ladder.write(tmp_path, MADE)
    table = ladder.table(tmp_path, ["int8", "fp32"])["Ladder"]
    assert [row[0] for row in table["rows"]] == ["fp32", "int8", "pruned"]
    assert [row[-2] for row in table["rows"]] == ["yes", "yes", "no"]
    assert table["text"].startswith("Shipped is `int8`: the fastest")
    assert "callers may pick `fp32`" in table["text"]
    slower = ladder.table(tmp_path, ["fp32"])["Ladder"]
    assert "by the times below it would be `int8`" in slower["text"]
    assert all(len(row) == len(table["columns"]) for row in table["rows"])


def test_climbing_records_sizes_scores_and_times(home: Path) -> None:
    found = ladder.read(home)
    full, small = found.rungs
    assert (found.score, found.points, len(found.passing)) == ("accuracy", 1, 2)
    assert full.size_kb == round(len(graph(900)) / 1000, 1)
    assert min(full.create_ms, full.one_ms, full.eight_ms, small.one_ms) > 0
    assert (full.score, full.low, full.high) == (0.9, 0.8, 0.95)
    assert (full.portable, small.portable) == (True, False)


def test_times_are_taken_again_and_all_else_stays(home: Path) -> None:
    full, small = ladder.read(home).rungs
    slow = rung("fp32", 0.7, 1e6, full.size_kb), rung("int8", 0.8, 1e6, small.size_kb)
    ladder.write(home, Ladder(slow, "accuracy", points=2))
    ladder.time_again(home)
    again = ladder.read(home)
    assert again.points == 2
    assert [one.score for one in again.rungs] == [0.7, 0.8]
    assert all(0 < one.one_ms < 1e6 for one in again.rungs)


def test_graphs_that_are_not_those_of_the_ladder_are_not_timed(home: Path) -> None:
    more = (*ladder.read(home).rungs, rung("pruned", 0.9, 1.0))
    ladder.write(home, Ladder(more, "accuracy"))
    with pytest.raises(TimingError, match="`flotilla optimise tiny --fresh`"):
        ladder.time_again(home)


def test_the_plot_is_drawn_from_the_record(tmp_path: Path) -> None:
    ladder.write(tmp_path, MADE)
    ladder.draw(tmp_path, tmp_path / "plots" / "ladder.png")
    assert (tmp_path / "plots" / "ladder.png").stat().st_size > 5000
