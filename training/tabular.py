"""What every tabular model puts into its artifact, whatever framework answers.

`seen` are the rows it was trained on, `unseen` those held out, `answers` the graph's to the latter;
`framework` answers any rows in their own units and gives the examples their answers.
"""

from collections.abc import Callable
from dataclasses import asdict

from serving.types import Array, JsonObject
from training import baseline, evaluate, sample_requests
from training.artifact import Contents
from training.datasets.dataset import Dataset
from training.sample_requests import Answered

Framework = Callable[[Array], Array]


def classifier(seen: Dataset, unseen: Dataset, answers: Array, framework: Framework) -> Contents:
    """The contents of a classifier's artifact; `framework` gives probabilities (N, C)."""
    labels = seen.labels
    examples = _examples(unseen, lambda rows: sample_requests.classified(framework(rows), labels))
    return Contents(
        task="tabular_classification",
        details={"features": seen.described_features(), "labels": list(labels)},
        figures=evaluate.classification(answers, unseen.targets, labels),
        examples=examples,
        baseline=baseline.classification(seen.columns(), answers, labels),
    )


def regressor(seen: Dataset, unseen: Dataset, answers: Array, framework: Framework) -> Contents:
    """The contents of a regression's artifact; `framework` gives values (N, 1)."""
    unit = seen.target.unit
    examples = _examples(unseen, lambda rows: sample_requests.valued(framework(rows), unit))
    return Contents(
        task="tabular_regression",
        details={"features": seen.described_features(), "target": asdict(seen.target)},
        figures=evaluate.regression(answers[:, 0], unseen.targets),
        examples=examples,
        baseline=baseline.regression(seen.columns(), answers[:, 0]),
    )


def _examples(unseen: Dataset, answer: Callable[[Array], Answered]) -> list[JsonObject]:
    shown = sample_requests.spread(unseen.targets, sample_requests.ROWS)
    names = [feature.name for feature in unseen.features]
    return sample_requests.tabular(names, unseen.inputs[shown], answer)
