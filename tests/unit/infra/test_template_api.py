"""The REST API: routes, keys, plans, and what it answers by itself."""

import json

import pytest

from tests.unit.infra.fleet import FLEET, Block, of_type, resources

ANY = "x-amazon-apigateway-any-method"
KEYED: list[Block] = [{"Keys": []}, {"api_key": []}]


@pytest.fixture(name="body")
def _body() -> Block:
    body: Block = of_type("AWS::ApiGateway::RestApi")["Api"]["Body"]
    return body


def test_models_routes_ask_for_a_key_and_reach_the_alias(body: Block) -> None:
    routes = {
        ("/v1/models/very_slow", ANY),
        ("/v1/models/very_slow/{proxy+}", ANY),
        ("/v2/models/very_slow", ANY),
        ("/v2/models/very_slow/{proxy+}", ANY),
    }
    found = {
        (path, method)
        for path, methods in body["paths"].items()
        for method, route in methods.items()
        if "VerySlowFunctionAliaslive" in json.dumps(route) and method != "options"
    }
    assert found == routes
    for path, method in routes:
        assert body["paths"][path][method]["security"] == KEYED


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1/models",
        "/v2",
        "/v2/health/live",
        "/v2/health/ready",
        "/v2/models",
        "/v2/repository/index",
        "/{proxy+}",
    ],
)
def test_services_routes_ask_for_none(body: Block, path: str) -> None:
    route = body["paths"][path][ANY]
    assert route["security"] == []
    assert "CatalogFunctionAliaslive" in json.dumps(route)


def test_the_api_may_call_the_functions_that_it_has_routes_to_and_nobody_else_may() -> None:
    permissions = of_type("AWS::Lambda::Permission")
    for name in ("Catalog", "Small", "VerySlow"):
        permission = permissions[f"{name}FunctionPermission"]
        assert permission["FunctionName"] == {"Ref": f"{name}FunctionAliaslive"}
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["SourceArn"]["Fn::Sub"].endswith(":${Api}/*/*")


def test_browsers_may_ask_every_route_without_a_key(body: Block) -> None:
    for path, methods in body["paths"].items():
        asked = methods.get("options", methods[ANY])
        assert asked["security"] == [], path
        assert asked["x-amazon-apigateway-integration"]["type"] == "aws_proxy", path


def test_there_is_one_stage() -> None:
    assert list(of_type("AWS::ApiGateway::Stage")) == ["ApiliveStage"]
    assert all(
        "StageName" not in deployed for deployed in of_type("AWS::ApiGateway::Deployment").values()
    )


def test_uploads_of_binary_types_arrive_as_they_are(body: Block) -> None:
    assert body["x-amazon-apigateway-binary-media-types"] == ["*/*"]


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        ("UNAUTHORIZED", 401, "unauthorized"),
        ("ACCESS_DENIED", 403, "forbidden"),
        ("INVALID_API_KEY", 403, "forbidden"),
        ("MISSING_AUTHENTICATION_TOKEN", 404, "not_found"),
        ("RESOURCE_NOT_FOUND", 404, "not_found"),
        ("REQUEST_TOO_LARGE", 413, "too_large"),
        ("UNSUPPORTED_MEDIA_TYPE", 415, "unsupported_media_type"),
        ("THROTTLED", 429, "too_many_requests"),
        ("QUOTA_EXCEEDED", 429, "too_many_requests"),
        ("INTEGRATION_FAILURE", 502, "bad_gateway"),
        ("INTEGRATION_TIMEOUT", 504, "deadline_exceeded"),
    ],
)
def test_gateway_refuses_in_our_words(body: Block, reason: str, status: int, code: str) -> None:
    response = body["x-amazon-apigateway-gateway-responses"][reason]
    error = json.loads(response["responseTemplates"]["application/json"])["error"]
    assert response["statusCode"] == str(status)
    assert error["code"] == code
    assert error["message"]
    assert error["id"] == "$context.requestId"


def test_what_the_gateway_answers_is_readable_across_origins(body: Block) -> None:
    responses = body["x-amazon-apigateway-gateway-responses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= responses.keys()
    for reason, response in responses.items():
        parameters = response["responseParameters"]
        assert parameters["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'", reason


def test_defaults_keep_the_status_that_the_gateway_chose(body: Block) -> None:
    responses = body["x-amazon-apigateway-gateway-responses"]
    assert "statusCode" not in responses["DEFAULT_4XX"]
    assert "statusCode" not in responses["DEFAULT_5XX"]


def test_accesses_are_logged_as_json_without_the_callers_address() -> None:
    stage = of_type("AWS::ApiGateway::Stage")["ApiliveStage"]
    line = json.loads(stage["AccessLogSetting"]["Format"])
    assert {"id", "status", "path", "latency_ms"} <= line.keys()
    assert "sourceIp" not in json.dumps(line)
    assert stage["AccessLogSetting"]["DestinationArn"]["Fn::GetAtt"][0] == "ApiLogs"
    assert stage["TracingEnabled"] is True


def test_api_waits_for_the_right_to_log() -> None:
    assert resources(*FLEET)["Api"]["DependsOn"] == "ApiAccount"


def test_plans_meter_the_stage() -> None:
    for plan in of_type("AWS::ApiGateway::UsagePlan").values():
        assert plan["ApiStages"] == [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "ApiliveStage"}}]
        assert plan["Throttle"]["BurstLimit"] > 0
        assert plan["Throttle"]["RateLimit"] > 0
        assert plan["Quota"]["Limit"] > 0


def test_free_plan_gives_less_than_the_pro_one() -> None:
    plans = of_type("AWS::ApiGateway::UsagePlan")
    free, pro = plans["FreePlan"], plans["ProPlan"]
    assert free["Throttle"]["RateLimit"] < pro["Throttle"]["RateLimit"]
    assert free["Throttle"]["BurstLimit"] < pro["Throttle"]["BurstLimit"]
    assert free["Quota"]["Limit"] < pro["Quota"]["Limit"]
    assert {plan["Quota"]["Period"] for plan in plans.values()} == {"MONTH"}


def test_requests_are_counted_as_what_the_authorizer_says(body: Block) -> None:
    assert of_type("AWS::ApiGateway::RestApi")["Api"]["ApiKeySourceType"] == "AUTHORIZER"
    kinds = {block["Type"] for block in resources(*FLEET).values()}
    assert "AWS::ApiGateway::ApiKey" not in kinds, "a key is made when somebody asks for one"


def test_authorizer_is_asked_for_every_request_whichever_header_has_the_key(body: Block) -> None:
    """API Gateway would turn a request away that lacks one of several identity sources."""
    settings = body["securityDefinitions"]["Keys"]["x-amazon-apigateway-authorizer"]
    assert settings["type"] == "request"
    assert settings["authorizerResultTtlInSeconds"] == 0
    assert "identitySource" not in settings
    assert "AuthorizerFunctionAliaslive" in json.dumps(settings["authorizerUri"])


def test_401_says_which_credentials_would_do(body: Block) -> None:
    response = body["x-amazon-apigateway-gateway-responses"]["UNAUTHORIZED"]
    challenge = response["responseParameters"]["gatewayresponse.header.WWW-Authenticate"]
    assert challenge == "'Bearer realm=\"flotilla\"'"


def test_one_dashboard_shows_every_model_without_naming_one() -> None:
    (dashboard,) = of_type("AWS::CloudWatch::Dashboard").values()
    body = dashboard["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(body)["widgets"]
    titles = {widget["properties"]["title"] for widget in widgets}
    assert {
        "Requests",
        "Latency, p50 (ms)",
        "Latency, p99 (ms)",
        "Failed with 5xx",
        "Throttles",
    } <= titles
    assert not any(model.name in body for model in FLEET)
