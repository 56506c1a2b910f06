"""Routes: which resource and method a request comes down to."""

from typing import Any

import pytest

from infra.local.routes import Mock, RouteError, Routes, Target

ANY = "x-amazon-apigateway-any-method"
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:{}"


def method(function: str, **more: Any) -> dict[str, Any]:
    """A method that a function answers."""
    integration = {"type": "aws_proxy", "uri": URI.format(FUNCTION.format(function))}
    return {"x-amazon-apigateway-integration": {**integration, **more}}


def routes(paths: dict[str, Any]) -> Routes:
    """The routes of an API with these paths."""
    return Routes({"paths": paths})


def found(where: Routes, verb: str, path: str) -> tuple[str, dict[str, str]] | None:
    """The resource and the parameters of a request."""
    match = where.find(verb, path)
    return (match.resource, dict(match.parameters)) if match else None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ("/", {})),
        ("/v2", ("/v2", {})),
        ("/v2/", ("/v2", {})),
        ("/v2/models/iris", ("/v2/models/iris", {})),
        ("/v2/models/iris/ready", ("/v2/models/iris/{proxy+}", {"proxy": "ready"})),
        ("/v2/models/rose", ("/v2/models/{name}", {"name": "rose"})),
        ("/v2/models/a%20b", ("/v2/models/{name}", {"name": "a b"})),
        ("/v2/models/rose/x/y", ("/{proxy+}", {"proxy": "v2/models/rose/x/y"})),
        ("/v2/models", ("/{proxy+}", {"proxy": "v2/models"})),
        ("/x/1", ("/x/{zed}", {"zed": "1"})),
        ("/x/1/2", ("/x/{all+}", {"all": "1/2"})),
    ],
)
def test_most_specific_resource_is_found(path: str, expected: Any) -> None:
    where = routes(
        {
            "/{proxy+}": {ANY: method("catalog")},
            "/v2/models/{name}": {ANY: method("model")},
            "/v2/models/iris/{proxy+}": {ANY: method("iris")},
            "/v2/models/iris": {ANY: method("iris")},
            "/v2": {ANY: method("catalog")},
            "/x/{all+}": {ANY: method("catalog")},
            "/x/{zed}": {ANY: method("catalog")},
            "/": {ANY: method("catalog")},
        }
    )
    assert found(where, "GET", path) == expected


def test_method_of_its_own_comes_before_any() -> None:
    where = routes({"/a": {"get": method("one"), ANY: method("two:live", timeoutInMillis=500)}})
    get, put = where.find("GET", "/a"), where.find("PUT", "/a")
    assert get is not None
    assert get.method.answers == Target("one", "$LATEST", 29)
    assert put is not None
    assert put.method.answers == Target("two", "live", 0.5)


def test_resource_without_the_method_is_not_found() -> None:
    where = routes({"/a": {"get": method("one")}, "/{proxy+}": {ANY: method("two")}})
    assert where.find("POST", "/a") is None
    assert where.find("GET", "/") is None


def test_preflight_is_read() -> None:
    response = {
        "statusCode": "200",
        "responseParameters": {"method.response.header.X-One": "'1'"},
        "responseTemplates": {"application/json": "{}\n"},
    }
    mock = {"type": "mock", "responses": {"default": response}}
    where = routes({"/a": {"options": {"x-amazon-apigateway-integration": mock}}})
    match = where.find("OPTIONS", "/a")
    assert match is not None
    assert match.method.answers == Mock(200, {"X-One": "1"}, "{}")


@pytest.mark.parametrize(
    ("integration", "message"),
    [
        ({"type": "http", "uri": "https://example.com"}, "'http', expected aws_proxy or mock"),
        ({"type": "aws_proxy", "uri": "arn:aws:states:::x"}, "expected a Lambda function"),
    ],
)
def test_integration_that_is_not_known_is_told(integration: Any, message: str) -> None:
    with pytest.raises(RouteError, match=message):
        routes({"/a": {"get": {"x-amazon-apigateway-integration": integration}}})
