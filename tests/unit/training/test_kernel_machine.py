"""Kernel machines in graphs: the scores that scikit-learn computes."""

import numpy as np
import onnx
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC

from serving.types import Array
from training import kernel_machine, parity
from training.export import Graph

GAMMA = 0.4
RNG = np.random.default_rng(5)
CENTRES = np.array([[0, 0], [2, 0], [0, 2]])
TARGETS = np.arange(90) % 3
ROWS = CENTRES[TARGETS] + RNG.normal(size=(90, 2))
UNSEEN = RNG.normal(1, 2, size=(20, 2))


def graph_of(machine: kernel_machine.KernelMachine) -> bytes:
    """FP64 (N, 2) to the scores."""
    graph = Graph("machine")
    found = kernel_machine.add_scores(graph, graph.input("rows", "FP64", ("N", 2)), machine)
    graph.add("Identity", found, output="scores")
    graph.output("scores", "FP64", ("N", len(machine.intercepts)))
    return graph.finish()


def scores(machine: kernel_machine.KernelMachine) -> Array:
    return parity.run(graph_of(machine), UNSEEN, 7)


def test_one_machine_has_the_scores_of_scikit_learn() -> None:
    fitted = SVC(C=2, gamma=GAMMA).fit(ROWS, TARGETS == 0)
    found = scores(kernel_machine.gather([fitted], ROWS, GAMMA))
    np.testing.assert_allclose(found[:, 0], fitted.decision_function(UNSEEN), atol=1e-12)


def test_one_against_the_rest_shares_the_vectors() -> None:
    fitted = OneVsRestClassifier(SVC(C=2, gamma=GAMMA)).fit(ROWS, TARGETS)
    machine = kernel_machine.gather(fitted.estimators_, ROWS, GAMMA)
    np.testing.assert_allclose(scores(machine), fitted.decision_function(UNSEEN), atol=1e-12)
    supports = set(np.concatenate([one.support_ for one in fitted.estimators_]).tolist())
    assert len(machine.vectors) == len(supports) < len(ROWS)


def test_vectors_are_stored_in_the_type_they_were_trained_in() -> None:
    rows = ROWS.astype(np.float32)
    fitted = SVC(C=2, gamma=GAMMA).fit(rows, TARGETS == 0)
    machine = kernel_machine.gather([fitted], rows, GAMMA)
    np.testing.assert_allclose(scores(machine)[:, 0], fitted.decision_function(UNSEEN), atol=1e-12)
    stored = {
        constant.name: constant.data_type
        for constant in onnx.load_from_string(graph_of(machine)).graph.initializer
    }
    assert stored["minus_two_vectors"] == onnx.TensorProto.FLOAT
