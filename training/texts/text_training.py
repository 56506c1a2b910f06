"""Train a bag-of-n-grams model: what `newsgroups`, `reviews_zh` and `imdb` do alike.

one = fit(plan, reader, seen, unseen, seed)
optimise(one)                                 measures the ladder
written = write(one, out, tables)             the artifact, checked through the HTTP door
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sklearn
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from serving.artifact import Artifact
from serving.types import Array, JsonObject
from training import artifact, parity
from training.artifact import Lesson
from training.datasets.dataset import Dataset
from training.door import Asked
from training.split import Split
from training.texts import bags, linear_texts, text_checks, text_lessons
from training.texts.linear_texts import Importance
from training.texts.text_reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one model chooses; `drawn` says where its held-out texts come from."""

    home: Path
    important: Importance
    slacks: Sequence[float]
    characters: int
    method: str
    drawn: str


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A machine in full precision, and the texts that it was trained on and not."""

    plan: Plan
    reader: Reader
    seen: Dataset
    unseen: Dataset
    seed: int
    matrix: csr_matrix
    exact: LinearSVC


def fit(plan: Plan, reader: Reader, seen: Dataset, unseen: Dataset, seed: int) -> Trained:
    """The best slack by a tenth of the texts, the sharpness that they ask for, then all texts."""
    matrix = reader.matrix(seen.inputs)
    slack, beta = linear_texts.choose(matrix, seen.targets, plan.important, plan.slacks, seed)
    importance = plan.important(matrix, seen.targets)
    machine = linear_texts.fit(matrix, seen.targets, importance, slack, seed)
    exact = linear_texts.sharpened(machine, beta)
    return Trained(plan, reader, seen, unseen, seed, matrix, exact)


def optimise(one: Trained) -> None:
    """Measure the ladder and record it."""
    tables = text_lessons.variants(one.exact, one.matrix, one.seen.targets, one.plan.important)
    text_lessons.climb(one.plan.home, one.reader, one.exact, tables, one.unseen)


def write(one: Trained, out: Path, tables: dict[str, JsonObject]) -> tuple[Artifact, Array]:
    """Write the artifact in eight bits, checked over HTTP, and the answers to the unseen texts.

    `tables` are those that only this model has.
    """
    plan, reader, seen, unseen = one.plan, one.reader, one.seen, one.unseen
    table = bags.rounded(linear_texts.table(one.exact))
    machine = linear_texts.holding(one.exact, table)

    def answer(texts: Sequence[str]) -> Array:
        return linear_texts.answers(machine, reader.matrix(texts))

    answers, of_seen = answer(unseen.inputs), linear_texts.answers(machine, one.matrix)
    shown = np.linspace(0, len(unseen) - 1, text_checks.DOOR_TEXTS).astype(int)
    graph = bags.graph(plan.home.name, reader.bag, table)
    same = parity.check(graph, reader.ids(unseen.inputs[shown]), answers[shown])
    contents = text_lessons.contents(reader, machine, seen, unseen, answers, plan.characters)
    measured = {
        **tables,
        **text_checks.typo_table(answer, unseen),
        **text_checks.leakage_table(seen, unseen, of_seen, answers),
    }
    lesson = Lesson(
        source=seen.source,
        rows=Split(np.arange(len(seen)), np.arange(len(unseen))),
        drawn=plan.drawn,
        framework=f"scikit-learn {sklearn.__version__}",
        method=plan.method,
        seed=one.seed,
        parity=same,
        asked=Asked(len(shown), text_checks.MEDIA_TYPE),
        notes={"slack": one.exact.C, "tokens": reader.bag.tokens, "tables": measured},
    )
    written = artifact.write(out, plan.home.name, graph, contents, lesson)
    text_checks.require_same_at_the_door(written.folder, unseen.inputs[shown], answers[shown])
    return written, answers
