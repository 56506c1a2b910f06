"""The features that numpy counts are those that the graph counts."""

import numpy as np
import pytest
from scipy.special import softmax

from training import parity
from training.texts import bags
from training.texts.bags import Bag

BAG = Bag(tokens=50, buckets=64, longest=3)
TEXTS = [[3, 4, 3, 4, 9], [7], [8, 8, 8, 8], [], [1, 2, 3, 4, 5, 6, 7, 8, 9]]


def padded(texts: list[list[int]]) -> np.ndarray:
    width = max(len(ids) for ids in texts)
    return np.array([ids + [bags.PAD] * (width - len(ids)) for ids in texts])


def weights(columns: int) -> bags.Table:
    rng = np.random.default_rng(0)
    exact = rng.normal(size=(BAG.width, columns))
    exact[bags.PAD] = 0
    return bags.table(exact, rng.normal(size=columns))


def expected(table: bags.Table, texts: list[list[int]], bag: Bag = BAG) -> np.ndarray:
    matrix = bag.matrix([np.array(ids, dtype=np.int64) for ids in texts])
    scores = matrix @ table.effective() + table.bias
    if scores.shape[1] == 1:
        scores = np.hstack([-scores, scores])
    return softmax(scores, axis=1)


def test_a_feature_counts_once_however_often_it_comes() -> None:
    matrix = Bag(tokens=10).matrix([np.array([3, 3, 3, 4])])
    np.testing.assert_allclose(matrix.toarray()[0, [3, 4]], np.sqrt([0.5, 0.5]))
    assert matrix.nnz == 2


def test_runs_of_tokens_depend_on_their_order() -> None:
    bag = Bag(tokens=10, buckets=1000, longest=2)
    forward, backward = bag.features(np.array([3, 4])), bag.features(np.array([4, 3]))
    assert list(forward[:2]) == list(backward[:2]) == [3, 4]
    assert forward[2] != backward[2]


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("shape", ["exact", "rounded", "pruned"])
def test_the_graph_answers_as_the_matrix_does(columns: int, shape: str) -> None:
    table = weights(columns)
    if shape == "rounded":
        table = bags.rounded(table)
    if shape == "pruned":
        table = bags.pruned(table, np.arange(5, 90))
    graph = bags.graph("bag", BAG, table)
    answers = parity.run(graph, padded(TEXTS), batch_size=len(TEXTS))
    np.testing.assert_allclose(answers, expected(table, TEXTS), atol=1e-6)


def test_padding_changes_no_answer() -> None:
    graph = bags.graph("bag", BAG, weights(3))
    alone = parity.run(graph, np.array([[3, 4]]), batch_size=1)
    beside = parity.run(graph, np.array([[3, 4, 0, 0, 0], [1, 2, 3, 4, 5]]), batch_size=2)
    np.testing.assert_allclose(alone[0], beside[0], atol=1e-7)


def test_rounding_keeps_weights_to_within_half_a_step() -> None:
    exact = weights(3)
    small = bags.rounded(exact)
    steps = np.abs(exact.effective()).max(axis=0) / 127
    assert small.weights.dtype == np.int8
    assert (np.abs(small.effective() - exact.effective()) <= 0.5001 * steps).all()


def test_pruned_features_weigh_nothing() -> None:
    small = bags.pruned(weights(3), np.array([7, 9]))
    assert set(np.flatnonzero(np.abs(small.effective()).sum(axis=1))) == {7, 9}
    assert len(small.weights) == 3
