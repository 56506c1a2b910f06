"""The embedding task: vectors, and how alike texts are without them."""

from collections.abc import Callable

import jsonschema
import pytest

from serving.types import Json
from tests import artifacts
from tests.unit.serving.conftest import Model


@pytest.fixture
def model(serve: Callable[..., Model]) -> Model:
    return serve(artifacts.directions)


def test_a_text_is_compared_with_others(model: Model) -> None:
    asked = {"text": "good", "compare_to": ["bad", "good good", "good bad"]}
    [prediction] = model.predict({"instances": [asked]}).document["predictions"]
    assert prediction["similarities"] == pytest.approx([0, 1, 0.5**0.5], abs=1e-6)
    assert set(prediction) == {"similarities", "truncated"}


def test_comparisons_and_vectors_mix_in_order(model: Model) -> None:
    long = "good " * 5
    asked = ["bad", {"text": "花", "compare_to": ["花", long]}, {"text": "good"}]
    first, second, third = model.predict({"instances": asked}).document["predictions"]
    assert (first["embedding"], first["truncated"]) == ([0, 1, 0], False)
    assert (second["similarities"], second["truncated"]) == ([1, 0], True)
    assert (third["embedding"], third["truncated"]) == ([1, 0, 0], False)


def test_questions_and_answers_fit_their_schemas(model: Model) -> None:
    task = model.handler.router.service.task
    asked: list[Json] = ["bad", {"text": "a"}, {"text": "a", "compare_to": ["b"]}]
    answers = model.predict({"instances": asked}).document["predictions"]
    for instance, answer in zip(asked, answers, strict=True):
        jsonschema.validate(instance, task.schema())
        jsonschema.validate(answer, task.prediction_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"text": "a", "compare_to": []}, task.schema())


@pytest.mark.parametrize(
    ("instance", "status", "part"),
    [
        ({"compare_to": ["a"]}, 422, "instance 0 is {'compare_to': ['a']}, expected a text"),
        ({"text": "a", "compare_to": []}, 422, "'compare_to' with texts"),
        ({"text": "a", "compare_to": "b"}, 422, "'compare_to' with texts"),
        ({"text": "a", "compare_to": [1]}, 422, "is 1, expected a text"),
        ({"text": "a", "compare_to": ["b"], "c": 1}, 422, "expected a text, or"),
        ({"text": "a", "compare_to": ["b"] * 128}, 413, "129 texts, expected at most 128"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    model: Model, instance: Json, status: int, part: str
) -> None:
    answer = model.predict({"instances": [instance]})
    assert answer.status == status, answer.document
    assert part in answer.document["error"]["message"]
