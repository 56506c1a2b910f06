"""Texts: one way to read them, for classification and for embeddings."""

from collections.abc import Callable
from math import exp
from pathlib import Path

import pytest

from serving import texts as texts_module
from serving.errors import ArtifactError
from serving.service import Service
from serving.types import Json
from tests import artifacts
from tests.unit.serving.conftest import Model

GOOD = 1 / (1 + exp(-1))


def scores(model: Model, body: Json, media_type: str = "application/json") -> list[float]:
    answer = model.predict(body, media_type)
    assert answer.status == 200, answer.document
    return [prediction["scores"]["good"] for prediction in answer.document["predictions"]]


@pytest.mark.parametrize("with_lengths", [False, True], ids=["attention mask", "lengths"])
@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ({"instances": ["good"]}, "application/json"),
        ({"instances": [{"text": "good"}]}, "application/json"),
        (b"good", "text/plain; charset=utf-8"),
        (b"\xef\xbb\xbfgood\n", "text/plain"),
        (b"text\ngood\n", "text/csv"),
        (b'"good"', "text/csv"),
    ],
)
def test_every_way_to_send_a_text(
    serve: Callable[..., Model], body: Json, media_type: str, with_lengths: bool
) -> None:
    model = serve(artifacts.sentiment, with_lengths=with_lengths)
    assert scores(model, body, media_type) == pytest.approx([GOOD])


def test_padding_does_not_change_a_text(serve: Callable[..., Model]) -> None:
    texts = ["good", "bad bad bad", "", "花", "who knows"]
    together = scores(serve(artifacts.sentiment), {"instances": texts})
    alone = [scores(serve(artifacts.sentiment), {"instances": [text]})[0] for text in texts]
    assert together == pytest.approx(alone)
    assert together == pytest.approx([GOOD, 1 / (1 + exp(3)), 0.5, 1 / (1 + exp(-2)), 0.5])


def test_a_cut_text_is_said_to_be_cut(serve: Callable[..., Model]) -> None:
    body = {"instances": ["good good good good", "good good good good bad"]}
    predictions = serve(artifacts.sentiment).predict(body).document["predictions"]
    assert [prediction["truncated"] for prediction in predictions] == [False, True]
    assert predictions[0]["scores"] == predictions[1]["scores"]


def test_embeddings_pad_as_the_manifest_says(serve: Callable[..., Model]) -> None:
    answer = serve(artifacts.token_counts).predict({"instances": ["good bad", "花"]})
    vectors = [prediction["embedding"] for prediction in answer.document["predictions"]]
    assert vectors == [[2, 3], [4, 7]]
    assert serve(artifacts.token_counts).predict(b"good", "text/plain").status == 200


@pytest.mark.parametrize(
    ("body", "media_type", "status", "part"),
    [
        ({"instances": [1]}, "application/json", 422, "instance 0 is 1, expected a text"),
        ({"instances": [{"txt": "x"}]}, "application/json", 422, "expected a text"),
        ({"instances": [{"text": None}]}, "application/json", 422, "expected a text"),
        ({"instances": ["ok", "x" * 10_001]}, "application/json", 413, "instance 1 has 10001"),
        ('{"instances": ["\\ud83d"]}', "application/json", 400, "half a surrogate pair"),
        (b"\xff", "text/plain", 400, "not UTF-8"),
        (b"a,b\n", "text/csv", 422, "['a', 'b'], expected a text"),
    ],
)
def test_bad_texts(
    serve: Callable[..., Model], body: Json, media_type: str, status: int, part: str
) -> None:
    model = serve(artifacts.sentiment)
    answer = model.predict(body, media_type)
    assert answer.status == status, answer.document
    assert part in answer.document["error"]["message"]
    assert scores(model, b"good", "text/plain") == pytest.approx([GOOD])


def test_a_whole_surrogate_pair_is_a_letter(serve: Callable[..., Model]) -> None:
    assert scores(serve(artifacts.sentiment), '{"instances": ["\\ud83d\\ude00"]}') == [0.5]


def test_a_surrogate_in_a_path_is_named_in_json(classifier: Model) -> None:
    answer = classifier.http("/v1/models/\ud800/predict", {})
    assert answer.status == 404
    assert "\ud800" in answer.document["error"]["message"]


def test_a_broken_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"tokenizer\.json cannot be loaded"):
        Service.load(artifacts.sentiment(tmp_path / "artifact", tokenizer=b"{}"))


def test_many_long_texts_are_cut_some_at_a_time(serve: Callable[..., Model]) -> None:
    model = serve(artifacts.sentiment, limits={"text_characters": 150_000})
    texts = ["good " + " " * 140_000, "bad", "bad bad" + " " * 70_000, "good"]
    together = scores(model, {"instances": texts})
    assert together == pytest.approx([scores(model, {"instances": [text]})[0] for text in texts])
    assert texts_module._groups(texts) == [texts[:2], texts[2:]]
    assert texts_module._groups(["a" * 300_000] * 2) == [["a" * 300_000]] * 2
