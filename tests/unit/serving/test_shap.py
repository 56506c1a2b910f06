"""Explanations are those of the `shap` package, where both are exact."""

import json
from pathlib import Path

import pytest

from tests.unit.serving import shap_reference
from tests.unit.serving.conftest import Model, handler_of
from tests.unit.serving.shap_reference import Case

RECORD = json.loads(shap_reference.RECORD.read_bytes())
RELEASED = shap_reference.released()


def check(case: Case, expected: list[list[float]]) -> None:
    """Compare a case's attributions, label by label."""
    handler = handler_of(case.folder)
    manifest = handler.router.service.manifest
    labels = manifest.details.get("labels", [None])
    for label, values in zip(labels, expected, strict=True):
        body = {"instances": [case.row], "reference": case.reference, "label": label}
        answer = Model(handler).http(
            f"/v1/models/{manifest.model}/explain",
            {key: value for key, value in body.items() if value is not None},
        )
        assert answer.status == 200, answer.document
        found = answer.document["predictions"][0]["attributions"]
        assert found["method"] in ("exact", "linear")
        # 1e-6, of the score where that is no probability: the graphs answer in 32 bits
        tolerance = 1e-6 * max(1.0, abs(found["score"]))
        assert list(found["features"].values()) == pytest.approx(values, abs=tolerance)


@pytest.mark.parametrize("name", RECORD)
def test_attributions_are_those_of_shap(tmp_path: Path, name: str) -> None:
    check(shap_reference.cases(tmp_path)[name], RECORD[name])


@pytest.fixture
def _shap() -> None:
    pytest.importorskip("shap", reason="needs Python 3.12, for a shap that takes our numpy")


@pytest.mark.usefixtures("_shap")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", RECORD)
def test_the_record_is_what_shap_says(tmp_path: Path, name: str) -> None:
    values = shap_reference.values(shap_reference.cases(tmp_path)[name])
    for found, expected in zip(values, RECORD[name], strict=True):
        assert found == pytest.approx(expected, abs=1e-7)


@pytest.mark.usefixtures("_shap")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", RELEASED)
def test_released_models_are_explained_as_by_shap(name: str) -> None:
    check(RELEASED[name], shap_reference.values(RELEASED[name]))
