"""Natural requests: the raw thing, lines, forms; CSV for an answer; compressed both ways."""

import csv
import gzip
import json
import tracemalloc
import zlib
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO, StringIO

import numpy as np
import pytest
from PIL import Image

from serving import encodings
from serving.errors import TooLarge
from serving.types import Json
from tests import artifacts
from tests.unit.serving.conftest import Context, Model, proxy_event

PREDICT = "/v1/models/tiny/predict"
BOUNDARY = "----x'y"
FORM = f'multipart/form-data; boundary="{BOUNDARY}"'


def send(model: Model, body: Json, media_type: str, **headers: str) -> tuple[int, bytes, Json]:
    """Status, body and headers of a reply; an underscore in a header's name is a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = model.handler(proxy_event(PREDICT, body, "POST", media_type, named), Context())
    raw = b64decode(reply["body"]) if reply["isBase64Encoded"] else reply["body"].encode()
    return reply["statusCode"], raw, reply["headers"]


def labels(model: Model, body: Json, media_type: str) -> list[str]:
    status, raw, _ = send(model, body, media_type)
    assert status == 200, raw
    return [prediction["label"] for prediction in json.loads(raw)["predictions"]]


def form(*parts: tuple[str, bytes]) -> bytes:
    """Parts, each a block of headers and a body, as a browser sends them."""
    pieces = [f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + body + b"\r\n" for head, body in parts]
    return b"".join([*pieces, f"--{BOUNDARY}--\r\n".encode()])


def file(name: str, body: bytes, media_type: str = "") -> tuple[str, bytes]:
    kind = f"\r\nContent-Type: {media_type}" if media_type else ""
    return f'Content-Disposition: form-data; name="file"; filename="{name}"{kind}', body


def png(level: int) -> bytes:
    buffer = BytesIO()
    Image.new("L", (4, 4), level).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("media_type", ["text/csv", "image/png", "text/plain"])
def test_a_model_of_tensors_says_where_it_is_asked(
    serve: Callable[..., Model], media_type: str
) -> None:
    status, raw, _ = send(serve(artifacts.identity, "FP32"), "1,2", media_type)
    told = json.loads(raw)["error"]["message"]
    assert (status, told) == (404, "model 'tiny' answers tensors: POST /v2/models/tiny/infer")


# Lines of JSON


@pytest.mark.parametrize("media_type", ["application/jsonl", "application/x-ndjson; charset=UTF-8"])
def test_each_line_of_json_is_an_instance(classifier: Model, media_type: str) -> None:
    lines = '[0, 5, 0]\n{"a": 0, "b": -5, "c": 0}\r\n\n[0, 5, 0]\n'
    assert labels(classifier, lines, media_type) == ["high", "low", "high"]


def test_a_broken_line_is_named(classifier: Model) -> None:
    status, raw, _ = send(classifier, "[0, 5, 0]\n[0,", "application/x-ndjson")
    assert status == 400
    assert json.loads(raw)["error"]["message"].startswith("line 2: body is not JSON")


# Forms


def test_the_files_of_a_form_are_instances_in_their_order(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.brightness)
    files = [file("b.png", png(255), "image/png"), file("d.PNG", png(0)), file("e.png", png(255))]
    assert labels(model, form(*files), FORM) == ["bright", "dark", "bright"]


def test_files_of_many_instances_are_joined(classifier: Model) -> None:
    rows = file("rows.csv", b"0,5,0\n0,-5,0\n", "application/octet-stream")
    lines = file("more.jsonl", b"[0, 5, 0]\n")
    document = file("last.json", b'{"instances": [[0, -5, 0]]}')
    assert labels(classifier, form(rows, lines, document), FORM) == ["high", "low", "high", "low"]


@pytest.mark.parametrize(
    "stated",
    [
        "filename=rows.csv",
        "FileName*=UTF-8''z%C3%A4hlung.csv",
        'filename="\\"a\\".csv"',
    ],
)
def test_a_files_name_may_be_written_otherwise(classifier: Model, stated: str) -> None:
    head = f'Content-Disposition: form-data; name="file"; {stated}'
    assert labels(classifier, form((head, b"0,5,0\n0,-5,0\n")), FORM) == ["high", "low"]


def test_a_form_may_have_as_many_parts_as_a_request_has_instances(classifier: Model) -> None:
    assert labels(classifier, form(*[file("a.csv", b"0,5,0")] * 128), FORM) == ["high"] * 128


def test_a_field_of_a_form_is_a_text(serve: Callable[..., Model]) -> None:
    parts = [('Content-Disposition: form-data; name="text"', text) for text in (b"good", b"bad")]
    assert labels(serve(artifacts.sentiment), form(*parts), FORM) == ["good", "bad"]


def test_a_file_may_hold_what_looks_like_a_boundary(serve: Callable[..., Model]) -> None:
    body = f"good\r\n--{BOUNDARY[:-1]}\r\n--".encode()
    assert labels(serve(artifacts.sentiment), form(file("a.txt", body)), FORM) == ["good"]


@pytest.mark.parametrize(
    ("body", "media_type", "status", "part"),
    [
        (b"", "multipart/form-data", 400, "without a boundary"),
        (b"", FORM, 400, "cut off"),
        (form(file("a.csv", b"0,5,0"))[:-6], FORM, 400, "cut off"),
        (form(("", b"0,5,0")), FORM, 400, "part 0 of the form has no content-disposition"),
        (form(file("a" * 5000, b"0,5,0")), FORM, 400, "part 0 of the form has no end"),
        (form(), FORM, 422, "no instance"),
        (form(*[file("a.csv", b"0,5,0")] * 129), FORM, 413, "more than 128 parts"),
        (form(file("a.gif", b"GIF")), FORM, 415, "part 'a.gif' of the form: media type is ''"),
        (form(file("a.csv", b'"')), FORM, 400, "part 'a.csv' of the form: body is not CSV"),
        (form(file("a.csv", b"x,y,z")), FORM, 422, "part 'a.csv' of the form: the CSV's header"),
        (form(file("a.json", b"[")), FORM, 400, "part 'a.json' of the form: body is not JSON"),
        (
            form(file("a.json", b'{"instances": [], "variant": "fp32"}')),
            FORM,
            422,
            "'variant' is stated, expected it in header 'x-variant'",
        ),
    ],
)
def test_broken_forms_are_refused(
    classifier: Model, body: bytes, media_type: str, status: int, part: str
) -> None:
    found, raw, _ = send(classifier, body, media_type)
    assert found == status, raw
    assert part in json.loads(raw)["error"]["message"]


def test_another_character_set_is_refused_rather_than_misread(classifier: Model) -> None:
    status, raw, _ = send(classifier, "0,5,0", "text/csv; charset=ISO-8859-1")
    assert status == 415
    assert "charset is 'iso-8859-1', expected utf-8" in json.loads(raw)["error"]["message"]
    assert labels(classifier, "0,5,0", 'text/csv; charset="utf-8"') == ["high"]


# CSV for an answer


def table(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(raw.decode(), newline="")))


def test_an_answer_may_be_a_table(classifier: Model) -> None:
    document = json.loads(send(classifier, "0,5,0\n0,-5,0", "text/csv")[1])
    status, raw, headers = send(classifier, "0,5,0\n0,-5,0", "text/csv", Accept="text/csv")
    assert status == 200
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["X-Model-Version"] == "3"
    assert float(headers["X-Cost-Usd"]) > 0
    for row, prediction in zip(table(raw), document["predictions"], strict=True):
        assert list(row) == ["label", "score", "scores.low", "scores.high"]
        assert row["label"] == prediction["label"]
        assert float(row["scores.high"]) == prediction["scores"]["high"]


def test_a_vector_is_a_column_for_each_dimension(serve: Callable[..., Model]) -> None:
    raw = send(serve(artifacts.directions), "bad", "text/plain", Accept="text/csv")[1]
    assert raw.splitlines()[0] == b"embedding.0,embedding.1,embedding.2,truncated"
    assert raw.splitlines()[1] == b"0.0,1.0,0.0,false"


def test_a_forecast_is_a_row_for_each_series_and_step(serve: Callable[..., Model]) -> None:
    instance = {"context": {"load": [1, 2, 3], "heat": [4, 5, 6]}}
    body = {"instances": [instance, {**instance, "horizon": 1}]}
    rows = table(send(serve(artifacts.persistence), body, "application/json", Accept="text/csv")[1])
    found = [(row["instance"], row["series"], row["step"], float(row["mean"])) for row in rows]
    assert found == [
        ("0", "load", "0", 3.0),
        ("0", "load", "1", 3.0),
        ("0", "heat", "0", 6.0),
        ("0", "heat", "1", 6.0),
        ("1", "load", "0", 3.0),
        ("1", "heat", "0", 6.0),
    ]
    assert (float(rows[0]["0.1"]), float(rows[0]["0.9"])) == (2.0, 4.0)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        ("text/*", "text/csv; charset=utf-8"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv; charset=utf-8"),
        ("text/csv, application/json", "application/json"),
        ("application/json;q=0, */*", "text/csv; charset=utf-8"),
        ("text/csv;q=x, application/json;q=0.1", "application/json"),
        ("application/json;q=nan, text/csv;q=0.1", "text/csv; charset=utf-8"),
    ],
)
def test_the_preferred_type_is_given(classifier: Model, accept: str, media_type: str) -> None:
    assert send(classifier, "0,5,0", "text/csv", Accept=accept)[2]["Content-Type"] == media_type


def test_a_type_that_there_is_none_of_is_a_406(classifier: Model) -> None:
    status, raw, _ = send(classifier, "0,5,0", "text/csv", Accept="application/xml")
    assert status == 406
    assert json.loads(raw)["error"]["code"] == "not_acceptable"


# Compression

BODY = b'{"instances": [[0, 5, 0]]}'


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("GZIP", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("identity", BODY),
        ("gzip", gzip.compress(BODY.ljust(4_500_000), mtime=0)),
    ],
)
def test_requests_may_be_compressed(classifier: Model, coding: str, body: bytes) -> None:
    status, raw, _ = send(classifier, body, "application/json", Content_Encoding=coding)
    assert status == 200
    assert json.loads(raw)["predictions"][0]["label"] == "high"


@pytest.mark.parametrize(
    ("coding", "body", "status", "part"),
    [
        (
            "gzip",
            gzip.compress(b" " * 4_500_001, mtime=0),
            413,
            "unpacks to more than 4500000 bytes",
        ),
        ("deflate", zlib.compress(b" " * 4_500_001), 413, "unpacks to more than"),
        ("gzip", BODY, 400, "is not gzip"),
        ("gzip", b"", 400, "cut off"),
        ("gzip", gzip.compress(BODY, mtime=0)[:-3], 400, "cut off"),
        ("gzip", gzip.compress(BODY, mtime=0) * 2, 400, "goes on behind the end"),
        ("br", BODY, 415, "content-encoding is 'br', expected gzip or deflate"),
        ("gzip, gzip", BODY, 415, "content-encoding is 'gzip, gzip'"),
    ],
)
def test_bombs_and_broken_packages_are_refused(
    classifier: Model, coding: str, body: bytes, status: int, part: str
) -> None:
    found, raw, _ = send(classifier, body, "application/json", Content_Encoding=coding)
    assert found == status
    assert part in json.loads(raw)["error"]["message"]


def test_a_bomb_is_not_unpacked_before_it_is_refused() -> None:
    bomb = gzip.compress(bytes(20_000_000), 1)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            encodings.unpacked(bomb, "gzip", 1000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


MANY = {"instances": [[0, 5, 0]] * 40}


@pytest.mark.parametrize(
    ("accepted", "coding", "unpack"),
    [
        ("gzip, deflate, br", "gzip", gzip.decompress),
        ("deflate", "deflate", zlib.decompress),
        ("gzip;q=0.1, deflate", "deflate", zlib.decompress),
        ("*", "gzip", gzip.decompress),
    ],
)
def test_long_answers_are_compressed_for_who_accepts_it(
    classifier: Model, accepted: str, coding: str, unpack: Callable[[bytes], bytes]
) -> None:
    _, raw, headers = send(classifier, MANY, "application/json", Accept_Encoding=accepted)
    assert headers["Content-Encoding"] == coding
    assert headers["Vary"] == "Accept-Encoding"
    assert len(json.loads(unpack(raw))["predictions"]) == 40


@pytest.mark.parametrize(
    ("body", "accepted"),
    [(MANY, "br"), (MANY, "gzip;q=0"), (MANY, "identity"), ({"instances": [[0, 5, 0]]}, "gzip")],
)
def test_others_and_short_answers_are_not(classifier: Model, body: Json, accepted: str) -> None:
    _, raw, headers = send(classifier, body, "application/json", Accept_Encoding=accepted)
    assert "Content-Encoding" not in headers
    assert json.loads(raw)["predictions"]


def test_a_compressed_table_says_what_it_varies_with(classifier: Model) -> None:
    _, raw, headers = send(
        classifier, MANY, "application/json", Accept="text/csv", Accept_Encoding="gzip"
    )
    assert headers["Vary"] == "Accept, Accept-Encoding"
    assert len(table(gzip.decompress(raw))) == 40


def test_binary_tensors_are_compressed_as_a_whole(serve: Callable[..., Model]) -> None:
    values = np.zeros((100, 2), dtype="<f8")
    tensor = {"name": "x", "shape": [100, 2], "datatype": "FP64"}
    tensor["parameters"] = {"binary_data_size": values.nbytes}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    headers = {
        "Inference-Header-Content-Length": str(len(head)),
        "Content-Encoding": "gzip",
        "Accept-Encoding": "gzip",
    }
    body = gzip.compress(head + values.tobytes())
    event = proxy_event("/v2/models/tiny/infer", body, "POST", "application/octet-stream", headers)
    reply = serve(artifacts.identity, "FP64").handler(event, Context())
    assert reply["statusCode"] == 200
    assert reply["headers"]["Content-Encoding"] == "gzip"
    raw = gzip.decompress(b64decode(reply["body"]))
    length = int(reply["headers"]["inference-header-content-length"])
    assert raw[length:] == values.tobytes()
