"""Machines on bags tell texts apart, and keep doing so when they are made smaller."""

import numpy as np
import pytest

from training.texts import bags, linear_texts
from training.texts.bags import Bag

BAG = Bag(tokens=40)
SEED = 0


def corpus(classes: int, rows: int = 300) -> tuple[list[np.ndarray], np.ndarray]:
    """Texts of ten tokens, a few of them from their class's own five."""
    rng = np.random.default_rng(1)
    targets = rng.integers(0, classes, rows)
    common = rng.integers(20, 40, (rows, 7))
    own = rng.integers(1, 6, (rows, 3)) + 5 * targets[:, np.newaxis]
    return list(np.hstack([common, own])), targets


def machine(classes: int):
    encoded, targets = corpus(classes)
    matrix = BAG.matrix(encoded)
    importance = linear_texts.rarity(matrix, targets)
    return linear_texts.fit(matrix, targets, importance, 1.0, SEED), matrix, targets


def test_rare_features_are_more_important() -> None:
    matrix = Bag(tokens=5).matrix([np.array([1, 2]), np.array([1, 3]), np.array([1])])
    importance = linear_texts.rarity(matrix, np.zeros(3))
    assert importance[4] > importance[2] == importance[3] > importance[1]


def test_features_of_one_class_contrast_and_shared_ones_do_not() -> None:
    matrix = Bag(tokens=4).matrix([np.array([1, 2]), np.array([1, 2]), np.array([1, 3])] * 5)
    contrast = linear_texts.contrast(matrix, np.array([0, 0, 1] * 5))
    assert contrast[1] < contrast[2]
    assert contrast[1] < contrast[3]


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_add_up_and_find_the_class(classes: int) -> None:
    fitted, matrix, targets = machine(classes)
    answers = linear_texts.answers(fitted, matrix)
    assert answers.shape == (len(targets), classes)
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    assert (answers.argmax(axis=1) == targets).mean() > 0.95


@pytest.mark.parametrize("classes", [2, 3])
def test_a_table_holds_the_whole_machine(classes: int) -> None:
    fitted, matrix, _ = machine(classes)
    again = linear_texts.holding(fitted, linear_texts.table(fitted))
    np.testing.assert_allclose(
        linear_texts.answers(again, matrix), linear_texts.answers(fitted, matrix), atol=1e-6
    )


def test_sharpness_undoes_what_was_done_to_the_scores() -> None:
    fitted, matrix, targets = machine(3)
    noisy = np.where(np.arange(len(targets)) % 5 == 0, (targets + 1) % 3, targets)
    beta = linear_texts.sharpness(fitted, matrix, noisy)
    blunt = linear_texts.sharpened(fitted, 0.1)
    assert linear_texts.sharpness(blunt, matrix, noisy) == pytest.approx(10 * beta, rel=0.01)


def test_choosing_prefers_the_slack_that_generalises() -> None:
    encoded, targets = corpus(2)
    uneven = np.flatnonzero((targets == 1) | (np.arange(len(targets)) % 5 == 0))
    matrix, targets = BAG.matrix([encoded[row] for row in uneven]), targets[uneven]
    slack, beta = linear_texts.choose(matrix, targets, linear_texts.rarity, (1e-9, 1.0), SEED)
    assert slack == 1.0
    assert beta > 0


@pytest.mark.parametrize("classes", [2, 3])
def test_a_pupil_agrees_with_its_teacher(classes: int) -> None:
    fitted, matrix, targets = machine(classes)
    features = linear_texts.heaviest(fitted, 0.6)
    importance = linear_texts.rarity(matrix, targets)
    pupil = linear_texts.distil(fitted, matrix, features, importance)
    assert set(np.flatnonzero(np.abs(pupil.coef_).sum(axis=0))) <= set(features)
    same = linear_texts.answers(pupil, matrix).argmax(1) == linear_texts.answers(
        fitted, matrix
    ).argmax(1)
    assert same.mean() > 0.95


def test_refitting_uses_only_what_is_left() -> None:
    fitted, matrix, targets = machine(3)
    sharp = linear_texts.sharpened(fitted, 2.0)
    half = linear_texts.heaviest(sharp, 0.5)
    rows = linear_texts.only(matrix, half)
    assert set(rows.indices) <= set(half)
    again = linear_texts.refit(sharp, rows, targets, linear_texts.rarity)
    assert again.sharpness_ == 2.0
    assert (linear_texts.answers(again, rows).argmax(axis=1) == targets).mean() > 0.9


def test_the_table_of_a_pruned_machine_makes_a_graph() -> None:
    fitted, _, _ = machine(3)
    kept = linear_texts.heaviest(fitted, 0.5)
    small = bags.pruned(linear_texts.table(fitted), kept)
    assert len(bags.graph("small", BAG, small)) < len(
        bags.graph("whole", BAG, linear_texts.table(fitted))
    )
