"""What the artifacts and cards of all bag-of-n-grams models say alike."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from serving.types import Array, JsonObject
from training import baseline, beside, evaluate, plots, sample_requests
from training.artifact import Contents
from training.datasets.dataset import Dataset
from training.networks import ladder
from training.networks.ladder import Candidate
from training.sample_requests import Answered
from training.texts import bags, linear_texts
from training.texts.bags import Table
from training.texts.linear_texts import Importance
from training.texts.text_reader import Reader

SHIPPED = "int8"
_KEPT = {"pruned": 0.5, "distilled": 0.2}
_EIGHT = 8


def variants(
    machine: LinearSVC, matrix: csr_matrix, targets: Array, important: Importance
) -> dict[str, Table]:
    """The tables of the ladder: all weights; rounded; half the features, fitted anew; a pupil.

    The pupil has a fifth of the features and learns the scores of the first from the texts.
    """
    exact = linear_texts.table(machine)
    half = linear_texts.heaviest(machine, _KEPT["pruned"])
    refitted = linear_texts.refit(machine, linear_texts.only(matrix, half), targets, important)
    fifth = linear_texts.heaviest(machine, _KEPT["distilled"])
    pupil = linear_texts.distil(machine, matrix, fifth, important(matrix, targets))
    return {
        ladder.FULL: exact,
        SHIPPED: bags.rounded(exact),
        "pruned": bags.rounded(bags.pruned(linear_texts.table(refitted), half)),
        "distilled": bags.rounded(bags.pruned(linear_texts.table(pupil), fifth)),
    }


def climb(
    folder: Path, reader: Reader, machine: LinearSVC, tables: dict[str, Table], unseen: Dataset
) -> None:
    """Measure the tables on the unseen texts and record the ladder."""
    matrix = reader.matrix(unseen.inputs)
    one, eight = ({"input_ids": reader.ids(unseen.inputs[:rows])} for rows in (1, _EIGHT))
    candidates = []
    for name, table in tables.items():
        answers = linear_texts.answers(linear_texts.holding(machine, table), matrix)
        score = evaluate.accuracy(answers, unseen.targets)
        graph = bags.graph(folder.name, reader.bag, table)
        candidates.append(Candidate(name, graph, score))
    ladder.climb(folder, candidates, (one, eight), "accuracy")


def contents(
    reader: Reader,
    machine: LinearSVC,
    seen: Dataset,
    unseen: Dataset,
    answers: Array,
    characters: int,
) -> Contents:
    """What an artifact says beside the graph; answers (N, C) are those to the unseen texts."""
    labels = seen.labels
    return Contents(
        task="text_classification",
        details={"labels": list(labels), "text": {"max_tokens": reader.longest}},
        figures=evaluate.classification(answers, unseen.targets, labels),
        examples=_examples(reader, machine, unseen),
        baseline=baseline.classification(reader.features(seen.inputs), answers, labels),
        files=reader.files(),
        limits=reader.limits(characters),
        variant=SHIPPED,
    )


def draw_trust(axes: plots.Axes, answers: Array, targets: Array) -> None:
    """How often the answer is right over how probable it was said to be."""
    plots.reliability(axes, answers.max(axis=1), answers.argmax(axis=1) == targets, "the answer")


def draw_classes(path: Path, unseen: Dataset, answers: Array) -> None:
    """Which of two classes was taken for which, how they are told apart, how far to trust."""
    figure, (left, middle, right) = plots.panels(3)
    plots.confusion(left, answers.argmax(axis=1), unseen.targets, unseen.labels)
    plots.receiver(middle, answers[:, 1], unseen.targets == 1, unseen.labels[1])
    plots.reliability(right, answers[:, 1], unseen.targets == 1, unseen.labels[1])
    plots.save(figure, path)


def draw_records(folder: Path, place: Path) -> None:
    """Draw what is recorded: the ladder, and how the references learned."""
    if (folder / ladder.NAME).exists():
        ladder.draw(folder, place / "ladder.png")
    if not (folder / beside.REFERENCES).exists():
        return
    references = json.loads((folder / beside.REFERENCES).read_text())
    figure, panels = plots.panels(len(references))
    for axes, (name, found) in zip(panels, references.items(), strict=True):
        named = {f"{name}, training": found["loss"], "validation": found["validation_loss"]}
        plots.curves(axes, named, x="epoch", y="loss")
    plots.save(figure, place / "reference.png")


def _examples(reader: Reader, machine: LinearSVC, unseen: Dataset) -> list[JsonObject]:
    def answer(texts: Sequence[str]) -> Answered:
        answers = linear_texts.answers(machine, reader.matrix(texts))
        return sample_requests.classified(answers, unseen.labels)

    named = _short_texts(reader, unseen)
    pair = [text for _, text in named[:2]]
    ids = [("input_ids", "INT64", reader.ids(pair))]
    return [*sample_requests.texts(named, answer), sample_requests.tensors(ids, answer(pair))]


def _short_texts(reader: Reader, unseen: Dataset) -> list[tuple[str, str]]:
    """A short held-out text of each of four classes at most, named by its class."""
    lengths = np.array([len(text) for text in unseen.inputs])
    chosen = np.linspace(0, len(unseen.labels) - 1, min(4, len(unseen.labels))).astype(int)
    named = []
    for label in chosen:
        rows = np.flatnonzero(unseen.targets == label)
        row = rows[np.argsort(lengths[rows], kind="stable")[len(rows) // 4]]
        named.append((_snake(unseen.labels[label]), str(unseen.inputs[row])))
    return named


def _snake(label: str) -> str:
    return label.replace(".", "_").replace("-", "_")
