"""Which models a key is for, and which model a route names."""

import pytest

from serving import scopes
from serving.errors import Forbidden


@pytest.mark.parametrize(
    ("granted", "model", "allowed"),
    [
        ("*", "iris", True),
        ("iris", "iris", True),
        ("digits,iris", "iris", True),
        ("iris", "iris2", False),
        ("iris2", "iris", False),
        ("", "iris", False),
        ("digits", "*", False),
    ],
)
def test_scopes_are_whole_names_or_everything(granted: str, model: str, allowed: bool) -> None:
    assert scopes.allows(granted, model) is allowed


def test_refusal_names_what_the_key_is_for() -> None:
    scopes.require("digits,iris", "iris")
    with pytest.raises(Forbidden, match="this key is for digits, iris, not for traffic"):
        scopes.require("digits,iris", "traffic")


@pytest.mark.parametrize(
    ("resource", "parameters", "model"),
    [
        ("/v1/models/iris/{proxy+}", {"proxy": "../digits/predict"}, "iris"),
        ("/v2/models/iris", None, "iris"),
        ("/v1/models/{model}/jobs", {"model": "iris"}, "iris"),
        ("/v1/models/{proxy+}", None, None),
        ("/v1/usage", None, None),
        ("/v1/embeddings", None, None),
        ("/{proxy+}", {"proxy": "v1/models/iris/x"}, None),
    ],
)
def test_model_is_the_one_of_the_route(
    resource: str, parameters: dict[str, str] | None, model: str | None
) -> None:
    assert scopes.named_by(resource, parameters) == model
