"""The REST API that every model hangs its routes on, its keys and its plans.

The routes are events of the functions, so the API here knows none; SAM collects them and gives the
deployment a new name whenever they change.
"""

import json

from infra.resources import authorizer
from infra.resources.blocks import Block, Resources, arn, ref, stack_name, sub
from infra.resources.functions import log_group
from infra.resources.roles import trust

API = "Api"
STAGE = "live"
# The authorizer, by the name that the API's routes have for it.
KEYS = "Keys"

# A body of any other type is decoded as UTF-8 and arrives corrupted (API Gateway developer guide,
# Binary media types for REST APIs), and clients of the Open Inference Protocol send binary tensors
# with no type at all.  API Gateway's own answer to OPTIONS fails under it, so functions give it.
BINARY_MEDIA_TYPES = ("*/*",)

# plan -> what a key on it may do.  Best effort, as API Gateway says of them: a meter, not a wall.
PLANS: dict[str, Block] = {
    "free": {
        "Throttle": {"RateLimit": 5, "BurstLimit": 10},
        "Quota": {"Limit": 10_000, "Period": "MONTH"},
    },
    "pro": {
        "Throttle": {"RateLimit": 2_000, "BurstLimit": 1_000},
        "Quota": {"Limit": 10_000_000, "Period": "MONTH"},
    },
}
# What one method may do for all callers together, those without a key included; an account has
# 10,000 requests a second and a burst of 5,000 for all its APIs (Amazon API Gateway quotas).
STAGE_THROTTLE = {"ThrottlingRateLimit": 5_000, "ThrottlingBurstLimit": 2_500}

# response type -> status, code and message, where API Gateway answers in place of a function.
REFUSALS = {
    "UNAUTHORIZED": (
        401,
        "unauthorized",
        "the key is missing or not valid, expected header 'Authorization: Bearer flt_...' "
        "or 'x-api-key: flt_...'",
    ),
    # Only our authorizer denies access, and it says why.
    "ACCESS_DENIED": (403, "forbidden", "$context.authorizer.reason"),
    "EXPIRED_TOKEN": (403, "forbidden", "the token has expired"),
    "INVALID_SIGNATURE": (403, "forbidden", "the signature does not match the request"),
    "WAF_FILTERED": (403, "forbidden", "the request was filtered"),
    # The authorizer knows the key, and API Gateway does not know what it is counted as.
    "INVALID_API_KEY": (403, "forbidden", "this key has no plan"),
    # API Gateway says so of any path that it has no route for.
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found", "no such route"),
    "RESOURCE_NOT_FOUND": (404, "not_found", "no such route"),
    "REQUEST_TOO_LARGE": (
        413,
        "too_large",
        "the request is over 6 MB, base64 included: upload it to the bucket instead",
    ),
    "UNSUPPORTED_MEDIA_TYPE": (415, "unsupported_media_type", "this media type is not read"),
    "THROTTLED": (429, "too_many_requests", "too many requests a second: slow down"),
    "QUOTA_EXCEEDED": (429, "too_many_requests", "the quota of this key is used up"),
    "AUTHORIZER_FAILURE": (500, "internal", "the key could not be checked"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "internal", "the key could not be checked"),
    "INTEGRATION_FAILURE": (502, "bad_gateway", "the function could not be reached"),
    "INTEGRATION_TIMEOUT": (504, "deadline_exceeded", "the function did not answer in time"),
}
# What a 401 must say besides: which credentials would do (RFC 9110, section 15.5.2).
_CHALLENGE = {"WWW-Authenticate": "'Bearer realm=\"flotilla\"'"}
# The rest keeps the status that API Gateway chose.
_DEFAULTS = {
    "DEFAULT_4XX": ("bad_request", "the request was refused"),
    "DEFAULT_5XX": ("internal", "something broke on our side"),
}

_ACCESS_LOG = {
    "id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "bytes": "$context.responseLength",
    "latency_ms": "$context.responseLatency",
    "integration_ms": "$context.integrationLatency",
    "caller": "$context.authorizer.caller",
    "trace": "$context.xrayTraceId",
}


def gateway() -> Resources:
    """The API with its access log and the plans; keys are made by `flotilla keys`."""
    return {
        API: _api(),
        "ApiLogs": log_group(sub("/aws/apigateway/${AWS::StackName}")),
        **_log_delivery(),
        **{f"{name.capitalize()}Plan": _plan(name, limits) for name, limits in PLANS.items()},
    }


def route(path: str, *, key: bool) -> Block:
    """A function's event: one route of the API, open to everyone or to callers with a key.

    It takes every method, as the function knows better what to say of those that it lacks.
    """
    return {
        "Type": "Api",
        "Properties": {
            "RestApiId": ref(API),
            "Method": "ANY",
            "Path": path,
            "Auth": {"ApiKeyRequired": key, **({"Authorizer": KEYS} if key else {})},
        },
    }


def preflight(path: str) -> Block:
    """A function's event: a route's OPTIONS, for which browsers send no key."""
    block = route(path, key=False)
    block["Properties"]["Method"] = "OPTIONS"
    return block


def url() -> Block:
    """Where the stage answers."""
    return sub(f"https://${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{STAGE}")


def _api() -> Block:
    return {
        "Type": "AWS::Serverless::Api",
        # Without the account's logging role in place a stage with an access log is refused.
        "DependsOn": "ApiAccount",
        "Properties": {
            "Name": ref("AWS::StackName"),
            "Description": "One route per model: native, and Open Inference Protocol v2.",
            "StageName": STAGE,
            # Stating one keeps SAM from adding a second stage.
            "OpenApiVersion": "2.0",
            "EndpointConfiguration": {"Type": "REGIONAL"},
            "TracingEnabled": True,
            "BinaryMediaTypes": [name.replace("/", "~1") for name in BINARY_MEDIA_TYPES],
            # Requests are counted as what the authorizer says, not as what the caller sends.
            "ApiKeySourceType": "AUTHORIZER",
            "Auth": {
                "ApiKeyRequired": True,
                "Authorizers": {
                    KEYS: {
                        "FunctionArn": ref(f"{authorizer.PREFIX}Function.Alias"),
                        "FunctionPayloadType": "REQUEST",
                        # API Gateway would want every header that it keeps answers under, and a
                        # key is in one of two; without keeping any it wants none.
                        "Identity": {"ReauthorizeEvery": 0},
                    }
                },
            },
            "AccessLogSetting": {
                "DestinationArn": arn("ApiLogs"),
                "Format": json.dumps(_ACCESS_LOG),
            },
            "MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", **STAGE_THROTTLE}],
            "GatewayResponses": _gateway_responses(),
        },
    }


def _gateway_responses() -> Block:
    fixed = {
        name: {"StatusCode": status, **_refusal(code, message)}
        for name, (status, code, message) in REFUSALS.items()
    }
    fixed["UNAUTHORIZED"]["ResponseParameters"]["Headers"] |= _CHALLENGE
    return fixed | {name: _refusal(*default) for name, default in _DEFAULTS.items()}


def _refusal(code: str, message: str) -> Block:
    """A reply in the same envelope as the engine's own errors, readable across origins."""
    error = {"code": code, "message": message, "id": "$context.requestId"}
    return {
        "ResponseParameters": {"Headers": {"Access-Control-Allow-Origin": "'*'"}},
        "ResponseTemplates": {"application/json": json.dumps({"error": error})},
    }


def _plan(name: str, limits: Block) -> Block:
    return {
        "Type": "AWS::ApiGateway::UsagePlan",
        "Properties": {
            "UsagePlanName": stack_name(name),
            "ApiStages": [{"ApiId": ref(API), "Stage": ref(f"{API}.Stage")}],
            **limits,
        },
    }


def _log_delivery() -> Resources:
    """The role with which API Gateway writes logs: one per account and region, so it is kept."""
    return {
        "ApiAccount": {
            "Type": "AWS::ApiGateway::Account",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"CloudWatchRoleArn": arn("ApiLoggingRole")},
        },
        "ApiLoggingRole": {
            "Type": "AWS::IAM::Role",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "AssumeRolePolicyDocument": trust("apigateway.amazonaws.com"),
                "ManagedPolicyArns": [
                    sub(
                        "arn:${AWS::Partition}:iam::aws:policy/service-role/"
                        "AmazonAPIGatewayPushToCloudWatchLogs"
                    )
                ],
            },
        },
    }
