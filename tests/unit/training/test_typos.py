"""Typos are many, small, and the same each time."""

import pytest

from training.texts import typos

TEXT = "The quick brown fox, aged 12, jumps over the lazy dog."


def test_no_share_is_no_typo() -> None:
    assert typos.spoil([TEXT, "很好"], 0) == [TEXT, "很好"]


def test_every_word_gets_one_slip_and_marks_and_numbers_none() -> None:
    (spoiled,) = typos.spoil([TEXT], 1)
    assert "12" in spoiled
    assert spoiled.count(",") == 2
    before, after = TEXT.split(), spoiled.split()
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) >= 7
    assert all(abs(len(a) - len(b)) <= 1 for a, b in zip(before, after, strict=True))


def test_a_seed_gives_one_spoiling() -> None:
    assert typos.spoil([TEXT], 0.5, seed=1) == typos.spoil([TEXT], 0.5, seed=1)
    assert typos.spoil([TEXT], 0.5, seed=1) != typos.spoil([TEXT], 0.5, seed=2)


@pytest.mark.parametrize(("share", "least", "most"), [(1, 4, 4), (0.5, 1, 3)])
def test_chinese_loses_characters_and_no_marks(share: float, least: int, most: int) -> None:
    (spoiled,) = typos.spoil(["质量很好\uff01"], share, seed=3)
    assert least <= 5 - len(spoiled) <= most
    assert spoiled.endswith("\uff01")
