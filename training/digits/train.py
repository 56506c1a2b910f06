"""Train `digits`: which digit an image shows, by ten support vector machines in scikit-learn.

An image of any size comes in as bytes of grey; making it the 8 x 8 cells that the machines compare
is part of the graph, see `training.digits.cells`.
"""

from pathlib import Path

import numpy as np
import sklearn
from PIL import Image
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC

from serving.artifact import Artifact
from serving.types import Array
from training import (
    artifact,
    baseline,
    card,
    evaluate,
    kernel_machine,
    parity,
    plots,
    sample_requests,
    script,
    split,
)
from training.artifact import Contents, Lesson
from training.card import Card
from training.datasets import bundled
from training.datasets.dataset import Dataset
from training.digits.cells import SIDE, add_cells, cells
from training.export import DOUBLE, FLOAT, Graph
from training.split import Split

MODEL = Path(__file__).parent.name
SLACK = 10.0  # between 3 and 30 it makes no difference in cross-validation
GAMMAS = (0.1, 0.2, 0.3, 0.5)
FOLDS = 5
AS_IN_THE_DATA = "8 x 8, as in the data"

CARD = Card(
    summary=(
        "Which handwritten digit an image shows: PNG or JPEG, of any size, light on dark or dark "
        "on light.\n"
        "An image model that trains in seconds from data that need no download."
    ),
    method=(
        "The graph itself finds the ink, light or dark, and the square around it, and averages "
        f"that into {SIDE} x {SIDE} cells, as the data were made.\n"
        "Ten support vector machines with an RBF kernel, a digit against the rest each, are fitted "
        f"to the cells; their gamma is the best of {len(GAMMAS)} in {FOLDS}-fold cross-validation "
        "on the training rows.\n"
        "Their scores become probabilities by softmax, after division by a temperature that is "
        "fitted to the scores that rows get from machines trained without them.\n"
        "The kernel is computed in FP64 inside the graph."
    ),
    limits=(
        "One digit to an image; whatever else is drawn there counts as part of it.",
        "It knows only digits: a letter or a face is called a digit too; "
        "the scores of an empty sheet are all low.",
        "The digit must be upright and fill an eighth of the image's height at least; "
        "stretching it costs accuracy, as the plot shows.",
        "43 people wrote these digits on forms, before 1998: "
        "other hands, and other ways of writing 1 and 7, are not in the data.",
    ),
    plots={
        "held_out.png": "Left: which digit was taken for which. Middle: every mistake, "
        "true digit and answer. Right: accuracy on held-out digits when they come otherwise."
    },
)


def folds(seed: int) -> StratifiedKFold:
    """Folds with the same share of each digit, drawn by the seed."""
    return StratifiedKFold(FOLDS, shuffle=True, random_state=seed)


def machines(gamma: float = GAMMAS[0]) -> OneVsRestClassifier:
    """A machine a digit."""
    return OneVsRestClassifier(SVC(C=SLACK, gamma=gamma))


def choose(seen: Dataset, seed: int) -> float:
    """The best gamma in cross-validation on the training rows."""
    search = GridSearchCV(machines(), {"estimator__gamma": GAMMAS}, cv=folds(seed), refit=False)
    return float(search.fit(cells(seen.inputs), seen.targets).best_params_["estimator__gamma"])


def fit(seen: Dataset, gamma: float, seed: int) -> CalibratedClassifierCV:
    """The machines on all rows, their temperature from the folds' scores."""
    calibrated = CalibratedClassifierCV(
        machines(gamma), method="temperature", ensemble=False, cv=folds(seed)
    )
    return calibrated.fit(cells(seen.inputs), seen.targets)


def export(model: CalibratedClassifierCV, seen: Dataset, gamma: float) -> bytes:
    """The model as a graph, UINT8 (N, H, W, 1) to FP32 (N, 10)."""
    (fitted,) = model.calibrated_classifiers_
    (temperature,) = fitted.calibrators
    graph = Graph(MODEL)
    rows = add_cells(graph, graph.input("image", "UINT8", ("N", "H", "W", 1)))
    machine = kernel_machine.gather(fitted.estimator.estimators_, cells(seen.inputs), gamma)
    scores = kernel_machine.add_scores(graph, graph.add("Cast", rows, to=DOUBLE), machine)
    beta = graph.constant("beta", np.array(temperature.beta_))
    probabilities = graph.add("Softmax", graph.add("Mul", scores, beta), axis=-1)
    graph.add("Cast", probabilities, to=FLOAT, output="probabilities")
    graph.output("probabilities", "FP32", ("N", 10))
    return graph.finish()


def enlarge(images: Array, height: int, width: int) -> Array:
    """The images as a scan of another size would show them, smoothed by bicubic filtering."""
    scans = [Image.fromarray(image[..., 0]).resize((width, height)) for image in images]
    return np.stack([np.asarray(scan) for scan in scans])[..., np.newaxis]


def variants(images: Array) -> dict[str, Array]:
    """The images as callers may send them."""
    scans = enlarge(images, 64, 64)
    grain = np.random.default_rng(0).normal(0, 4, (len(images), 128, 96, 1))
    paper = np.pad(255 - scans, ((0, 0), (32, 32), (16, 16), (0, 0)), constant_values=255)
    return {
        AS_IN_THE_DATA: images,
        "28 x 28": enlarge(images, 28, 28),
        "100 x 100": enlarge(images, 100, 100),
        "dark on light": 255 - scans,
        "20 x 20 amid 28 x 28": np.pad(enlarge(images, 20, 20), ((0, 0), (4, 4), (4, 4), (0, 0))),
        "small, in a corner": np.pad(scans, ((0, 0), (96, 0), (0, 64), (0, 0))),
        "pale, on grainy paper": (150 + paper * 0.3 + grain).clip(0, 255).astype(np.uint8),
        "stretched 3 : 2": enlarge(images, 96, 64),
    }


def accuracy_on(data: Dataset, rows: Split, gamma: float) -> float:
    """The held-out accuracy after training on another split; a temperature moves no label."""
    seen, unseen = data.take(rows.train), data.take(rows.held_out)
    fitted = machines(gamma).fit(cells(seen.inputs), seen.targets)
    return float(fitted.score(cells(unseen.inputs), unseen.targets))


def describe(
    model: CalibratedClassifierCV, seen: Dataset, unseen: Dataset, answers: Array
) -> Contents:
    """What the artifact says beside the graph."""
    shown = unseen.take(sample_requests.spread(unseen.targets, 6)).inputs
    scans = enlarge(shown, 64, 64)
    named = [
        ("png_of_8_by_8", shown[0]),
        ("png_of_another_size", scans[1]),
        ("png_dark_on_light", 255 - scans[2]),
        ("png_in_a_corner", np.pad(scans[3], ((60, 0), (0, 60), (0, 0)))),
    ]
    labels = seen.labels
    return Contents(
        task="image_classification",
        details={"labels": list(labels), "image": {"channels": 1}},
        figures=evaluate.classification(answers, unseen.targets, labels),
        examples=sample_requests.pictures(
            named,
            shown[4:6],
            lambda images: sample_requests.classified(model.predict_proba(cells(images)), labels),
        ),
        baseline=baseline.classification(baseline.image_features(seen.inputs), answers, labels),
    )


def share(answers: Array, targets: Array) -> float:
    """The accuracy of probabilities (N, C)."""
    return round(float((answers.argmax(axis=1) == targets).mean()), 6)


def draw(path: Path, unseen: Dataset, answers: Array, accuracy: dict[str, float]) -> None:
    """What was taken for what, the mistakes, and how the model takes other images."""
    figure, (left, middle, right) = plots.panels(3)
    winners = answers.argmax(axis=1)
    plots.confusion(left, winners, unseen.targets, unseen.labels)
    wrong = np.flatnonzero(winners != unseen.targets)
    captions = [f"{unseen.targets[row]} taken for {winners[row]}" for row in wrong]
    plots.gallery(middle, unseen.inputs[wrong, ..., 0], captions, columns=2)
    plots.bars(right, list(accuracy), np.array(list(accuracy.values())), x="accuracy")
    plots.save(figure, path)


def train(seed: int, out: Path) -> Artifact:
    """Train, check and write everything there is of the model."""
    data = bundled.digits()
    rows = split.hold_out(data.targets)
    seen, unseen = data.take(rows.train), data.take(rows.held_out)

    gamma = choose(seen, seed)
    model = fit(seen, gamma, seed)
    others = evaluate.other_splits(
        "accuracy", lambda rows: accuracy_on(data, rows, gamma), data.targets, splits=5
    )

    graph = export(model, seen, gamma)
    compared = {
        name: parity.check(graph, images, model.predict_proba(cells(images)))
        for name, images in variants(unseen.inputs).items()
    }
    same = compared[AS_IN_THE_DATA]
    accuracy = {name: share(one.answers, unseen.targets) for name, one in compared.items()}
    contents = describe(model, seen, unseen, same.answers)
    lesson = Lesson(
        source=data.source,
        rows=rows,
        framework=f"scikit-learn {sklearn.__version__}",
        method="ten RBF support vector machines on 8 x 8 cells of ink, calibrated by a temperature",
        seed=seed,
        parity=same,
        notes={"C": SLACK, "gamma": gamma, "other_splits": others, "accuracy_when": accuracy},
    )
    written = artifact.write(out, MODEL, graph, contents, lesson)
    draw(out / "plots" / "held_out.png", unseen, same.answers, accuracy)
    card.write(out, written.manifest, CARD)
    return written


if __name__ == "__main__":
    script.main(train, __file__)
