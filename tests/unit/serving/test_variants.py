"""Variants: a request picks one of an artifact's graphs, and the answer says which it was."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from serving import artifact, manifest
from serving.errors import ArtifactError
from serving.service import Service
from serving.types import Json
from tests import artifacts
from tests.unit.serving.conftest import Model

ROW = [1.0, 2.0, 3.0]
OTHERS = {"int8": artifacts.linear(1, 0, 0), "pruned": artifacts.linear(0, 0, -1)}


def sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


HIGH = {"fp32": sigmoid(1 + 2 * 2 - 3), "int8": sigmoid(1), "pruned": sigmoid(-3)}


@pytest.fixture
def model(serve: Callable[..., Model]) -> Model:
    return serve(artifacts.classifier, others=OTHERS)


@pytest.mark.parametrize("variant", HIGH)
def test_each_variant_answers_when_it_is_asked(model: Model, variant: str) -> None:
    tensor = {"name": "features", "shape": [1, 3], "datatype": "FP32", "data": ROW}
    answers = [
        model.predict({"instances": [ROW], "variant": variant}),
        model.predict({"variant": variant, "instances": [ROW]}),
        model.http(
            "/v1/models/tiny/predict",
            "1,2,3",
            media_type="text/csv",
            headers={"X-Variant": variant},
        ),
    ]
    for answer in answers:
        assert answer.document["variant"] == variant
        scores = answer.document["predictions"][0]["scores"]
        assert scores["high"] == pytest.approx(HIGH[variant], abs=1e-6)
    inferred = model.infer(tensor, parameters={"variant": variant}).document
    assert inferred["parameters"]["variant"] == variant
    assert inferred["outputs"][0]["data"][1] == pytest.approx(HIGH[variant], abs=1e-6)
    by_header = model.http(
        "/v2/models/tiny/infer", {"inputs": [tensor]}, headers={"x-variant": variant}
    )
    assert by_header.document["parameters"]["variant"] == variant


def test_who_asks_for_none_gets_the_default(model: Model) -> None:
    model.predict({"instances": [ROW], "variant": "int8"})
    assert model.predict({"instances": [ROW]}).document["variant"] == "fp32"


def test_the_body_goes_before_the_header(model: Model) -> None:
    body = {"instances": [ROW], "variant": "int8"}
    answer = model.http("/v1/models/tiny/predict", body, headers={"x-variant": "pruned"})
    assert answer.document["variant"] == "int8"


@pytest.mark.parametrize("variant", ["int4", 8, ["int8"], ""])
def test_an_unknown_variant_is_a_422_that_names_those_there_are(
    model: Model, variant: Json
) -> None:
    native = model.predict({"instances": [ROW], "variant": variant})
    tensor = {"name": "features", "shape": [1, 3], "datatype": "FP32", "data": ROW}
    inferred = model.infer(tensor, parameters={"variant": variant})
    expected = f"variant is {variant!r}, expected one of 'fp32', 'int8', 'pruned'"
    assert (native.status, native.document["error"]["message"]) == (422, expected)
    assert (inferred.status, inferred.document["error"]) == (422, expected)


def test_a_model_of_one_graph_has_that_variant_only(classifier: Model) -> None:
    assert classifier.predict({"instances": [ROW], "variant": "fp32"}).status == 200
    assert classifier.predict({"instances": [ROW], "variant": "int8"}).status == 422


def test_metadata_lists_what_to_choose_by(model: Model) -> None:
    parameters = model.http("/v2/models/tiny", method="GET").document["parameters"]
    assert parameters["variant"] == "fp32"
    assert parameters["variants"][1] == {
        "name": "int8",
        "default": False,
        "size_bytes": len(OTHERS["int8"]),
        "metrics": {"accuracy": 0.89},
        "latency_ms": 0.1,
    }


def test_a_session_is_made_once_and_only_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service.load(artifacts.classifier(tmp_path / "artifact", others=OTHERS))
    made: list[str] = []
    original = artifact.Artifact.graph

    def counted(self: artifact.Artifact, variant: str | None = None) -> bytes:
        made.append(variant or "default")
        return original(self, variant)

    monkeypatch.setattr(artifact.Artifact, "graph", counted)
    assert service.choose(None) is service
    assert service.choose("fp32") is service
    assert not made
    assert service.choose("int8") is service.choose("int8")
    assert made == ["int8"]


def test_a_changed_variant_is_refused_when_it_is_asked_for(tmp_path: Path) -> None:
    folder = artifacts.classifier(tmp_path / "artifact", others=OTHERS)
    digest = artifact.load(folder).digest
    (folder / "model.int8.onnx").write_bytes(artifacts.linear(9, 9, 9))
    service = Service.load(folder, digest=digest)
    assert service.predict([ROW])[0]["label"] == "high"
    with pytest.raises(ArtifactError, match=r"model\.int8\.onnx has SHA-256"):
        service.choose("int8")
    with pytest.raises(ArtifactError, match=r"model\.int8\.onnx has SHA-256"):
        artifact.load_whole(folder, digest)


def test_a_manifest_with_variants_is_rendered_as_it_was_read(tmp_path: Path) -> None:
    folder = artifacts.classifier(tmp_path / "artifact", others=OTHERS)
    raw = (folder / manifest.NAME).read_bytes()
    assert manifest.render(manifest.parse(raw)) == raw
