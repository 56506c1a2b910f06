"""Train the model that this folder is named after: logistic regression on standardised features.

It works as it is, on made-up points.  Put your rows into `data`, say what they are in `CARD`, and
fit whatever you like, as long as `export` writes it down as a graph.
"""

from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from serving.artifact import Artifact
from serving.types import Array
from training import artifact, card, parity, script, split, tabular
from training.artifact import Lesson
from training.card import Card
from training.datasets.dataset import Dataset, Feature, Source
from training.export import Graph

MODEL = Path(__file__).parent.name
ROWS = 200

CARD = Card(
    summary="Whether a point lies to the lower left or to the upper right.",
    method="Features are standardised inside the graph; then comes a logistic regression.",
    limits=("The points are made up, so it says nothing about anything.",),
    plots={},
)


def data(seed: int) -> Dataset:
    """Rows (N, 2) of two kinds, a cloud of points each."""
    rng = np.random.default_rng(seed)
    kinds = np.arange(ROWS) % 2
    return Dataset(
        source=Source(
            title="Two clouds of points",
            licence="made by the training script, free of rights",
            citation=f"{ROWS} points, drawn normally around (-1, -1) and (1, 1)",
            url="",
        ),
        inputs=rng.normal(2 * kinds[:, np.newaxis] - 1, 0.7, (ROWS, 2)).round(2),
        targets=kinds,
        labels=("lower_left", "upper_right"),
        features=(Feature("x", "", "to the right"), Feature("y", "", "upwards")),
    )


def export(fitted: Pipeline) -> bytes:
    """The fitted pipeline as a graph, FP32 (N, 2) to FP32 (N, 2), operator by operator."""
    scaler, regression = (step for _, step in fitted.steps)
    # The regression has one score, of the second class; softmax wants one of each.
    weights = np.concatenate([np.zeros_like(regression.coef_), regression.coef_]).T
    bias = np.concatenate([np.zeros_like(regression.intercept_), regression.intercept_])
    graph = Graph(MODEL)
    rows = graph.input("features", "FP32", ("N", len(weights)))
    centred = graph.add("Sub", rows, graph.constant("mean", as_fp32(scaler.mean_)))
    standard = graph.add("Div", centred, graph.constant("scale", as_fp32(scaler.scale_)))
    slopes = graph.constant("weights", as_fp32(weights))
    scores = graph.add("Gemm", standard, slopes, graph.constant("bias", as_fp32(bias)))
    graph.add("Softmax", scores, output="probabilities", axis=-1)
    graph.output("probabilities", "FP32", ("N", len(bias)))
    return graph.finish()


def as_fp32(numbers: Array) -> Array:
    """What a graph holds and reads."""
    return numbers.astype(np.float32)


def train(seed: int, out: Path) -> Artifact:
    """Train, check and write everything there is of the model."""
    points = data(seed)
    rows = split.hold_out(points.targets)
    seen, unseen = points.take(rows.train), points.take(rows.held_out)

    fitted = make_pipeline(StandardScaler(), LogisticRegression())
    fitted.fit(seen.inputs, seen.targets)

    graph = export(fitted)
    expected = fitted.predict_proba(unseen.inputs)
    same = parity.check(graph, as_fp32(unseen.inputs), expected)
    contents = tabular.classifier(seen, unseen, same.answers, fitted.predict_proba)
    lesson = Lesson(
        source=points.source,
        rows=rows,
        framework=f"scikit-learn {sklearn.__version__}",
        method="logistic regression on standardised features",
        seed=seed,
        parity=same,
    )
    written = artifact.write(out, MODEL, graph, contents, lesson)
    card.write(out, written.manifest, CARD)
    return written


if __name__ == "__main__":
    script.main(train, __file__)
