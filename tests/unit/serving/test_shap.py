"""Explanations are those of the `shap` package, where both are exact."""

import json
from pathlib import Path

import pytest

from tests.unit.serving import shap_reference
from tests.unit.serving.conftest import Model, handler_of

RECORD = json.loads(shap_reference.RECORD.read_bytes())


@pytest.fixture
def case(name: str, tmp_path: Path) -> shap_reference.Case:
    return shap_reference.cases(tmp_path)[name]


@pytest.mark.parametrize("name", RECORD)
def test_attributions_are_those_of_shap(case: shap_reference.Case, name: str) -> None:
    handler = handler_of(case.folder)
    manifest = handler.router.service.manifest
    labels = manifest.details.get("labels", [None])
    for label, expected in zip(labels, RECORD[name], strict=True):
        body = {"instances": [case.row], "reference": case.reference, "label": label}
        answer = Model(handler).http(
            f"/v1/models/{manifest.model}/explain",
            {key: value for key, value in body.items() if value is not None},
        )
        assert answer.status == 200, answer.document
        found = answer.document["predictions"][0]["attributions"]
        assert found["method"] == ("exact" if label else "linear")
        # 1e-6, of the score where that is no probability: the graphs answer in 32 bits
        tolerance = 1e-6 * max(1.0, abs(found["score"]))
        assert list(found["features"].values()) == pytest.approx(expected, abs=tolerance)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", RECORD)
def test_the_record_is_what_shap_says(case: shap_reference.Case, name: str) -> None:
    pytest.importorskip("shap", reason="needs Python 3.12, for a shap that takes our numpy")
    for found, expected in zip(shap_reference.values(case), RECORD[name], strict=True):
        assert found == pytest.approx(expected, abs=1e-9)
