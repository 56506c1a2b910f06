"""The native protocol: every way to ask gives the same prediction."""

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from serving import images
from serving.limits import Limits
from serving.types import Json
from tests import artifacts
from tests.unit.serving.conftest import Context, Model

HIGH = 1 / (1 + np.exp(-(1 + 2 * 2 - 3)))  # sigmoid(a + 2 b - c) at (1, 2, 3)


def test_prediction_names_model_version_id_and_cost(classifier: Model) -> None:
    answer = classifier.predict({"instances": [[1, 2, 3]]})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    document = answer.document
    assert (document["id"], document["model"], document["version"]) == ("request-1", "tiny", "3")
    assert document["usage"]["compute_ms"] > 0
    assert document["usage"]["cost_usd"] > 3.7e-6


def test_only_the_first_answer_is_cold(classifier: Model) -> None:
    cold = [classifier.predict({"instances": [[1, 2, 3]]}).document["usage"]["cold"] for _ in "ab"]
    assert cold == [True, False]


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ({"instances": [[1, 2, 3]]}, "application/json"),
        ({"instances": [{"c": 3, "a": 1, "b": 2.0}]}, "application/json; charset=utf-8"),
        (b'{"instances": [[1, 2, 3]]}', "Application/JSON"),
        ('{"instances": [[1, 2, 3]]}', "application/x-www-form-urlencoded"),
        ('{"instances": [[1, 2, 3]]}', ""),
        ("1,2,3", "text/csv"),
        ("c,a,b\r\n3,1,2\r\n", "text/csv"),
        (b'\xef\xbb\xbf"a", b,c\n1,2,3\n', "text/csv; header=present"),
    ],
)
def test_every_way_to_ask_gives_the_same(classifier: Model, body: Json, media_type: str) -> None:
    [prediction] = classifier.predict(body, media_type).document["predictions"]
    assert prediction["label"] == "high"
    assert prediction["score"] == prediction["scores"]["high"] == pytest.approx(HIGH, abs=1e-6)
    assert sum(prediction["scores"].values()) == pytest.approx(1)


def test_answers_keep_the_order_of_the_instances(classifier: Model) -> None:
    rows = [[0, 5, 0], [0, -5, 0]] * 64
    predictions = classifier.predict({"instances": rows}).document["predictions"]
    assert [prediction["label"] for prediction in predictions] == ["high", "low"] * 64


def test_regression_has_value_and_unit(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.regressor)
    answer = model.predict({"instances": [[1, 2.5], {"a": np.e, "b": 0}]})
    values = [prediction["value"] for prediction in answer.document["predictions"]]
    assert values == pytest.approx([2.5, 1.0], abs=1e-6)
    assert answer.document["predictions"][0]["unit"] == "m"
    assert model.predict("a,b\n1,2.5", "text/csv").document["predictions"][0]["value"] == 2.5


def test_an_answer_that_is_not_finite_is_a_422(serve: Callable[..., Model]) -> None:
    answer = serve(artifacts.regressor).predict({"instances": [[0, 1]]})
    assert answer.status == 422
    assert "not finite" in answer.document["error"]["message"]


def picture(image: Image.Image, kind: str, **options: Json) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def brightness_of(model: Model, file: bytes, media_type: str) -> float:
    answer = model.predict(file, media_type)
    assert answer.status == 200, answer.document
    score: float = answer.document["predictions"][0]["scores"]["bright"]
    return score


@pytest.mark.parametrize(
    "image",
    [
        Image.new("L", (5, 7), 51),
        Image.new("RGB", (5, 7), (51, 51, 51)),
        Image.new("RGBA", (5, 7), (51, 51, 51, 255)),
        Image.new("LA", (5, 7), (51, 255)),
        Image.new("L", (5, 7), 51).convert("P"),
        Image.fromarray(np.full((7, 5), 51 * 257, dtype=np.uint16)),
    ],
    ids=["grey", "RGB", "RGBA", "grey with alpha", "palette", "16 bit"],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_of_png_gives_its_brightness(
    serve: Callable[..., Model], image: Image.Image, channels: int
) -> None:
    model = serve(artifacts.brightness, channels=channels)
    assert brightness_of(model, picture(image, "PNG"), "image/png") == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize("orientation", range(10))
def test_image_is_turned_upright_as_its_exif_says(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    lying = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6))
    file = picture(lying, "PNG", exif=exif)
    with Image.open(BytesIO(file)) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(images.decode(file, 1, Limits())[..., 0], upright)


def test_exif_need_not_be_sound_beyond_the_orientation() -> None:
    exif = (
        b"Exif\0\0MM\0*\0\0\0\x08\0\3"
        b"\x01\x12\0\3\0\0\0\1\0\6\0\0"
        b"\x87\x69\xff\4\0\0\0\1\0\0\0\x32"  # of a type that there is not
        b"\x88\x25\0\4\0\0\0\1\0\0\0\x44\0\0\0\0"
        b"\0\1\x90\0\0\7\0\0\0\x040220\0\0\0\0"
        b"\0\1\0\0\0\2\0\0\0\2N\0\0\0\0\0\0\0"
    )
    file = picture(Image.new("L", (6, 4)), "JPEG", exif=exif)
    assert images.decode(file, 1, Limits()).shape == (6, 4, 1)


def test_images_of_one_size_make_a_batch(serve: Callable[..., Model]) -> None:
    files = [picture(Image.new("L", (3, 3), grey), "PNG") for grey in (0, 255)]
    instances = [{"image": b64encode(file).decode()} for file in files]
    answer = serve(artifacts.brightness).predict({"instances": instances})
    assert [p["label"] for p in answer.document["predictions"]] == ["dark", "bright"]


def test_a_tensors_model_sends_the_caller_to_infer(serve: Callable[..., Model]) -> None:
    answer = serve(artifacts.identity, "FP32").predict({"instances": [[1, 2]]})
    assert answer.status == 404
    assert "POST /v2/models/tiny/infer" in answer.document["error"]["message"]


def test_manifest_limits_hold(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.classifier, limits={"batch": 2, "body_bytes": 100})
    assert model.predict({"instances": [[1, 2, 3]] * 2}).status == 200
    assert model.predict({"instances": [[1, 2, 3]] * 3}).status == 413
    assert model.predict(" " * 101).status == 413


def test_more_than_memory_holds_is_a_413(serve: Callable[..., Model]) -> None:
    tensor = {"name": "n", "shape": [1], "datatype": "INT64", "data": [2**44]}
    answer = serve(artifacts.greedy).infer(tensor)
    expected = "inputs of shapes {'n': [1]} take more memory than this function has"
    assert (answer.status, answer.document) == (413, {"error": expected})


def test_the_deadline_is_a_504_and_the_worker_stays_fit(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.endless)

    def count_to(n: int, remaining_ms: int) -> Json:
        tensor = {"name": "n", "shape": [1], "datatype": "INT64", "data": [n]}
        return model.http(
            "/v2/models/tiny/infer",
            {"inputs": [tensor]},
            context=Context(remaining_ms=remaining_ms),
        )

    late = count_to(2**60, remaining_ms=800)
    assert (late.status, late.document) == (504, {"error": "the model did not answer in time"})
    too_late = count_to(7, remaining_ms=400)  # no time left to say so, once Lambda's own is over
    assert (too_late.status, "was over before" in too_late.document["error"]) == (504, True)
    assert count_to(7, remaining_ms=28_000).document["outputs"][0]["data"] == [7]
