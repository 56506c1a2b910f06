"""Train `iris`: softmax regression on standardised features, by gradient descent in numpy.

No library fits the model; scikit-learn, which minimises the same loss in its own way, confirms that
the descent arrived where it should.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from serving.artifact import Artifact
from serving.types import Array
from training import artifact, card, evaluate, parity, plots, script, split, tabular
from training.artifact import Lesson
from training.card import Card
from training.datasets import bundled
from training.datasets.dataset import Dataset
from training.export import Graph
from training.split import Split

MODEL = Path(__file__).parent.name
# The best log loss in five-fold cross-validation on the training rows, of 0.1, 0.03 ... 0.0001.
PENALTY = 0.0003
STEPS = 2000
RATE = 1.0
MOMENTUM = 0.9
AGREEMENT = 1e-4

CARD = Card(
    summary=(
        "Which of three species an iris flower is, from the length and width of its sepals and "
        "petals.\n"
        "Four numbers in, three probabilities out, 15 parameters."
    ),
    method=(
        "Features are standardised by the mean and spread of the training rows, inside the graph.\n"
        f"Softmax regression with an L2 penalty of {PENALTY} is fitted by {STEPS} steps of "
        "full-batch gradient descent with momentum, written in numpy.\n"
        "scikit-learn's LogisticRegression with the same penalty gives the same probabilities to "
        f"within {AGREEMENT:g}; training fails if it does not."
    ),
    limits=(
        "It knows three species and names one of them for any four numbers, a tulip's too.",
        "30 held-out flowers say little: one mistake more or less is 3.3 points of accuracy.",
        "Versicolor and virginica overlap; take scores near 0.5 for what they are.",
    ),
    plots={
        "training.png": "Left: the loss on training and held-out flowers, step by step. "
        "Right: which species was taken for which."
    },
)


@dataclass(frozen=True, slots=True, eq=False)
class Softmax:
    """Probabilities (N, C) of rows (N, F): softmax((x - mean) / scale @ weights + bias)."""

    mean: Array
    scale: Array
    weights: Array
    bias: Array

    def probabilities(self, rows: Array) -> Array:
        scores = (rows - self.mean) / self.scale @ self.weights + self.bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


def descend(rows: Array, targets: Array, seed: int) -> Iterator[Softmax]:
    """The model after every step of gradient descent on the mean log loss plus penalty."""
    truth = np.eye(targets.max() + 1)[targets]
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    standard = (rows - mean) / scale
    weights = np.random.default_rng(seed).normal(0, 0.01, (rows.shape[1], truth.shape[1]))
    bias = np.zeros(truth.shape[1])
    weights_speed, bias_speed = np.zeros_like(weights), np.zeros_like(bias)
    for _ in range(STEPS):
        wrong = Softmax(mean, scale, weights, bias).probabilities(rows) - truth
        slope = standard.T @ wrong / len(rows) + PENALTY * weights
        weights_speed = MOMENTUM * weights_speed - RATE * slope
        bias_speed = MOMENTUM * bias_speed - RATE * wrong.mean(axis=0)
        weights, bias = weights + weights_speed, bias + bias_speed
        yield Softmax(mean, scale, weights, bias)


def confirm(model: Softmax, data: Dataset, unseen: Array) -> None:
    """Raise ParityError unless scikit-learn finds the same model."""
    strength = 1 / (PENALTY * len(data))
    reference = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
    reference.fit((data.inputs - model.mean) / model.scale, data.targets)
    theirs = reference.predict_proba((unseen - model.mean) / model.scale)
    difference = np.abs(theirs - model.probabilities(unseen)).max()
    if difference > AGREEMENT:
        raise parity.ParityError(f"scikit-learn differs by {difference}, expected {AGREEMENT}")


def export(model: Softmax) -> bytes:
    """The model as a graph, FP32 (N, 4) to FP32 (N, 3)."""
    graph = Graph(MODEL)
    rows = graph.input("features", "FP32", ("N", 4))
    centred = graph.add("Sub", rows, graph.constant("mean", model.mean.astype(np.float32)))
    standard = graph.add("Div", centred, graph.constant("scale", model.scale.astype(np.float32)))
    weights = graph.constant("weights", model.weights.astype(np.float32))
    bias = graph.constant("bias", model.bias.astype(np.float32))
    scores = graph.add("Gemm", standard, weights, bias)
    graph.add("Softmax", scores, output="probabilities", axis=-1)
    graph.output("probabilities", "FP32", ("N", 3))
    return graph.finish()


def accuracy_on(data: Dataset, rows: Split, seed: int) -> float:
    """The held-out accuracy after training on another split."""
    seen, unseen = data.take(rows.train), data.take(rows.held_out)
    *_, model = descend(seen.inputs, seen.targets, seed)
    return float((model.probabilities(unseen.inputs).argmax(axis=1) == unseen.targets).mean())


def draw(path: Path, steps: list[Softmax], seen: Dataset, unseen: Dataset) -> None:
    """The learning curve, and what was taken for what."""
    figure, (left, right) = plots.panels(2)
    curves = {
        name: [evaluate.log_loss(model.probabilities(data.inputs), data.targets) for model in steps]
        for name, data in (("training rows", seen), ("held-out rows", unseen))
    }
    plots.curves(left, curves, x="step of gradient descent", y="log loss")
    answers = steps[-1].probabilities(unseen.inputs).argmax(axis=1)
    plots.confusion(right, answers, unseen.targets, unseen.labels)
    plots.save(figure, path)


def train(seed: int, out: Path) -> Artifact:
    """Train, check and write everything there is of the model."""
    data = bundled.iris()
    rows = split.hold_out(data.targets)
    seen, unseen = data.take(rows.train), data.take(rows.held_out)

    steps = list(descend(seen.inputs, seen.targets, seed))
    model = steps[-1]
    confirm(model, seen, unseen.inputs)
    others = evaluate.other_splits(
        "accuracy", lambda rows: accuracy_on(data, rows, seed), data.targets, splits=20
    )

    graph = export(model)
    same = parity.check(graph, unseen.inputs.astype(np.float32), model.probabilities(unseen.inputs))
    contents = tabular.classifier(seen, unseen, same.answers, model.probabilities)
    lesson = Lesson(
        source=data.source,
        rows=rows,
        framework=f"numpy {np.__version__}",
        method="softmax regression on standardised features, by gradient descent",
        seed=seed,
        parity=same,
        notes={"penalty": PENALTY, "steps": STEPS, "other_splits": others},
    )
    written = artifact.write(out, MODEL, graph, contents, lesson)
    draw(out / "plots" / "training.png", steps, seen, unseen)
    card.write(out, written.manifest, CARD)
    return written


if __name__ == "__main__":
    script.main(train, __file__)
