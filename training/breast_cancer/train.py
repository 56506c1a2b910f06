"""Train `breast_cancer`: a support vector machine with an RBF kernel, calibrated, by scikit-learn.

The graph is written by hand: of a calibrated SVC, skl2onnx 1.20 turns the probabilities round.
"""

from pathlib import Path

import numpy as np
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from serving.artifact import Artifact
from serving.types import Array, JsonObject
from training import artifact, card, evaluate, kernel_machine, parity, plots, script, split, tabular
from training.artifact import Lesson
from training.card import Card
from training.datasets import bundled
from training.datasets.dataset import Dataset
from training.export import DOUBLE, FLOAT, Graph
from training.split import Split

MODEL = Path(__file__).parent.name
CHOICES = {"svc__C": [0.3, 1, 3, 10, 30], "svc__gamma": [0.003, 0.01, 0.03, 0.1]}
FOLDS = 5

CARD = Card(
    summary=(
        "Whether a breast tumour is malignant or benign, from 30 measurements of cell nuclei in an "
        "image of a fine needle aspirate."
    ),
    method=(
        "Features are standardised inside the graph.\n"
        "C and gamma of a support vector machine with an RBF kernel are the best of 20 pairs in "
        f"{FOLDS}-fold cross-validation on the training rows.\n"
        "Its scores become probabilities by a sigmoid, fitted to the scores that rows get from "
        "machines trained without them (Platt's method).\n"
        "The kernel is computed in FP64 inside the graph."
    ),
    limits=(
        "A missed malignant tumour costs more than a false alarm; the label is the likelier class, "
        "so who screens should put a lower bound on the malignant probability instead.",
        "569 patients of one hospital before 1995, about two in five malignant: "
        "probabilities carry that share, no other population's.",
        "Measurements were made by one system; figures made in another way are another input.",
        "A demonstration of classification; no medical device, and no ground for a diagnosis.",
    ),
    plots={
        "held_out.png": "Left: how often a tumour was malignant over how probable that was said "
        "to be. Right: malignant tumours found over false alarms, at every threshold."
    },
)


def folds(seed: int) -> StratifiedKFold:
    """Folds with the same share of each class, drawn by the seed."""
    return StratifiedKFold(FOLDS, shuffle=True, random_state=seed)


def choose(seen: Dataset, seed: int) -> JsonObject:
    """The best C and gamma in cross-validation on the training rows."""
    search = GridSearchCV(make_pipeline(StandardScaler(), SVC()), CHOICES, cv=folds(seed))
    return dict(search.fit(seen.inputs, seen.targets).best_params_)


def fit(seen: Dataset, chosen: JsonObject, seed: int) -> CalibratedClassifierCV:
    """One machine on all rows, calibrated on the folds' scores."""
    machine = make_pipeline(StandardScaler(), SVC()).set_params(**chosen)
    calibrated = CalibratedClassifierCV(machine, ensemble=False, cv=folds(seed))
    return calibrated.fit(seen.inputs, seen.targets)


def export(model: CalibratedClassifierCV, seen: Dataset) -> bytes:
    """The model as a graph, FP32 (N, 30) to FP32 (N, 2), FP64 between.

    scikit-learn's sigmoid is 1 / (1 + exp(a score + b)), the probability of the second class.
    """
    (fitted,) = model.calibrated_classifiers_
    scaler, svc = fitted.estimator
    (sigmoid,) = fitted.calibrators
    graph = Graph(MODEL)
    rows = graph.add("Cast", graph.input("features", "FP32", ("N", 30)), to=DOUBLE)
    centred = graph.add("Sub", rows, graph.constant("mean", scaler.mean_))
    standard = graph.add("Div", centred, graph.constant("scale", scaler.scale_))
    machine = kernel_machine.gather([svc], scaler.transform(seen.inputs), svc.gamma)
    score = kernel_machine.add_scores(graph, standard, machine)
    scaled = graph.add("Mul", score, graph.constant("sigmoid_a", np.array(sigmoid.a_)))
    exponent = graph.add("Add", scaled, graph.constant("sigmoid_b", np.array(sigmoid.b_)))
    first = graph.add("Sigmoid", exponent)
    second = graph.add("Sub", graph.constant("one", np.array(1.0)), first)
    both = graph.add("Concat", first, second, axis=1)
    graph.add("Cast", both, to=FLOAT, output="probabilities")
    graph.output("probabilities", "FP32", ("N", 2))
    return graph.finish()


def accuracy_on(data: Dataset, rows: Split, chosen: JsonObject, seed: int) -> float:
    """The held-out accuracy after training on another split."""
    unseen = data.take(rows.held_out)
    model = fit(data.take(rows.train), chosen, seed)
    return float(model.score(unseen.inputs, unseen.targets))


def draw(path: Path, unseen: Dataset, answers: Array) -> None:
    """Reliability, and the receiver operating characteristic."""
    figure, (left, right) = plots.panels(2)
    malignant = unseen.targets == 0
    plots.reliability(left, answers[:, 0], malignant, "malignant")
    plots.receiver(right, answers[:, 0], malignant, "malignant")
    plots.save(figure, path)


def train(seed: int, out: Path) -> Artifact:
    """Train, check and write everything there is of the model."""
    data = bundled.breast_cancer()
    rows = split.hold_out(data.targets)
    seen, unseen = data.take(rows.train), data.take(rows.held_out)

    chosen = choose(seen, seed)
    model = fit(seen, chosen, seed)
    others = evaluate.other_splits(
        "accuracy", lambda rows: accuracy_on(data, rows, chosen, seed), data.targets, splits=20
    )

    graph = export(model, seen)
    same = parity.check(graph, unseen.inputs.astype(np.float32), model.predict_proba(unseen.inputs))
    contents = tabular.classifier(seen, unseen, same.answers, model.predict_proba)
    lesson = Lesson(
        source=data.source,
        rows=rows,
        framework=f"scikit-learn {sklearn.__version__}",
        method="support vector machine with an RBF kernel, calibrated by a sigmoid",
        seed=seed,
        parity=same,
        notes={**chosen, "other_splits": others},
    )
    written = artifact.write(out, MODEL, graph, contents, lesson)
    draw(out / "plots" / "held_out.png", unseen, same.answers)
    card.write(out, written.manifest, CARD)
    return written


if __name__ == "__main__":
    script.main(train, __file__)
