"""The Open Inference Protocol: metadata, readiness, tensors as JSON and as bytes."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from serving.types import Json
from tests import artifacts
from tests.unit.serving.conftest import Context, Model, proxy_event

ROW = {"name": "features", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}


def test_metadata_names_tensors_limits_and_schema(classifier: Model) -> None:
    document = classifier.http("/v2/models/tiny", method="GET").document
    assert document["name"] == "tiny"
    assert document["versions"] == ["3"]
    assert document["platform"] == "onnx_onnxv1"
    assert document["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, 3]}]
    assert document["outputs"][0]["shape"] == [-1, 2]
    assert document["parameters"]["limits"]["batch"] == 128
    assert document["parameters"]["instance_schema"]["oneOf"][0]["minItems"] == 3
    assert classifier.http("/v2/models/tiny/versions/3", method="GET").document == document


@pytest.mark.parametrize("path", ["/v2/models/tiny/ready", "/v2/models/tiny/versions/3/ready"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_loaded_model_is_ready(classifier: Model, path: str, method: str) -> None:
    answer = classifier.http(path, method=method)
    assert answer.status == 200
    assert answer.document["ready"] is answer.document["live"] is True


def test_infer_equals_predict(classifier: Model) -> None:
    document = classifier.infer(ROW, id="mine").document
    [prediction] = classifier.predict({"instances": [ROW["data"]]}).document["predictions"]
    [output] = document["outputs"]
    assert output["data"] == list(prediction["scores"].values())
    assert (output["name"], output["datatype"]) == ("probabilities", "FP32")
    assert output["shape"] == [1, 2]
    assert (document["model_name"], document["model_version"]) == ("tiny", "3")
    assert document["id"] == "mine"


def test_the_answers_parameters_say_what_it_cost(classifier: Model) -> None:
    parameters = classifier.infer(ROW).document["parameters"]
    assert parameters["cost_usd"] > 0
    assert parameters["cold"] is True
    assert all(isinstance(value, str | float | bool) for value in parameters.values())


def test_without_an_id_the_request_has_its_own(classifier: Model) -> None:
    assert classifier.infer(ROW).document["id"] == "request-1"
    assert classifier.infer(ROW, id=None).document["id"] == "request-1"


def test_nested_data_equals_flat_data(classifier: Model) -> None:
    flat = {**ROW, "shape": [2, 3], "data": [1, 2, 3, 4, 5, 6]}
    nested = {**flat, "data": [[1, 2, 3], [4, 5, 6]]}
    outputs = [classifier.infer(tensor).document["outputs"] for tensor in (flat, nested)]
    assert outputs[0] == outputs[1]


def test_requested_outputs_are_given(classifier: Model) -> None:
    for wanted in ([{"name": "probabilities"}], []):
        [output] = classifier.infer(ROW, outputs=wanted).document["outputs"]
        assert output["name"] == "probabilities"


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("FP32", [1.5, -2.0]),
        ("FP16", [0.5, 1024.0]),
        ("INT64", [2**62, -1]),
        ("UINT8", [0, 255]),
        ("BOOL", [True, False]),
        ("BYTES", ["grüße", ""]),
    ],
)
def test_every_datatype_goes_in_and_out(
    serve: Callable[..., Model], datatype: str, data: list[Json]
) -> None:
    model = serve(artifacts.identity, datatype)
    answer = model.infer({"name": "x", "shape": [1, 2], "datatype": datatype, "data": data})
    assert answer.status == 200, answer.document
    assert answer.document["outputs"][0]["data"] == data


@pytest.mark.parametrize(
    ("datatype", "data", "part"),
    [
        ("INT64", [1.5, 2], "holds 1.5, expected whole numbers"),
        ("INT64", [2**63, 0], "INT64 cannot hold"),
        ("UINT8", [256, 0], "UINT8 cannot hold"),
        ("UINT8", [-1, 0], "UINT8 cannot hold"),
        ("BOOL", [1, 0], "holds 1, expected true or false"),
        ("BYTES", [1, 2], "holds 1, expected strings"),
        ("FP16", [1e6, 0], "not finite"),
    ],
)
def test_values_that_do_not_fit_are_a_422(
    serve: Callable[..., Model], datatype: str, data: list[Json], part: str
) -> None:
    tensor = {"name": "x", "shape": [1, 2], "datatype": datatype, "data": data}
    answer = serve(artifacts.identity, datatype).infer(tensor)
    assert answer.status == 422
    assert part in answer.document["error"]


def binary_call(
    model: Model, document: Json, buffers: bytes, length: str | None = None
) -> dict[str, Any]:
    header = json.dumps(document).encode()
    reply: dict[str, Any] = model.handler(
        proxy_event(
            "/v2/models/tiny/infer",
            header + buffers,
            media_type="application/octet-stream",
            headers={"Inference-Header-Content-Length": length or str(len(header))},
        ),
        Context(),
    )
    return reply


def binary_input(datatype: str, buffers: bytes, size: Json = None) -> Json:
    parameters = {"binary_data_size": len(buffers) if size is None else size}
    return {"name": "x", "shape": [1, 2], "datatype": datatype, "parameters": parameters}


def packed(*texts: str) -> bytes:
    return b"".join(len(t.encode()).to_bytes(4, "little") + t.encode() for t in texts)


@pytest.mark.parametrize(
    ("datatype", "buffers", "data"),
    [
        ("FP32", np.array([1.5, -2], dtype="<f4").tobytes(), [1.5, -2.0]),
        ("FP16", np.array([1.5, -2], dtype="<f2").tobytes(), [1.5, -2.0]),
        ("INT64", np.array([7, -7], dtype="<i8").tobytes(), [7, -7]),
        ("BYTES", packed("grüße", ""), ["grüße", ""]),
    ],
)
def test_binary_tensors_go_in_and_out(
    serve: Callable[..., Model], datatype: str, buffers: bytes, data: list[Json]
) -> None:
    from base64 import b64decode

    model = serve(artifacts.identity, datatype)
    document = {"inputs": [binary_input(datatype, buffers)]}
    as_json = binary_call(model, document, buffers)
    assert json.loads(as_json["body"])["outputs"][0]["data"] == data
    document["parameters"] = {"binary_data_output": True}
    reply = binary_call(model, document, buffers)
    raw = b64decode(reply["body"])
    length = int(reply["headers"]["inference-header-content-length"])
    output = json.loads(raw[:length])["outputs"][0]
    assert raw[length:] == buffers
    assert output["parameters"] == {"binary_data_size": len(buffers)}
    document["outputs"] = [{"name": "y", "parameters": {"binary_data": False}}]
    own_choice = json.loads(binary_call(model, document, buffers)["body"])
    assert own_choice["outputs"][0]["data"] == data


def test_a_number_is_no_tensors_name(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.identity, "FP32", "0")
    tensor = {"shape": [1, 2], "datatype": "FP32", "data": [1, 2]}
    assert model.infer({"name": "0", **tensor}).status == 200
    for names in ([0], [], ["0", "0"], [["0"]]):
        answer = model.infer(*({"name": name, **tensor} for name in names))
        assert answer.status == 422
        assert "expected '0'" in answer.document["error"]


TWO = np.zeros(2, dtype="<f4").tobytes()


@pytest.mark.parametrize(
    ("datatype", "size", "buffers", "length", "status", "part"),
    [
        ("FP32", None, TWO, "x", 400, "inference-header-content-length is 'x'"),
        ("FP32", None, TWO, "99999", 400, "expected at most"),
        ("FP32", None, TWO, "-1", 400, "expected at most"),
        ("FP32", None, TWO, "9" * 5000, 400, "expected at most"),
        ("FP32", 7, TWO[:7], None, 422, "expected a multiple of 4"),
        ("FP32", 12, TWO, None, 422, "expected at most 8"),
        ("FP32", 8, TWO + b"more", None, 422, "4 bytes more"),
        ("FP32", 4, TWO[:4], None, 422, "has 1 values, expected 2"),
        ("FP32", "8", TWO, None, 422, "binary_data_size '8'"),
        ("FP32", None, np.array([np.nan, 0], "<f4").tobytes(), None, 422, "not finite"),
        ("BYTES", None, packed("a")[:-1] + b"", None, 422, "longer than the data"),
        ("BYTES", None, b"\x01\x00\x00\x00\xff", None, 422, "not UTF-8"),
    ],
)
def test_broken_binary_tensors_are_refused(
    serve: Callable[..., Model],
    datatype: str,
    size: Json,
    buffers: bytes,
    length: str | None,
    status: int,
    part: str,
) -> None:
    model = serve(artifacts.identity, datatype)
    document = {"inputs": [binary_input(datatype, buffers, size)]}
    reply = binary_call(model, document, buffers, length)
    assert reply["statusCode"] == status
    assert part in json.loads(reply["body"])["error"]


def test_a_graph_that_cannot_run_is_a_422(serve: Callable[..., Model]) -> None:
    answer = serve(artifacts.picky).infer(
        {"name": "x", "shape": [3], "datatype": "FP32", "data": [1, 2, 3]}
    )
    assert answer.status == 422
    assert "inputs of shapes {'x': [3]}" in answer.document["error"]
