"""OpenAI's embeddings, asked as its clients ask; the vectors are those of the native protocol."""

from base64 import b64decode
from collections.abc import Callable

import numpy as np
import pytest

from serving.types import Json
from tests import artifacts
from tests.unit.serving.conftest import Answer, Model

PATH = "/v1/embeddings"


@pytest.fixture
def model(serve: Callable[..., Model]) -> Model:
    return serve(artifacts.directions)


def embed(model: Model, texts: Json, **more: Json) -> Answer:
    return model.http(PATH, {"model": "tiny", "input": texts, **more})


def test_a_text_gets_the_vector_that_the_native_protocol_gives(model: Model) -> None:
    answer = embed(model, "good good bad", user="somebody")
    assert answer.status == 200
    document = answer.document
    assert (document["object"], document["model"]) == ("list", "tiny")
    [entry] = document["data"]
    assert (entry["object"], entry["index"]) == ("embedding", 0)
    [native] = model.predict({"instances": ["good good bad"]}).document["predictions"]
    assert entry["embedding"] == native["embedding"]
    assert entry["embedding"] == pytest.approx([0.8944272, 0.4472136, 0.0], abs=1e-6)


def test_a_list_of_texts_is_answered_in_order(model: Model) -> None:
    data = embed(model, ["bad", "good", "花"]).document["data"]
    assert [entry["index"] for entry in data] == [0, 1, 2]
    assert [entry["embedding"].index(1.0) for entry in data] == [1, 0, 2]


def test_usage_counts_tokens_and_says_what_it_cost(model: Model) -> None:
    usage = embed(model, ["good bad", "good"]).document["usage"]
    assert (usage["prompt_tokens"], usage["total_tokens"]) == (3, 3)
    assert usage["cost_usd"] > 0


def test_a_text_that_was_cut_says_so(model: Model) -> None:
    data = embed(model, ["good " * 5, "good"]).document["data"]
    assert [entry.get("truncated") for entry in data] == [True, None]


def test_base64_holds_little_endian_floats(model: Model) -> None:
    plain, packed = (
        embed(model, "good good bad", encoding_format=kind).document["data"][0]["embedding"]
        for kind in ("float", "base64")
    )
    assert np.frombuffer(b64decode(packed), "<f4").tolist() == np.float32(plain).tolist()


def test_fewer_dimensions_are_the_first_ones_at_length_one(model: Model) -> None:
    [entry] = embed(model, "good 花 bad", dimensions=2).document["data"]
    assert entry["embedding"] == pytest.approx([0.5**0.5] * 2, abs=1e-6)
    [entry] = embed(model, "花", dimensions=2).document["data"]
    assert entry["embedding"] == [0, 0], "nothing of it is in these dimensions"


@pytest.mark.parametrize(
    ("body", "status", "code", "part"),
    [
        ({"model": "other"}, 404, "not_found", "model 'other' is not served here"),
        ({"model": None}, 404, "not_found", "model None is not served here"),
        ({"input": [1, 2, 3]}, 400, "unprocessable", "'input' holds tokens, expected a text"),
        ({"input": [[1, 2], [3]]}, 400, "unprocessable", "'input' holds tokens"),
        ({"input": None}, 400, "unprocessable", "'input' holds None at 0"),
        ({"input": ["good", {}]}, 400, "unprocessable", "'input' holds {} at 1"),
        ({"input": []}, 400, "unprocessable", "no instance"),
        ({"input": ["good"] * 129}, 413, "too_large", "at most 128"),
        ({"dimensions": 4}, 400, "unprocessable", "'dimensions' is 4, expected 1 to 3"),
        ({"dimensions": 0}, 400, "unprocessable", "expected 1 to 3"),
        ({"dimensions": "2"}, 400, "unprocessable", "'dimensions' is '2'"),
        ({"encoding_format": "hex"}, 400, "unprocessable", "expected 'float', 'base64'"),
        ({"variant": "none"}, 400, "unprocessable", "'none'"),
        ({"temperature": 1}, 400, "unprocessable", "unknown keys ['temperature']"),
    ],
)
def test_refusals_have_the_shape_of_openai(
    model: Model, body: Json, status: int, code: str, part: str
) -> None:
    answer = model.http(PATH, {"model": "tiny", "input": "good", **body})
    assert answer.status == status, answer.document
    error = answer.document["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["code"]) == ("invalid_request_error", code)
    assert part in error["message"]


def test_other_models_have_no_embeddings(classifier: Model) -> None:
    assert embed(classifier, "good").status == 404
