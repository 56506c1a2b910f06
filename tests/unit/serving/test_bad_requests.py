"""Bad requests: an exact status and a message that names the thing; the worker stays fit."""

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from struct import pack
from zlib import crc32

import pytest
from PIL import Image

from serving.types import Json
from tests import artifacts
from tests.unit.serving.conftest import Model

PREDICT = "/v1/models/tiny/predict"
INFER = "/v2/models/tiny/infer"
GOOD = {"instances": [[1, 2, 3]]}


def instances(*rows: Json) -> Json:
    return {"instances": list(rows)}


def features(**changes: Json) -> Json:
    """An Open Inference request for one row, with changes to its only input."""
    tensor = {"name": "features", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3], **changes}
    return {"inputs": [{key: value for key, value in tensor.items() if value is not ...}]}


# what is sent to the native route as JSON -> status, part of the message
NATIVE = {
    "no body": (None, 400, "not JSON"),
    "empty": ("", 400, "not JSON"),
    "cut off": ('{"instances": [[1, 2', 400, "not JSON"),
    "two documents": ("{} {}", 400, "not JSON"),
    "single quotes": ("{'instances': []}", 400, "not JSON"),
    "not UTF-8": (b'{"instances": [["\xff"]]}', 400, "UTF-8"),
    "UTF-16": ('{"instances": []}'.encode("utf-16"), 400, "UTF-8"),
    "NaN": ('{"instances": [[1, 2, NaN]]}', 400, "NaN"),
    "Infinity": ('{"instances": [[1, 2, -Infinity]]}', 400, "Infinity"),
    "5,000 digits": ('{"instances": [[1, 2, ' + "9" * 5000 + "]]}", 400, "not JSON"),
    "33 levels of lists": ('{"instances": ' + "[" * 33 + "]" * 33 + "}", 400, "deeper than 32"),
    "100,000 levels": ("[" * 100_000, 400, "deeper than 32"),
    "objects in objects": ('{"a":' * 40 + "1" + "}" * 40, 400, "deeper than 32"),
    "brackets after a string": ('{"a": "\\"[", "b": ' + "[" * 40, 400, "deeper than 32"),
    "a list": ([[1, 2, 3]], 422, '{"instances": [...]}'),
    "a number": ("1", 422, '{"instances": [...]}'),
    "null": ("null", 422, '{"instances": [...]}'),
    "no instances": ({"inputs": []}, 422, '{"instances": [...]}'),
    "instances is an object": ({"instances": {"a": 1}}, 422, '{"instances": [...]}'),
    "an unknown key": ({**GOOD, "instance": 1}, 422, "'instance'"),
    "empty instances": (instances(), 422, "no instance"),
    "129 instances": (instances(*[[1, 2, 3]] * 129), 413, "at most 128"),
    "too few features": (instances([1, 2]), 422, "instance 0 has 2 features, expected 3"),
    "too many features": (instances([1, 2, 3], [1, 2, 3, 4]), 422, "instance 1 has 4 features"),
    "a string for a number": (instances([1, "2", 3]), 422, "'b' is '2', expected a number"),
    "a bool for a number": (instances([1, True, 3]), 422, "'b' is True, expected a number"),
    "null for a number": (instances([1, None, 3]), 422, "'b' is None, expected a number"),
    "a list for a number": (instances([1, [2], 3]), 422, "'b' is [2], expected a number"),
    "an instance that is a number": (instances(1), 422, "instance 0 is 1"),
    "an instance that is a string": (instances("1,2,3"), 422, "instance 0 is '1,2,3'"),
    "a missing feature": (instances({"a": 1, "b": 2}), 422, "0 lacks 'c', expected"),
    "an unknown feature": (
        instances({"a": 1, "b": 2, "c": 3, "d": 4}),
        422,
        "0 has unknown 'd', ex",
    ),
    "another feature": (instances({"a": 1, "b": 2, "d": 4}), 422, "lacks 'c' and has unknown 'd'"),
    "a float too large": (instances([1, 2, 1e300]), 422, "not finite"),
    "overflow in the text": ('{"instances": [[1, 2, 1e999]]}', 422, "not finite"),
    "an integer too large": (instances([1, 2, 10**400]), 422, "cannot hold"),
    "5 MB": ('{"instances": [[1, 2, 3]]}' + " " * 5_000_000, 413, "at most 4500000"),
}

# what is sent to the Open Inference route -> status, part of the message
OPEN_INFERENCE = {
    "not an object": ([], 422, "expected an object"),
    "no inputs": ({}, 422, "'inputs'"),
    "inputs is an object": ({"inputs": {}}, 422, "'inputs'"),
    "an input that is no object": ({"inputs": [1]}, 422, "'inputs'"),
    "no input": ({"inputs": []}, 422, "expected 'features'"),
    "another name": (features(name="x"), 422, "expected 'features'"),
    "a name that is a list": (features(name=["features"]), 422, "expected 'features'"),
    "an input twice": ({"inputs": features()["inputs"] * 2}, 422, "expected 'features'"),
    "no datatype": (features(datatype=...), 422, "expected FP32"),
    "another datatype": (features(datatype="FP64"), 422, "has datatype 'FP64', expected FP32"),
    "no shape": (features(shape=...), 422, "has shape None, expected [-1, 3]"),
    "another rank": (features(shape=[3]), 422, "has shape [3], expected [-1, 3]"),
    "another width": (features(shape=[1, 4]), 422, "has shape [1, 4], expected [-1, 3]"),
    "a negative size": (features(shape=[-1, 3]), 422, "has shape [-1, 3]"),
    "a size that is a string": (features(shape=["1", 3]), 422, "expected [-1, 3]"),
    "a size that is a bool": (features(shape=[True, 3]), 422, "expected [-1, 3]"),
    "an empty batch": (features(shape=[0, 3], data=[]), 422, "no instance"),
    "a huge batch": (features(shape=[10**12, 3]), 413, "at most 128"),
    "no data": (features(data=...), 422, "has no data"),
    "data that is a number": (features(data=1), 422, "expected a list"),
    "too little data": (features(data=[1, 2]), 422, "has 2 values, expected 3"),
    "too much data": (features(data=[1, 2, 3, 4]), 422, "has 4 values, expected 3"),
    "uneven data": (features(shape=[2, 3], data=[[1, 2, 3], [4, 5]]), 422, "nested unevenly"),
    "text among numbers": (features(data=[1, "2", 3]), 422, "holds '2', expected numbers"),
    "lists among numbers": (features(data=[1, [2], 3]), 422, "expected numbers"),
    "a number too large": (features(data=[1, 2, 1e300]), 422, "not finite"),
    "an unknown output": ({**features(), "outputs": [{"name": "x"}]}, 422, "output 'x' is unknown"),
    "outputs is a string": ({**features(), "outputs": "x"}, 422, "'outputs' is wrong"),
    "binary data that is not there": (
        features(data=..., parameters={"binary_data_size": 12}),
        422,
        "expected at most 0",
    ),
}

# method, path, media type -> status, part of the message
ROUTES = {
    "an unknown model": ("POST", "/v1/models/other/predict", 404, "'other'"),
    "a traversal for a name": ("POST", "/v1/models/../predict", 404, "'..'"),
    "a traversal, encoded": ("POST", "/v1/models/%2e%2e%2fetc/predict", 404, "etc"),
    "an unknown operation": ("POST", "/v1/models/tiny/destroy", 404, "no route"),
    "a path too long": ("POST", "/v1/models/tiny/predict/more", 404, "no route"),
    "the root": ("GET", "/", 404, "no route"),
    "an unknown version": ("POST", "/v2/models/tiny/versions/99/infer", 404, "'99'"),
    "an unknown Open Inference operation": ("POST", "/v2/models/tiny/load", 404, "no route"),
    "GET predict": ("GET", PREDICT, 405, "takes POST"),
    "DELETE predict": ("DELETE", PREDICT, 405, "takes POST"),
    "GET infer": ("GET", INFER, 405, "takes POST"),
    "POST metadata": ("POST", "/v2/models/tiny", 405, "takes GET"),
    "POST ready": ("POST", "/v2/models/tiny/ready", 405, "takes GET"),
}

# media type, body -> status, part of the message
RAW = {
    "an image for a table": ("image/png", b"\x89PNG", 415, "'image/png'"),
    "no such media type": ("application/xml", b"<a/>", 415, "multipart/form-data, text/csv"),
    "an empty form": ("multipart/form-data; boundary=x", b"--x--", 422, "no instance"),
    "CSV of nothing": ("text/csv", b"", 422, "no instance"),
    "CSV of a header": ("text/csv", b"a,b,c\n", 422, "no instance"),
    "CSV of a wrong header": ("text/csv", b"a,b,d\n1,2,3\n", 422, "header"),
    "CSV of words": ("text/csv", b"a,b,c\n1,two,3\n", 422, "'b' is 'two', expected a number"),
    "CSV of short rows": ("text/csv", b"1,2,3\n1,2\n", 422, "instance 1 has 2 features"),
    "CSV of Python's numbers": ("text/csv", b"1,2_0,3\n", 422, "is '2_0', expected a number"),
    "CSV of NaN": ("text/csv", b"1,2,nan\n", 422, "not finite"),
    "CSV that is not UTF-8": ("text/csv", b"\xff\xfe,1,2", 400, "not CSV"),
    "CSV with an open quote": ("text/csv", b'"1,2,3', 400, "not CSV"),
    "CSV of 129 rows": ("text/csv", b"1,2,3\n" * 129, 413, "at most 128"),
}


def refused(model: Model, status: int, part: str, **request: Json) -> None:
    """The request is refused so, and the next good one is answered."""
    answer = model.http(**request)
    assert answer.status == status, answer.document
    error = answer.document["error"]
    message = error if request["path"].startswith("/v2/") else error["message"]
    assert part in message
    assert "Traceback" not in str(answer.document)
    assert model.predict(GOOD).status == 200


@pytest.mark.parametrize(("body", "status", "part"), NATIVE.values(), ids=NATIVE)
def test_bad_native_request(classifier: Model, body: Json, status: int, part: str) -> None:
    refused(classifier, status, part, path=PREDICT, body=body)


@pytest.mark.parametrize(("body", "status", "part"), OPEN_INFERENCE.values(), ids=OPEN_INFERENCE)
def test_bad_open_inference_request(classifier: Model, body: Json, status: int, part: str) -> None:
    refused(classifier, status, part, path=INFER, body=body)


@pytest.mark.parametrize(("method", "path", "status", "part"), ROUTES.values(), ids=ROUTES)
def test_bad_route(classifier: Model, method: str, path: str, status: int, part: str) -> None:
    refused(classifier, status, part, path=path, method=method, body=GOOD)


@pytest.mark.parametrize(("media_type", "body", "status", "part"), RAW.values(), ids=RAW)
def test_bad_raw_request(
    classifier: Model, media_type: str, body: bytes, status: int, part: str
) -> None:
    refused(classifier, status, part, path=PREDICT, media_type=media_type, body=body)


def test_broken_base64_of_the_gateway_is_a_400(classifier: Model, context: Json) -> None:
    event = {"httpMethod": "POST", "path": PREDICT, "body": "?", "isBase64Encoded": True}
    assert classifier.handler(event, context)["statusCode"] == 400


def png(width: int, height: int, mode: str = "L") -> bytes:
    buffer = BytesIO()
    Image.new(mode, (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header states so many pixels."""
    file = png(1, 1)
    header = b"IHDR" + pack(">II", width, height) + file[24:29]
    return file[:12] + header + pack(">I", crc32(header)) + file[33:]


def gif() -> bytes:
    buffer = BytesIO()
    Image.new("L", (4, 4)).save(buffer, "GIF")
    return buffer.getvalue()


def encoded(*images: bytes) -> Json:
    return instances(*({"image": b64encode(image).decode()} for image in images))


IMAGES = {
    "no image": ("image/png", b"", 400, "no such signature"),
    "text": ("image/png", b"not an image", 400, "no such signature"),
    "a GIF": ("image/png", gif(), 400, "no such signature"),
    "half a PNG": ("image/png", png(64, 64)[:60], 400, "cannot be read"),
    "a bomb of 81 megapixels": ("image/png", png(9000, 9000, "1"), 413, "9000 x 9000"),
    "a bomb of 400 megapixels": ("image/png", bomb(20_000, 20_000), 413, "more than 25000000"),
    "too wide": ("image/png", png(8193, 1), 413, "8193 x 1"),
    "too many pixels": ("image/png", png(8000, 4000, "1"), 413, "25000000 pixels"),
    "no base64": ("application/json", instances({"image": "?"}), 422, "not base64"),
    "base64 that is a number": ("application/json", instances({"image": 1}), 422, "not base64"),
    "base64 beyond ASCII": ("application/json", instances({"image": "é"}), 422, "not base64"),
    "another key": ("application/json", instances({"url": "http://x"}), 422, "with 'image'"),
    "a string": ("application/json", instances("aGk="), 422, "with 'image'"),
    "base64 of text": ("application/json", encoded(b"text"), 400, "no such signature"),
    "too many pixels together": (
        "application/json",
        encoded(png(5000, 3000, "1"), png(5000, 3000, "1")),
        413,
        "25000000 pixels together",
    ),
    "two sizes": ("application/json", encoded(png(2, 2), png(3, 2)), 422, "2 x 2, 3 x 2"),
    "CSV for an image": ("text/csv", b"1,2,3", 415, "image/png, image/jpeg"),
}


@pytest.mark.parametrize(("media_type", "body", "status", "part"), IMAGES.values(), ids=IMAGES)
def test_bad_image(
    serve: Callable[..., Model], media_type: str, body: Json, status: int, part: str
) -> None:
    model = serve(artifacts.brightness)
    answer = model.predict(body, media_type)
    assert answer.status == status, answer.document
    assert part in answer.document["error"]["message"]
    assert model.predict(png(2, 2), "image/png").status == 200
