"""The Open Inference Protocol's REST specification and Triton's extensions, a test a sentence.

Read beside kserve/open-inference-protocol, `specification/protocol/inference_rest.md`, and
triton-inference-server/server, `docs/protocol/extension_*.md`.  What is said there of the server as
a whole is the catalog's: see `tests/unit/functions/test_catalog.py`.
"""

import json
from base64 import b64decode
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.types import Json, JsonObject
from tests import artifacts
from tests.unit.serving.conftest import Context, Model, handler_of, proxy_event

Serve = Callable[..., Model]
INFER = "/v2/models/tiny/infer"
ROW: JsonObject = {"name": "features", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Each model once for all tests here: none of them changes it."""

    @cache
    def build(make: Callable[..., Path], *args: str) -> Model:
        return Model(handler_of(make(tmp_path_factory.mktemp("model") / "artifact", *args)))

    return build


@pytest.fixture
def classifier(serve: Serve) -> Model:
    return serve(artifacts.classifier)


def fails(answer: Any, status: int) -> None:
    """An error has the one key `error`, a message."""
    assert answer.status == status
    assert list(answer.document) == ["error"]
    assert isinstance(answer.document["error"], str)


# Health


def test_a_ready_model_answers_its_name_and_that_it_is_ready(classifier: Model) -> None:
    answer = classifier.http("/v2/models/tiny/ready", method="GET")
    assert answer.status == 200
    assert (answer.document["name"], answer.document["ready"]) == ("tiny", True)


# Model metadata


def test_metadata_of_a_model_is_a_get_answered_by_a_200(classifier: Model) -> None:
    assert classifier.http("/v2/models/tiny", method="GET").status == 200


def test_the_version_in_the_address_is_optional(classifier: Model) -> None:
    for rest in ("", "/ready", "/config"):
        plain = classifier.http(f"/v2/models/tiny{rest}", method="GET")
        versioned = classifier.http(f"/v2/models/tiny/versions/3{rest}", method="GET")
        assert plain.document == versioned.document
    body = {"inputs": [ROW]}
    versioned = classifier.http("/v2/models/tiny/versions/3/infer", body)
    assert versioned.document["outputs"] == classifier.http(INFER, body).document["outputs"]


def test_metadata_has_name_versions_platform_inputs_and_outputs(classifier: Model) -> None:
    document = classifier.http("/v2/models/tiny", method="GET").document
    assert document["name"] == "tiny"
    assert all(isinstance(version, str) for version in document["versions"])
    project, _, form = document["platform"].partition("_")
    assert project
    assert form
    assert document["inputs"]
    assert document["outputs"]


def test_each_tensor_has_name_datatype_and_shape(classifier: Model) -> None:
    document = classifier.http("/v2/models/tiny", method="GET").document
    for tensor in (*document["inputs"], *document["outputs"]):
        assert set(tensor) == {"name", "datatype", "shape"}


def test_a_variable_dimension_is_minus_one(classifier: Model) -> None:
    document = classifier.http("/v2/models/tiny", method="GET").document
    assert document["inputs"][0]["shape"] == [-1, 3]


@pytest.mark.parametrize(
    "path", ["/v2/models/other", "/v2/models/tiny/versions/9", "/v2/models/tiny/nothing"]
)
def test_failed_metadata_has_an_http_error_and_the_error_object(
    classifier: Model, path: str
) -> None:
    fails(classifier.http(path, method="GET"), 404)


# Inference: the request


def test_inference_is_a_post(classifier: Model) -> None:
    fails(classifier.http(INFER, method="GET"), 405)


def test_an_id_that_was_sent_is_returned(classifier: Model) -> None:
    assert classifier.infer(ROW, id="42").document["id"] == "42"


def test_parameters_may_be_zero_or_more_of_any_kind(classifier: Model) -> None:
    parameters = {"mine": 42, "priority": 1, "sequence_id": "a", "sequence_start": True}
    tensor = {**ROW, "parameters": {"content_type": "np"}}
    wanted = [{"name": "probabilities", "parameters": {"mine": 1.5}}]
    for given in ({}, parameters):
        assert classifier.infer(tensor, parameters=given, outputs=wanted).status == 200


def test_without_outputs_all_are_returned(serve: Serve) -> None:
    model = serve(artifacts.persistence)
    context = {"name": "context", "shape": [1, 3, 2], "datatype": "FP32", "data": [1.0] * 6}
    names = [output["name"] for output in model.infer(context).document["outputs"]]
    assert names == ["mean", "quantiles"]


def test_only_requested_outputs_are_returned(serve: Serve) -> None:
    model = serve(artifacts.persistence)
    context = {"name": "context", "shape": [1, 3, 2], "datatype": "FP32", "data": [1.0] * 6}
    wanted = [{"name": "quantiles"}]
    names = [out["name"] for out in model.infer(context, outputs=wanted).document["outputs"]]
    assert names == ["quantiles"]


def test_shape_and_data_are_those_of_the_whole_batch(classifier: Model) -> None:
    batch = {**ROW, "shape": [2, 3], "data": [1, 2, 3, 3, 2, 1]}
    assert classifier.infer(batch).document["outputs"][0]["shape"] == [2, 2]
    fails(classifier.infer({**batch, "data": [1, 2, 3]}), 422)


@pytest.mark.parametrize("size", [-1, 1.5, "1", True, None])
def test_each_dimension_is_an_unsigned_integer(classifier: Model, size: Json) -> None:
    fails(classifier.infer({**ROW, "shape": [size, 3]}), 422)


@pytest.mark.parametrize("key", ["name", "shape", "datatype", "data"])
def test_an_input_needs_name_shape_datatype_and_data(classifier: Model, key: str) -> None:
    fails(classifier.infer({name: value for name, value in ROW.items() if name != key}), 422)


# Inference: the response


def test_a_response_has_the_specified_keys(classifier: Model) -> None:
    document = classifier.infer(ROW).document
    assert document["model_name"] == "tiny"
    assert document["model_version"] == "3"
    assert isinstance(document["id"], str)
    for output in document["outputs"]:
        assert {"name", "shape", "datatype", "data"} <= set(output)


def test_a_failed_inference_has_an_http_error_and_the_error_object(classifier: Model) -> None:
    fails(classifier.http(INFER, "{"), 400)


# Tensor data

VALUES: dict[str, list[Json]] = {
    "BOOL": [True, False],
    "UINT8": [0, 2**8 - 1],
    "UINT16": [0, 2**16 - 1],
    "UINT32": [0, 2**32 - 1],
    "UINT64": [0, 2**64 - 1],
    "INT8": [-(2**7), 2**7 - 1],
    "INT16": [-(2**15), 2**15 - 1],
    "INT32": [-(2**31), 2**31 - 1],
    "INT64": [-(2**63), 2**63 - 1],
    "FP16": [-0.5, 65504.0],
    "FP32": [-0.5, 2.0**127],
    "FP64": [-0.5, 2.0**1023],
    "BYTES": ["", "grüße 花"],
}
NUMPY = {
    "BOOL": "?",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}
each_datatype = pytest.mark.parametrize("datatype", list(VALUES))


def pair(datatype: str, **rest: Json) -> JsonObject:
    return {"name": "x", "shape": [1, 2], "datatype": datatype, **rest}


@each_datatype
def test_json_data_of_each_datatype_keeps_its_values(serve: Serve, datatype: str) -> None:
    model = serve(artifacts.identity, datatype)
    answer = model.infer(pair(datatype, data=VALUES[datatype]))
    assert answer.document["outputs"][0]["data"] == VALUES[datatype]
    assert answer.document["outputs"][0]["datatype"] == datatype


@each_datatype
def test_data_may_be_nested_as_the_shape_or_flat(serve: Serve, datatype: str) -> None:
    model = serve(artifacts.identity, datatype)
    nested = model.infer(pair(datatype, data=[VALUES[datatype]]))
    assert nested.document["outputs"][0]["data"] == VALUES[datatype]


def test_data_is_in_row_major_order(serve: Serve) -> None:
    model = serve(artifacts.identity, "INT64")
    tensor = {"name": "x", "shape": [2, 2], "datatype": "INT64", "data": [[1, 2], [3, 4]]}
    assert model.infer(tensor).document["outputs"][0]["data"] == [1, 2, 3, 4]


# Binary tensor data


def packed(datatype: str) -> bytes:
    """Little-endian elements in their own size; texts behind their length in 4 bytes."""
    values = VALUES[datatype]
    if datatype != "BYTES":
        return np.array(values, dtype=NUMPY[datatype]).tobytes()
    texts = [value.encode() for value in values]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def binary(model: Model, document: JsonObject, buffers: bytes = b"") -> tuple[JsonObject, bytes]:
    """The JSON of a reply and what follows it."""
    header = json.dumps(document).encode()
    headers = {"Inference-Header-Content-Length": str(len(header))} if buffers else {}
    event = proxy_event(INFER, header + buffers, "POST", "application/octet-stream", headers)
    reply = model.handler(event, Context())
    assert reply["statusCode"] == 200, reply["body"]
    raw = b64decode(reply["body"]) if reply["isBase64Encoded"] else reply["body"].encode()
    length = int(reply["headers"].get("inference-header-content-length", len(raw)))
    return json.loads(raw[:length]), raw[length:]


@each_datatype
def test_binary_data_in_equals_json_data_in(serve: Serve, datatype: str) -> None:
    raw = packed(datatype)
    tensor = pair(datatype, parameters={"binary_data_size": len(raw)})
    document, rest = binary(serve(artifacts.identity, datatype), {"inputs": [tensor]}, raw)
    assert document["outputs"][0]["data"] == VALUES[datatype]
    assert rest == b""


@each_datatype
def test_an_output_with_binary_data_follows_the_json(serve: Serve, datatype: str) -> None:
    wanted = [{"name": "y", "parameters": {"binary_data": True}}]
    question = {"inputs": [pair(datatype, data=VALUES[datatype])], "outputs": wanted}
    document, rest = binary(serve(artifacts.identity, datatype), question)
    assert rest == packed(datatype)
    [output] = document["outputs"]
    assert output["parameters"] == {"binary_data_size": len(rest)}
    assert "data" not in output


def test_binary_data_output_holds_for_all_outputs_that_do_not_say_otherwise(serve: Serve) -> None:
    model = serve(artifacts.persistence)
    context = {"name": "context", "shape": [1, 3, 2], "datatype": "FP32", "data": [1.0] * 6}
    question: JsonObject = {"inputs": [context], "parameters": {"binary_data_output": True}}
    document, rest = binary(model, question)
    sizes = [output["parameters"]["binary_data_size"] for output in document["outputs"]]
    assert sum(sizes) == len(rest) == 4 * (4 + 8)
    question["outputs"] = [
        {"name": "mean"},
        {"name": "quantiles", "parameters": {"binary_data": False}},
    ]
    document, rest = binary(model, question)
    assert ["data" in output for output in document["outputs"]] == [False, True]
    assert np.frombuffer(rest, "<f4").tolist() == [1.0] * 4


# Classification


def classes(model: Model, count: Json, *rows: list[float], **more: Json) -> JsonObject:
    tensor = {**ROW, "shape": [len(rows), 3], "data": list(rows)}
    wanted = [{"name": "probabilities", "parameters": {"classification": count, **more}}]
    document, rest = binary(model, {"inputs": [tensor], "outputs": wanted})
    return {**document["outputs"][0], "rest": rest}


def test_classification_gives_bytes_of_shape_batch_and_count(classifier: Model) -> None:
    output = classes(classifier, 1, [1, 2, 3], [0, -5, 0])
    assert (output["datatype"], output["shape"]) == ("BYTES", [2, 1])


def test_each_class_is_value_index_label_highest_first(classifier: Model) -> None:
    output = classes(classifier, 2, [1, 2, 3])
    parts = [text.split(":") for text in output["data"]]
    assert [part[1:] for part in parts] == [["1", "high"], ["0", "low"]]
    values = classifier.infer(ROW).document["outputs"][0]["data"]
    assert [np.float32(part[0]) for part in parts] == [np.float32(values[1]), np.float32(values[0])]


def test_of_equal_values_the_first_class_comes_first(classifier: Model) -> None:
    texts = classes(classifier, 2, [0, 0, 0])["data"]
    assert texts == ["0.5:0:low", "0.5:1:high"]


def test_without_labels_a_class_is_value_and_index(serve: Serve) -> None:
    wanted = [{"name": "y", "parameters": {"classification": 1}}]
    tensor = {"name": "x", "shape": [1, 2], "datatype": "INT64", "data": [3, 7]}
    answer = serve(artifacts.identity, "INT64").infer(tensor, outputs=wanted)
    assert answer.document["outputs"][0]["data"] == ["7:1"]


def test_more_classes_than_there_are_count_as_all(classifier: Model) -> None:
    assert classes(classifier, 9, [1, 2, 3])["shape"] == [1, 2]


def test_classes_come_as_binary_data_as_well(classifier: Model) -> None:
    output = classes(classifier, 1, [0, 0, 0], binary_data=True)
    assert output["rest"] == b"\x09\x00\x00\x000.5:0:low"


@pytest.mark.parametrize("count", [0, -1, "2", True, 1.5, None])
def test_a_count_of_classes_is_a_whole_number(classifier: Model, count: Json) -> None:
    wanted = [{"name": "probabilities", "parameters": {"classification": count}}]
    fails(classifier.infer(ROW, outputs=wanted), 422)


def test_texts_have_no_classes(serve: Serve) -> None:
    wanted = [{"name": "y", "parameters": {"classification": 1}}]
    model = serve(artifacts.identity, "BYTES")
    fails(model.infer(pair("BYTES", data=["a", "b"]), outputs=wanted), 422)


# Model configuration


def test_configuration_is_a_subset_of_tritons(classifier: Model) -> None:
    document = classifier.http("/v2/models/tiny/config", method="GET").document
    assert document["name"] == "tiny"
    assert document["backend"] == "onnxruntime"
    assert document["max_batch_size"] == 128
    assert document["input"] == [{"name": "features", "data_type": "TYPE_FP32", "dims": [3]}]
    assert document["output"] == [{"name": "probabilities", "data_type": "TYPE_FP32", "dims": [2]}]


def test_a_model_without_a_batch_has_batch_size_zero_and_all_dimensions(serve: Serve) -> None:
    document = serve(artifacts.endless).http("/v2/models/tiny/config", method="GET").document
    assert document["max_batch_size"] == 0
    assert document["input"] == [{"name": "n", "data_type": "TYPE_INT64", "dims": [1]}]


def test_strings_are_called_so_in_a_configuration(serve: Serve) -> None:
    model = serve(artifacts.identity, "BYTES")
    document = model.http("/v2/models/tiny/config", method="GET").document
    assert document["input"][0]["data_type"] == "TYPE_STRING"
