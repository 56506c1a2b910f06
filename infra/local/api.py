"""What the template says of its REST API, gathered from the resources it is spread over."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.evaluate import Evaluator
from infra.local.gateway_responses import GatewayResponses
from infra.local.proxy import Stage
from infra.local.routes import Routes
from infra.local.usage import Keys, TokenBucket, read_keys
from infra.resources.blocks import Block

_PREFIX = "x-amazon-apigateway-"


class ApiError(Exception):
    """The template has no API, or several."""


@dataclass(frozen=True, slots=True)
class Api:
    """One stage of one REST API, and the keys that its requests are counted for.

    A request's key is the one that its authorizer names, or else the one in header `x-api-key`.
    """

    stage: Stage
    routes: Routes
    responses: GatewayResponses
    keys: Keys
    authorizer_names_key: bool
    throttle: TokenBucket | None
    authorizers: Mapping[str, Block]


def read_api(evaluator: Evaluator) -> Api:
    """The one API of a template.  Raises ApiError, RouteError."""
    apis = evaluator.of_type("AWS::ApiGateway::RestApi")
    stages = list(evaluator.of_type("AWS::ApiGateway::Stage").values())
    if len(apis) != 1 or len(stages) != 1:
        raise ApiError(f"the template has {len(apis)} APIs and {len(stages)} stages, expected one")
    (logical_id, properties), stage = *apis.items(), stages[0]
    body = properties["Body"]
    schemes = body.get("securityDefinitions", {})
    return Api(
        stage=Stage(
            api_id=evaluator.ref(logical_id),
            name=stage["StageName"],
            binary_media_types=tuple(body.get(f"{_PREFIX}binary-media-types", ())),
            variables=stage.get("Variables", {}),
        ),
        routes=Routes(body),
        responses=GatewayResponses(body.get(f"{_PREFIX}gateway-responses", {})),
        keys=_keys(evaluator),
        authorizer_names_key=properties.get("ApiKeySourceType") == "AUTHORIZER",
        throttle=_throttle(stage),
        authorizers={
            name: scheme for name, scheme in schemes.items() if f"{_PREFIX}authorizer" in scheme
        },
    )


def _keys(evaluator: Evaluator) -> Keys:
    def by_ref(kind: str) -> dict[str, Block]:
        return {evaluator.ref(name): block for name, block in evaluator.of_type(kind).items()}

    links = evaluator.of_type("AWS::ApiGateway::UsagePlanKey").values()
    return read_keys(by_ref("AWS::ApiGateway::ApiKey"), by_ref("AWS::ApiGateway::UsagePlan"), links)


def _throttle(stage: Block) -> TokenBucket | None:
    """The stage's own limit, for all methods and all callers together."""
    for settings in stage.get("MethodSettings", []):
        whole = settings["ResourcePath"] == "/*" and settings["HttpMethod"] == "*"
        if whole and "ThrottlingRateLimit" in settings:
            return TokenBucket(settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"])
    return None
