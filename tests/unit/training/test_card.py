"""Model cards: figures from the manifest, prose from the script."""

from pathlib import Path

import pytest

from tests.unit.training import lessons
from training import artifact, card
from training.card import Card

CARD = Card(
    summary="Doubles a length.",
    method="It was known.\nNothing was fitted.",
    limits=("It knows one thing.", "It cannot halve."),
    plots={"curve.png": "The curve."},
)


@pytest.fixture
def lines(tmp_path: Path) -> list[str]:
    """The lines of the tiny model's card."""
    contents, lesson = lessons.contents_and_lesson()
    manifest = artifact.write(tmp_path, "double", lessons.graph(), contents, lesson).manifest
    card.write(tmp_path, manifest, CARD)
    return (tmp_path / "README.md").read_text().splitlines()


def test_figures_come_with_their_intervals(lines: list[str]) -> None:
    assert "On 10 held-out rows:" in lines
    assert "| mae | 0.5 | 0.5 to 0.5 |" in lines
    assert "On 9 others, trained anew, r2 is 0.750 on average, from 0.500 to 1.000." in lines


def test_data_are_named_with_licence_and_split(lines: list[str]) -> None:
    assert "[Numbers](https://example.org/numbers): counted by hand." in lines
    assert "Licence: free." in lines
    assert (
        "Of 50 rows, 40 train the model and 10 are held out, "
        "drawn with the same share of each fifth of the target's values."
    ) in lines


def test_inputs_are_described(lines: list[str]) -> None:
    assert any(line.startswith("| x | m | ") and line.endswith("| a length |") for line in lines)


def test_prose_stands_under_its_heading(lines: list[str]) -> None:
    assert lines[0] == "# double"
    assert lines[2] == CARD.summary
    assert lines[lines.index("## Method") + 3] == "Nothing was fitted."
    assert lines[lines.index("## Limits") + 3] == "- It cannot halve."
    assert "![The curve.](plots/curve.png)" in lines


def test_card_says_how_to_train_again(lines: list[str]) -> None:
    assert "python -m training.double.train --seed 4" in lines
