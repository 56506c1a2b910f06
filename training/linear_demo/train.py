"""Train `linear_demo`: y = x1 + 2 x2 + 3, found by stochastic gradient descent.

The smallest thing that works: start reading here to see every step from data to artifact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serving.artifact import Artifact
from serving.types import Array
from training import artifact, card, parity, plots, script, split, tabular
from training.artifact import Lesson
from training.card import Card
from training.datasets.dataset import Dataset, Feature, Source
from training.export import Graph

MODEL = Path(__file__).parent.name
ROWS = 500
EPOCHS = 12
RATE = 0.01

CARD = Card(
    summary=(
        "y = x1 + 2 x2 + 3, learned from examples: the smallest model there is.\n"
        "One can check its answers in one's head: 4 and 5 give 17."
    ),
    method=(
        f"A plane is fitted to {ROWS * 4 // 5} points without noise, one point at a time, "
        f"{EPOCHS} times over, by stochastic gradient descent written in numpy.\n"
        "As the points lie on it exactly, the squared error falls until FP64 has no digits left."
    ),
    limits=(
        "It is a demonstration: the figures are perfect because the task is.",
        "It was shown x1 and x2 between -5 and 5; it extrapolates, and here that is right.",
        "Answers are FP32: seven digits.",
    ),
    plots={"training.png": "The mean squared error after every pass over the training points."},
)


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Values (N, 1) of rows (N, 2): rows @ weights + bias."""

    weights: Array
    bias: float

    def values(self, rows: Array) -> Array:
        return (rows @ self.weights + self.bias)[:, np.newaxis]


def points(seed: int) -> Dataset:
    """Points on the plane, x1 and x2 drawn evenly, with one decimal."""
    inputs = np.random.default_rng(seed).uniform(-5, 5, (ROWS, 2)).round(1)
    return Dataset(
        source=Source(
            title="y = x1 + 2 x2 + 3",
            licence="made by the training script, free of rights",
            citation=f"{ROWS} points drawn evenly from -5 to 5",
            url="",
        ),
        inputs=inputs,
        targets=inputs @ np.array([1.0, 2.0]) + 3,
        features=(Feature("x1", "", "any number"), Feature("x2", "", "any number")),
        target=Feature("y", "", "x1 + 2 x2 + 3"),
    )


def descend(data: Dataset, seed: int) -> Iterator[Plane]:
    """The plane after each pass over the data, in another order every time."""
    rng = np.random.default_rng(seed)
    weights, bias = np.zeros(2), 0.0
    for _ in range(EPOCHS):
        for i in rng.permutation(len(data)):
            wrong = data.inputs[i] @ weights + bias - data.targets[i]
            weights = weights - RATE * wrong * data.inputs[i]
            bias = bias - RATE * wrong
        yield Plane(weights, bias)


def export(plane: Plane) -> bytes:
    """The plane as a graph, FP32 (N, 2) to FP32 (N, 1)."""
    graph = Graph(MODEL)
    rows = graph.input("features", "FP32", ("N", 2))
    weights = graph.constant("weights", plane.weights.astype(np.float32)[:, np.newaxis])
    bias = graph.constant("bias", np.array([plane.bias], dtype=np.float32))
    graph.add("Gemm", rows, weights, bias, output="value")
    graph.output("value", "FP32", ("N", 1))
    return graph.finish()


def draw(path: Path, passes: list[Plane], seen: Dataset) -> None:
    """The mean squared error, pass by pass."""
    figure, (axes,) = plots.panels(1)
    errors = [((plane.values(seen.inputs)[:, 0] - seen.targets) ** 2).mean() for plane in passes]
    plots.curves(axes, {"training rows": errors}, x="pass", y="mean squared error")
    plots.save(figure, path)


def train(seed: int, out: Path) -> Artifact:
    """Train, check and write everything there is of the model."""
    data = points(seed)
    rows = split.hold_out(data.targets)
    seen, unseen = data.take(rows.train), data.take(rows.held_out)

    passes = list(descend(seen, seed))
    plane = passes[-1]

    graph = export(plane)
    same = parity.check(graph, unseen.inputs.astype(np.float32), plane.values(unseen.inputs))
    contents = tabular.regressor(seen, unseen, same.answers, plane.values)
    lesson = Lesson(
        source=data.source,
        rows=rows,
        framework=f"numpy {np.__version__}",
        method="linear regression by stochastic gradient descent",
        seed=seed,
        parity=same,
        notes={"epochs": EPOCHS, "rate": RATE},
    )
    written = artifact.write(out, MODEL, graph, contents, lesson)
    draw(out / "plots" / "training.png", passes, seen)
    card.write(out, written.manifest, CARD)
    return written


if __name__ == "__main__":
    script.main(train, __file__)
