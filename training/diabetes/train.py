"""Train `diabetes`: ridge regression on standardised features, by scikit-learn.

The pattern for any scikit-learn pipeline: skl2onnx converts it, a graph of ours casts around it.
"""

from pathlib import Path

import numpy as np
import sklearn
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from serving.artifact import Artifact
from serving.types import Array
from training import artifact, card, evaluate, export, parity, plots, script, split, tabular
from training.artifact import Lesson
from training.card import Card
from training.datasets import bundled
from training.datasets.dataset import Dataset
from training.split import Split

MODEL = Path(__file__).parent.name
PENALTIES = np.logspace(-2, 3, 26)

CARD = Card(
    summary=(
        "How far diabetes has progressed a year after ten measurements were taken.\n"
        "The target is the study's own measure, without a unit, from 25 (little) to 346 (much)."
    ),
    method=(
        "Features come in their own units and are standardised inside the graph.\n"
        f"Ridge regression is fitted by scikit-learn; its penalty is the best of {len(PENALTIES)} "
        "in leave-one-out cross-validation on the training rows.\n"
        "skl2onnx converts the pipeline in FP64."
    ),
    limits=(
        "More than half of what differs between patients is not in these ten numbers: "
        "`mae` is by how many points an answer is off on average.",
        "442 patients of one study from before 2004 say nothing about other populations.",
        "The figure depends much on which 89 patients are held out, as the other splits show.",
        "A demonstration of regression; no medical device, and no ground for a decision.",
    ),
    plots={
        "held_out.png": "Left: answers over true values. "
        "Right: the change of the answer when a feature rises by one standard deviation."
    },
)


def fit(seen: Dataset) -> Pipeline:
    """Standardise, then ridge regression with the best penalty."""
    return make_pipeline(StandardScaler(), RidgeCV(PENALTIES)).fit(seen.inputs, seen.targets)


def values(model: Pipeline, rows: Array) -> Array:
    """The framework's answers (N, 1)."""
    return model.predict(rows)[:, np.newaxis]


def convert(model: Pipeline) -> bytes:
    """The pipeline as a graph, FP32 (N, 10) to FP32 (N, 1), FP64 between."""
    width = model.n_features_in_
    types = [("rows", DoubleTensorType([None, width]))]
    converted = to_onnx(model, initial_types=types, target_opset=export.OPSET)
    graph = export.Graph(MODEL)
    rows = graph.input("features", "FP32", ("N", width))
    (value,) = graph.include("pipeline_", converted, graph.add("Cast", rows, to=export.DOUBLE))
    graph.add("Cast", value, to=export.FLOAT, output="value")
    graph.output("value", "FP32", ("N", 1))
    return graph.finish()


def r2_on(data: Dataset, rows: Split) -> float:
    """The held-out R2 after training on another split."""
    unseen = data.take(rows.held_out)
    return float(fit(data.take(rows.train)).score(unseen.inputs, unseen.targets))


def draw(path: Path, model: Pipeline, unseen: Dataset, answers: Array) -> None:
    """Answers over true values, and the coefficients."""
    figure, (left, right) = plots.panels(2)
    plots.against(left, answers[:, 0], unseen.targets, "progression")
    names = [feature.name for feature in unseen.features]
    plots.bars(right, names, model[-1].coef_, x="points per standard deviation")
    plots.save(figure, path)


def train(seed: int, out: Path) -> Artifact:
    """Train, check and write everything there is of the model; nothing in it is drawn by chance."""
    data = bundled.diabetes()
    rows = split.hold_out(data.targets)
    seen, unseen = data.take(rows.train), data.take(rows.held_out)

    model = fit(seen)
    others = evaluate.other_splits("r2", lambda rows: r2_on(data, rows), data.targets, splits=20)

    graph = convert(model)
    same = parity.check(graph, unseen.inputs.astype(np.float32), values(model, unseen.inputs))
    contents = tabular.regressor(seen, unseen, same.answers, lambda rows: values(model, rows))
    lesson = Lesson(
        source=data.source,
        rows=rows,
        framework=f"scikit-learn {sklearn.__version__}",
        method="ridge regression on standardised features",
        seed=seed,
        parity=same,
        notes={"penalty": round(float(model[-1].alpha_), 6), "other_splits": others},
    )
    written = artifact.write(out, MODEL, graph, contents, lesson)
    draw(out / "plots" / "held_out.png", model, unseen, same.answers)
    card.write(out, written.manifest, CARD)
    return written


if __name__ == "__main__":
    script.main(train, __file__)
