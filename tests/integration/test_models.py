"""Every model folder, found by discovery: ready, true to its manifest, right about its examples."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from infra import contents
from infra.local.cloud import LocalCloud
from serving import explain, folder, lock, manifest
from serving.manifest import Manifest
from tests.integration.fleet import ROOT, artifact
from training.release import examples

MODELS = [model.name for model in folder.discover(ROOT / "functions")]
Json = Any
Rows = NDArray[Any]

each_model = pytest.mark.parametrize("model", MODELS)


@pytest.fixture
def promised(model: str) -> Manifest:
    """The manifest of the model's artifact, if that is here."""
    _, missing = contents.functions(ROOT)
    if model in missing:
        pytest.skip(missing[model])
    return manifest.parse((artifact(model) / manifest.NAME).read_bytes())


@each_model
def test_model_is_ready(cloud: LocalCloud, model: str, promised: Manifest) -> None:
    version = lock.read(ROOT / "functions" / model).version
    for path in (f"/v2/models/{model}/ready", f"/v2/models/{model}/versions/{version}/ready"):
        assert cloud.http("GET", path).status == 200
    listed = {entry["name"]: entry for entry in cloud.http("GET", "/v2/models").json()["models"]}
    assert listed[promised.model]["ready"] is True
    assert cloud.http("GET", f"/v2/models/{model}/versions/999/ready").status == 404


@each_model
def test_metadata_fits_the_manifest(cloud: LocalCloud, model: str, promised: Manifest) -> None:
    found = cloud.http("GET", f"/v2/models/{model}").json()
    assert found["name"] == promised.model == model
    assert found["platform"] == "onnx_onnxv1"
    for side in ("inputs", "outputs"):
        expected = [
            (spec.name, spec.datatype, list(spec.shape)) for spec in getattr(promised, side)
        ]
        shown = [(spec["name"], spec["datatype"], spec["shape"]) for spec in found[side]]
        assert shown == expected


@each_model
def test_examples_come_true(cloud: LocalCloud, model: str, promised: Manifest) -> None:
    """The answers come from the training framework, so this is a check of parity as well."""
    raw = (artifact(model) / manifest.EXAMPLES).read_bytes()
    for example in examples.parse(raw, promised.model):
        reply = cloud.http("POST", example.path, example.body, example.headers)
        assert reply.status == 200, (example.name, reply.body)
        assert examples.differences(example.answer, reply.json(), example.name) == []


@each_model
def test_every_variant_answers_every_example(
    cloud: LocalCloud, model: str, promised: Manifest
) -> None:
    raw = (artifact(model) / manifest.EXAMPLES).read_bytes()
    asked = [e for e in examples.parse(raw, promised.model) if e.path.endswith("/predict")]
    for variant in promised.graphs:
        for example in asked:
            headers = {**example.headers, "x-variant": variant}
            reply = cloud.http("POST", example.path, example.body, headers)
            assert reply.status == 200, (variant, example.name, reply.body)
            assert reply.json()["variant"] == variant
    for example in asked[:1]:
        headers = {"content-type": example.media_type, "x-variant": "none"}
        reply = cloud.http("POST", example.path, example.body, headers)
        assert reply.status == 422
        said = reply.json()["error"]["message"]
        assert all(f"'{variant}'" in said for variant in promised.graphs)


@each_model
def test_both_protocols_give_the_same(cloud: LocalCloud, model: str, promised: Manifest) -> None:
    if promised.task not in AS_ROWS:
        pytest.skip(f"a request of task {promised.task} has no second form")
    instances = _native_instances(model, promised)
    predictions = _post(cloud, f"/v1/models/{model}/predict", {"instances": instances})
    (spec,) = promised.inputs
    rows = AS_ROWS[promised.task](promised, instances)
    tensor = {"name": spec.name, "datatype": spec.datatype, "shape": list(rows.shape)}
    tensor["data"] = rows.flatten().tolist()
    outputs = _post(cloud, f"/v2/models/{model}/infer", {"inputs": [tensor]})["outputs"]
    native = [_numbers(entry) for entry in predictions["predictions"]]
    assert np.allclose(np.ravel(native), outputs[0]["data"], rtol=1e-6, atol=1e-6)


@each_model
def test_direct_invoke_gives_the_same_as_http(
    cloud: LocalCloud, model: str, promised: Manifest
) -> None:
    document = {"instances": _native_instances(model, promised)}
    over_http = _post(cloud, f"/v1/models/{model}/predict", document)
    assert cloud.invoke(model, document)["predictions"] == over_http["predictions"]


@each_model
def test_attributions_add_up_to_what_is_served(
    cloud: LocalCloud, model: str, promised: Manifest
) -> None:
    raw = (artifact(model) / manifest.EXAMPLES).read_bytes()
    example = next(e for e in examples.parse(raw, promised.model) if e.path.endswith("/predict"))
    media_type = {"content-type": example.media_type}
    reply = cloud.http("POST", f"/v1/models/{model}/explain", example.body, media_type)
    if promised.task not in explain.TASKS:
        assert (reply.status, reply.json()["error"]["code"]) == (404, "not_found")
        return
    assert reply.status == 200, reply.body
    for prediction in reply.json()["predictions"]:
        found = prediction["attributions"]
        served = prediction["scores"][found["label"]] if "label" in found else prediction["value"]
        assert found["base"] + sum(_attributed(found)) == pytest.approx(served, abs=1e-5)


def _attributed(found: Json) -> list[float]:
    if "cells" in found:
        return [value for row in found["cells"] for value in row]
    if "features" in found:
        return list(found["features"].values())
    return [part["value"] for part in found.get("tokens") or found["segments"]]


def _native_instances(model: str, promised: Manifest) -> list[Json]:
    """The first request of the examples that is JSON in the native protocol."""
    raw = (artifact(model) / manifest.EXAMPLES).read_bytes()
    for example in examples.parse(raw, promised.model):
        if example.path.endswith("/predict") and example.media_type == "application/json":
            instances: list[Json] = json.loads(example.body)["instances"]
            return instances
    pytest.skip("no example is JSON in the native protocol")


def _post(cloud: LocalCloud, path: str, document: Json) -> Json:
    body = json.dumps(document).encode()
    reply = cloud.http("POST", path, body, {"content-type": "application/json"})
    assert reply.status == 200, reply.body
    return reply.json()


def _numbers(prediction: Json) -> list[float]:
    return list(prediction["scores"].values()) if "scores" in prediction else [prediction["value"]]


def _table(promised: Manifest, instances: list[Json]) -> Rows:
    names = [feature["name"] for feature in promised.details["features"]]
    return np.array(
        [[row[name] for name in names] if isinstance(row, dict) else row for row in instances]
    )


def _pixels(promised: Manifest, instances: list[Json]) -> Rows:
    mode = {1: "L", 3: "RGB"}[promised.details["image"]["channels"]]
    images = [Image.open(io.BytesIO(base64.b64decode(row["image"]))) for row in instances]
    return np.stack([np.atleast_3d(np.asarray(image.convert(mode))) for image in images])


# task -> what makes the rows of the graph's one input of the instances of a native request.
AS_ROWS: dict[str, Callable[[Manifest, list[Json]], Rows]] = {
    "tabular_classification": _table,
    "tabular_regression": _table,
    "image_classification": _pixels,
}
