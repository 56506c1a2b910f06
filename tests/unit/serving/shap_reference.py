"""What the `shap` package says of the models that explanations are held against.

Python 3.11 has no `shap` that works with our numpy, so what it says is recorded in
`shap_values.json`; `python -m tests.unit.serving.shap_reference` on a later Python writes it, and
`test_shap.py` checks there that the record is true.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serving.service import Service
from serving.types import Array
from tests.artifacts import bent_surface

ROOT = Path(__file__).parents[3]
RECORD = Path(__file__).with_name("shap_values.json")


@dataclass(frozen=True, slots=True)
class Case:
    """A row of a model, and the one that it is compared with."""

    folder: Path
    row: list[float]
    reference: list[float]


def cases(scratch: Path) -> dict[str, Case]:
    """Released models by rows of their own, and a graph of 12 features that all interact."""
    generator = np.random.default_rng(12)
    bent = bent_surface(scratch / "bent")
    some = generator.normal(size=(2, 12)).astype(np.float32).tolist()
    found = {"bent": Case(bent, some[0], some[1])}
    for name in ("iris", "diabetes", "linear_demo"):
        first, second = _rows(name)[:2]
        found[name] = Case(_artifact(name), first, second)
    # of 30 features 12 differ, so that the enumeration is whole
    first, second = _rows("breast_cancer")[:2]
    mixed = [
        a if index % 5 < 3 else b for index, (a, b) in enumerate(zip(first, second, strict=True))
    ]
    found["breast_cancer"] = Case(_artifact("breast_cancer"), first, mixed)
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


def _artifact(name: str) -> Path:
    return ROOT / "training" / name / "artifact"


def _rows(name: str) -> list[Any]:
    examples = json.loads((_artifact(name) / "examples.json").read_bytes())["examples"]
    [three] = [each for each in examples if each["name"] == "three_rows"]
    found: list[Any] = three["body"]["instances"]
    return found


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        record = {name: values(case) for name, case in cases(Path(folder)).items()}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
