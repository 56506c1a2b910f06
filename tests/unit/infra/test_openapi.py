"""The API's description: valid, complete, and true to the examples that it shows."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from infra.exhibit import Exhibit
from infra.openapi import document
from serving import artifact, errors, folder, lock

ROOT = Path(__file__).parents[3]
# One of each task that is light to load, and all of which are in git.
NAMES = ("iris", "linear_demo", "digits", "reviews_zh", "spoken_digits", "traffic")
Json = Any


@pytest.fixture(scope="module")
def described() -> Json:
    exhibits = []
    for name in NAMES:
        model = folder.read(ROOT / "functions" / name)
        released = artifact.load(ROOT / "training" / name / "artifact")
        exhibits.append(Exhibit.of(model, lock.read(model.path), released))
    return document.render(exhibits, "1.2.3")


def operations(described: Json) -> list[Json]:
    return [
        {"path": path, "method": method, **item[method]}
        for path, item in described["paths"].items()
        for method in ("get", "post", "delete")
        if method in item
    ]


def test_it_is_openapi(described: Json) -> None:
    validate(described)
    ids = [operation["operationId"] for operation in operations(described)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", NAMES)
def test_every_model_has_its_paths(described: Json, name: str) -> None:
    native = {f"/v1/models/{name}/predict", f"/v1/models/{name}/jobs"}
    paths = {*native, f"/v2/models/{name}", f"/v2/models/{name}/infer"}
    assert paths <= described["paths"].keys()
    explained = f"/v1/models/{name}/explain" in described["paths"]
    assert explained == (name != "traffic")


def test_examples_are_of_their_schemas(described: Json) -> None:
    shown = 0
    for operation in operations(described):
        bodies = [operation.get("requestBody", {}), operation["responses"].get("200", {})]
        for content in (body.get("content", {}) for body in bodies):
            for media_type, media in content.items():
                for name, example in media.get("examples", {}).items():
                    check(described, media["schema"], example["value"], f"{media_type} {name}")
                    shown += 1
    assert shown > 10 * len(NAMES)


def check(described: Json, schema: Json, value: Json, what: str) -> None:
    whole = {**schema, "components": described["components"]}
    problems = [error.message[:200] for error in Draft202012Validator(whole).iter_errors(value)]
    assert problems == [], what


def test_headers_that_count_are_described(described: Json) -> None:
    def asked(path: str) -> dict[str, Json]:
        parameters = described["paths"][path]["post"]["parameters"]
        return {each["name"]: each["schema"] for each in parameters if each["in"] == "header"}

    assert asked("/v1/models/iris/predict").keys() == {"x-variant", "Prefer"}
    explain = asked("/v1/models/iris/explain")
    assert explain["x-label"] == {"enum": ["setosa", "versicolor", "virginica"]}
    assert asked("/v1/models/linear_demo/explain").keys() == {"x-variant"}, "it has no labels"
    answers = described["paths"]["/v1/models/iris/predict"]["post"]["responses"]
    assert answers["202"]["headers"].keys() == {"Location", "Preference-Applied"}
    made = described["paths"]["/v1/models/iris/jobs"]["post"]["responses"]["202"]
    assert made["headers"].keys() == {"Location"}
    for name, response in described["components"]["responses"].items():
        headers = response.get("headers", {}).keys()
        assert ("WWW-Authenticate" in headers) == name.startswith("UNAUTHORIZED"), name


def test_a_schema_refuses_what_the_model_would(described: Json) -> None:
    content = described["paths"]["/v1/models/iris/predict"]["post"]["requestBody"]["content"]
    whole = {**content["application/json"]["schema"], "components": described["components"]}
    validator = Draft202012Validator(whole)
    for wrong in ({}, {"instances": []}, {"instances": [[1, 2, 3]]}, {"instances": [["1"] * 4]}):
        assert not validator.is_valid(wrong), wrong


def test_whatever_the_engine_refuses_is_declared(described: Json) -> None:
    predict = described["paths"]["/v1/models/iris/predict"]["post"]["responses"]
    refused = {int(kind.status) for kind in errors.ServingError.__subclasses__()}
    # No other method of this path is described, and nothing here changes what others change.
    refused -= {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.CONFLICT}
    assert {str(int(status)) for status in refused} <= predict.keys()
    assert {"401", "403", "429", "502", "504"} <= predict.keys()


def test_keys_are_asked_for_where_a_model_answers(described: Json) -> None:
    for operation in operations(described):
        open_to_all = operation.get("security") == []
        assert open_to_all == ("403" not in operation["responses"]), operation["path"]
        assert open_to_all == (operation["tags"] == ["fleet"]), operation["path"]
