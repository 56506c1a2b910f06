"""Explanations: what they add up to, and where they point."""

import wave
from base64 import b64decode, b64encode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from serving import explain
from serving.types import Array, Json, JsonObject
from tests import artifacts
from tests.unit.serving.conftest import Answer, Context, Model, handler_of, proxy_event

ROOT = Path(__file__).parents[3]
EXPLAIN = "/v1/models/tiny/explain"


def attributions(answer: Answer) -> JsonObject:
    """Those of the only prediction, when they fit it."""
    assert answer.status == 200, answer.document
    [prediction] = answer.document["predictions"]
    found: JsonObject = prediction["attributions"]
    served = prediction["scores"][found["label"]] if "label" in found else prediction["value"]
    assert found["score"] == served
    assert found["base"] + sum(parts(found)) == pytest.approx(served, abs=1e-5)
    return found


def parts(found: JsonObject) -> list[float]:
    """The attributions as a list, whichever kind they are."""
    if "features" in found:
        return list(found["features"].values())
    if "cells" in found:
        return [value for row in found["cells"] for value in row]
    return [part["value"] for part in found.get("tokens", found.get("segments"))]


def ask(model: Model, body: Json, media_type: str = "application/json", **headers: str) -> Answer:
    return model.http(EXPLAIN, body, media_type=media_type, headers=headers)


def row(*values: float, **options: Json) -> Json:
    return {"instances": [list(values)], "reference": [0, 0, 0], **options}


def test_the_prediction_is_that_of_predict(classifier: Model) -> None:
    explained = ask(classifier, row(1, 2, 3)).document
    [prediction] = explained["predictions"]
    del prediction["attributions"]
    predicted = classifier.predict({"instances": [[1, 2, 3]]}).document
    assert prediction == predicted["predictions"][0]
    assert explained.keys() == predicted.keys()


def test_features_share_the_score(classifier: Model) -> None:
    found = attributions(ask(classifier, row(1, 0, 3)))  # sigmoid(1 - 3)
    assert (found["method"], found["label"]) == ("exact", "low")
    assert found["base"] == pytest.approx(0.5, abs=1e-6)
    assert found["features"]["b"] == 0
    assert found["features"]["a"] < 0 < found["features"]["c"]
    assert found["reference"] == {"a": 0, "b": 0, "c": 0}


def test_the_label_may_be_chosen(classifier: Model) -> None:
    low = attributions(ask(classifier, row(1, 0, 3)))["features"]
    high = attributions(ask(classifier, row(1, 0, 3, label="high")))["features"]
    assert high["a"] == pytest.approx(-low["a"], abs=1e-6)
    by_name = {"instances": [[1, 0, 3]], "reference": {"c": 0, "b": 0, "a": 0}}
    assert attributions(ask(classifier, by_name, **{"x-label": "high"}))["features"] == high


def test_the_average_row_is_the_reference(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.classifier, means=[1, 0, 3])
    found = attributions(ask(model, {"instances": [[1, 2, 3]]}))
    assert found["reference"] == {"a": 1, "b": 0, "c": 3}
    assert found["features"] == {"a": 0, "b": found["features"]["b"], "c": 0}
    assert attributions(ask(model, "1,2,3", "text/csv")) == found
    high = attributions(ask(model, "b,a,c\n2,1,3", "text/csv", **{"x-label": "low"}))
    assert high["features"]["b"] == pytest.approx(-found["features"]["b"], abs=1e-6)


def test_a_baseline_of_nothing_asks_for_a_reference(serve: Callable[..., Model]) -> None:
    """What an adopted model comes with."""
    model = serve(artifacts.classifier, means=[])
    assert ask(model, {"instances": [[1, 2, 3]]}).status == 422
    attributions(ask(model, row(1, 2, 3)))


def test_a_regression_explains_its_value(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.regressor)  # log(a) + b
    body = {"instances": [{"a": np.e, "b": 5}], "reference": [1, 2]}
    found = attributions(ask(model, body))
    assert "label" not in found
    assert found["base"] == pytest.approx(2, abs=1e-6)
    assert found["features"] == pytest.approx({"a": 1, "b": 3}, abs=1e-6)


def png(pixels: Json) -> bytes:
    buffer = BytesIO()
    Image.fromarray(np.array(pixels, dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def lit(height: int, width: int, row: int, column: int) -> bytes:
    """A dark picture with one bright pixel."""
    pixels = np.zeros((height, width), dtype=np.uint8)
    pixels[row, column] = 255
    return png(pixels)


def test_the_cell_that_is_bright_makes_the_image_bright(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.brightness)
    found = attributions(ask(model, lit(14, 21, 3, 20), "image/png", **{"x-label": "bright"}))
    cells = np.array(found["cells"])
    assert cells.shape == (7, 7)
    assert np.argwhere(cells != 0).tolist() == [[1, 6]]
    assert cells[1, 6] == pytest.approx(1 / (14 * 21), abs=1e-6)
    assert found["base"] == pytest.approx(0, abs=1e-6)
    assert found["blank"] == 0


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 30), (8, 8), (600, 1100)])
def test_images_of_any_size(serve: Callable[..., Model], height: int, width: int) -> None:
    found = attributions(ask(serve(artifacts.brightness), lit(height, width, 0, 0), "image/png"))
    assert np.array(found["cells"]).shape == (7, 7)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_overlay_is_a_png_of_the_image(serve: Callable[..., Model], channels: int) -> None:
    model = serve(artifacts.brightness, channels=channels)
    instance = {"image": b64encode(lit(14, 21, 3, 20)).decode()}
    body = {"instances": [instance], "overlay": True, "label": "bright"}
    encoded = attributions(ask(model, body))["overlay"]
    with Image.open(BytesIO(b64decode(encoded)), formats=("PNG",)) as drawn:
        assert (drawn.size, drawn.mode) == ((21, 14), "RGB")
        assert drawn.getpixel((0, 0)) == (0, 0, 0)
        red, _, blue = drawn.getpixel((20, 3))
    assert red > blue  # orange: it speaks for "bright"
    assert "overlay" not in attributions(ask(model, {"instances": [instance]}))


def test_who_accepts_a_png_gets_the_overlay_itself(serve: Callable[..., Model]) -> None:
    handler = serve(artifacts.brightness).handler
    event = proxy_event(EXPLAIN, lit(9, 8, 0, 0), "POST", "image/png", {"Accept": "image/png, */*"})
    reply = handler(event, Context())
    assert (reply["headers"]["Content-Type"], reply["isBase64Encoded"]) == ("image/png", True)
    with Image.open(BytesIO(b64decode(reply["body"]))) as drawn:
        assert drawn.size == (8, 9)


@pytest.mark.parametrize("with_lengths", [False, True])
def test_tokens_point_into_the_text(serve: Callable[..., Model], with_lengths: bool) -> None:
    model = serve(artifacts.sentiment, with_lengths=with_lengths)
    found = attributions(ask(model, "good 😀 花 bad", "text/plain"))
    tokens = [(t["token"], t["start"], t["end"]) for t in found["tokens"]]
    assert tokens == [("good", 0, 4), ("😀", 5, 6), ("花", 7, 8), ("bad", 9, 12)]
    value = {token["token"]: token["value"] for token in found["tokens"]}
    assert value["bad"] < 0 == value["😀"] < value["good"] < value["花"]
    assert found["blank"] == pytest.approx(0.5)
    asked_against = attributions(ask(model, {"instances": [{"text": "花"}], "label": "bad"}))
    assert asked_against["tokens"][0]["value"] < 0


def test_a_text_of_nothing_has_no_tokens(serve: Callable[..., Model]) -> None:
    assert attributions(ask(serve(artifacts.sentiment), "", "text/plain"))["tokens"] == []


def test_neighbours_go_together_beyond_the_limit(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.sentiment, limits={"explain_tokens": 2})
    found = attributions(ask(model, "good bad 花", "text/plain"))
    assert [token["token"] for token in found["tokens"]] == ["good bad", "花"]


def test_bytes_of_one_character_are_left_out_together(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.sentiment, tokenizer=artifacts.byte_tokenizer())
    found = attributions(ask(model, "aéb", "text/plain"))
    tokens = [(token["token"], token["start"], token["end"]) for token in found["tokens"]]
    assert tokens == [("a", 0, 1), ("é", 1, 2), ("b", 2, 3)]


def wav(samples: Array) -> bytes:
    """A mono recording of 16 bit at 8 kHz."""
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def test_the_loud_moment_makes_the_recording_loud(serve: Callable[..., Model]) -> None:
    samples = np.zeros(1600, dtype="<i2")
    samples[800:1200] = 16384
    model = serve(artifacts.loudness)
    found = attributions(ask(model, wav(samples), "audio/wav", **{"x-label": "loud"}))
    assert [segment["value"] > 0 for segment in found["segments"]] == [False, False, True]
    assert found["segments"][2]["start_s"] == 0.1
    assert found["segments"][2]["end_s"] == 0.15
    assert found["base"] == pytest.approx(0, abs=1e-6)
    assert found["blank"] == 0


BAD = {
    "another label": (row(1, 2, 3, label="middle"), 422, "expected one of ['low', 'high']"),
    "a label that is a number": (row(1, 2, 3, label=1), 422, "'label' is 1, expected a label"),
    "a reference too short": (
        {"instances": [[1, 2, 3]], "reference": [1]},
        422,
        "'reference' as an instance: instance 0 has 1 features, expected 3",
    ),
    "no reference at all": ({"instances": [[1, 2, 3]]}, 422, "expected a 'reference'"),
    "an overlay of a row": (row(1, 2, 3, overlay=True), 422, "'label', 'reference'"),
    "nothing": (None, 400, "not JSON"),
    "a list": ([[1, 2, 3]], 422, "lacks a list"),
    "no instance": ({"instances": []}, 422, "at least 1"),
    "9 instances": ({"instances": [[1, 2, 3]] * 9}, 413, "9 instances to explain, at most 8"),
    "a row too short": ({"instances": [[1]]}, 422, "has 1 features"),
}


@pytest.mark.parametrize(("body", "status", "part"), BAD.values(), ids=BAD)
def test_bad_request(classifier: Model, body: Json, status: int, part: str) -> None:
    answer = ask(classifier, body)
    assert (answer.status, part in answer.document["error"]["message"]) == (status, True), answer
    assert ask(classifier, row(1, 2, 3)).status == 200


def test_a_regression_has_no_label(serve: Callable[..., Model]) -> None:
    answer = ask(serve(artifacts.regressor), {"instances": [[1, 2]], "label": "high"})
    assert (answer.status, "unknown keys" in answer.document["error"]["message"]) == (422, True)
    answer = ask(serve(artifacts.regressor), "1,2", "text/csv", **{"x-label": "high"})
    assert (answer.status, "regression has none" in answer.document["error"]["message"]) == (
        422,
        True,
    )


@pytest.mark.parametrize("make", [artifacts.persistence, artifacts.token_counts])
def test_other_tasks_are_a_404_that_says_which_are_explained(
    serve: Callable[..., Model], make: Callable[..., Path]
) -> None:
    answer = ask(serve(make), {"instances": []})
    assert answer.status == 404
    assert "tabular_classification" in answer.document["error"]["message"]


def test_an_explanation_keeps_the_deadline(classifier: Model) -> None:
    body = row(1, 2, 3)
    late = classifier.http(EXPLAIN, body, context=Context(remaining_ms=400))
    assert late.status == 504


@pytest.mark.parametrize("task", explain.TASKS)
def test_every_task_tells_its_schema(task: str) -> None:
    schema = explain.attributions_schema(task)
    assert {"method", "score", "base"} <= set(schema["required"]) <= set(schema["properties"])
    assert set(explain.options_schema(task)) == set(explain.options(task))


def test_schema_and_answers_agree(serve: Callable[..., Model]) -> None:
    found = attributions(ask(serve(artifacts.sentiment), "good", "text/plain"))
    schema = explain.attributions_schema("text_classification")
    assert set(found) == set(schema["required"])
    assert found["method"] in schema["properties"]["method"]["enum"]


def test_a_variant_explains_itself(serve: Callable[..., Model]) -> None:
    others = {"int8": artifacts.linear(1, 0, -1)}
    model = serve(artifacts.classifier, others=others)
    answer = ask(model, row(1, 2, 3, variant="int8"))
    assert answer.document["variant"] == "int8"
    assert attributions(answer)["features"]["b"] == pytest.approx(0, abs=1e-6)
    by_header = ask(model, row(1, 2, 3), **{"x-variant": "int8"})
    assert attributions(by_header) == attributions(answer)


@pytest.fixture(scope="module")
def any_text(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(handler_of(artifacts.sentiment(tmp_path_factory.mktemp("text"))))


@pytest.fixture(scope="module")
def any_row(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(handler_of(artifacts.classifier(tmp_path_factory.mktemp("rows"))))


@given(st.text(alphabet=st.sampled_from("ab é花😀\u200d\u0301.good"), max_size=12))
@settings(max_examples=40, deadline=None)
def test_tokens_of_any_text_are_places_in_it(any_text: Model, text: str) -> None:
    found = attributions(ask(any_text, {"instances": [text]}))
    reached = 0
    for token in found["tokens"]:
        assert reached <= token["start"] < token["end"] <= len(text)
        assert token["token"] == text[token["start"] : token["end"]]
        reached = token["end"]


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=6, max_size=6))
@settings(max_examples=40, deadline=None)
def test_any_row_against_any_other_adds_up(any_row: Model, values: list[float]) -> None:
    body = {"instances": [values[:3]], "reference": values[3:]}
    found = attributions(ask(any_row, body))
    assert found["features"].keys() == found["reference"].keys() == {"a", "b", "c"}


def test_many_features_are_asked_in_orders_that_repeat(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.bent_surface, features=14)
    body = {"instances": [[0.1 * index for index in range(14)]], "reference": [1] * 14}
    first, second = (attributions(ask(model, body)) for _ in "ab")
    assert first == second
    assert (first["method"], 0 < first["standard_error"] < 0.05) == ("permutations", True)


def test_chinese_words_and_emoji_of_a_released_model() -> None:
    model = Model(handler_of(ROOT / "training" / "reviews_zh" / "artifact"))
    answer = model.http("/v1/models/reviews_zh/explain", "这本书😀很好看", media_type="text/plain")
    tokens = attributions(answer)["tokens"]
    assert "".join(token["token"] for token in tokens) == "这本书😀很好看"
    assert tokens[1] | {"value": 0} == {"token": "😀", "start": 3, "end": 4, "value": 0}
