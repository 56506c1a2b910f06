"""What the `shap` package says of the models that explanations are held against.

Python 3.11 has no `shap` that works with our numpy, so what it says of graphs of ours is recorded
in `shap_values.json`; `python -m tests.unit.serving.shap_reference` on a later Python writes it.
Released models may change, so of them it is asked anew, where it runs.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serving.service import Service
from serving.types import Array
from tests import artifacts

ROOT = Path(__file__).parents[3]
RECORD = Path(__file__).with_name("shap_values.json")


@dataclass(frozen=True, slots=True)
class Case:
    """A row of a model, and the one that it is compared with."""

    folder: Path
    row: list[float]
    reference: list[float]


def cases(scratch: Path) -> dict[str, Case]:
    """Graphs of features that all interact, and of none that do: those on record."""
    generator = np.random.default_rng(12)

    def rows(features: int) -> list[list[float]]:
        found: list[list[float]] = generator.normal(size=(2, features)).astype(np.float32).tolist()
        return found

    wide, other = rows(30)
    # of 30 features 12 differ, so that the enumeration is whole
    mixed = [
        a if index % 5 < 3 else b for index, (a, b) in enumerate(zip(wide, other, strict=True))
    ]
    weights = generator.normal(size=(10, 1)).astype(np.float32)
    return {
        "bent": Case(artifacts.bent_surface(scratch / "bent"), *rows(12)),
        "wide": Case(artifacts.bent_surface(scratch / "wide", 30), wide, mixed),
        "weighted": Case(artifacts.weighted_sum(scratch / "weighted", weights), *rows(10)),
    }


def released() -> dict[str, Case]:
    """The tabular models of this repository, by two rows of their examples."""
    found = {}
    for path in sorted(ROOT.glob("training/*/artifact")):
        if json.loads((path / "manifest.json").read_bytes())["task"].startswith("tabular"):
            examples = json.loads((path / "examples.json").read_bytes())["examples"]
            [three] = [each for each in examples if each["name"] == "three_rows"]
            row, reference, _ = three["body"]["instances"]
            found[path.parent.name] = Case(path, row, _near(row, reference))
    return found


def values(case: Case) -> list[list[float]]:
    """Shapley values by `shap`'s exact explainer: a list for each label, or one for the value."""
    import shap

    service = Service.load(case.folder)
    (given,), (answer,) = service.manifest.inputs, service.manifest.outputs

    def model(rows: Array) -> Array:
        return service.infer({given.name: rows.astype(np.float32)})[answer.name].astype(np.float64)

    masker = shap.maskers.Independent(np.array([case.reference], dtype=np.float32))
    explained = shap.ExactExplainer(model, masker)(np.array([case.row], dtype=np.float32))
    found: list[list[float]] = explained.values[0].reshape(len(case.row), -1).T.tolist()
    return found


def _near(row: list[float], other: list[float]) -> list[float]:
    """The other row, where they differ in more than 12 features only in the first 12 of them."""
    return [*other[:12], *row[12:]]


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        record = {name: values(case) for name, case in cases(Path(folder)).items()}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
