"""The REST API that every model hangs its routes on, its keys and its plans.

The routes are events of the functions, so the API here knows none; SAM collects them and gives the
deployment a new name whenever they change.
"""

import json
from http import HTTPStatus

from infra.resources.blocks import Block, Resources, arn, ref, stack_name, sub
from infra.resources.functions import log_group
from infra.resources.roles import trust

API = "Api"
STAGE = "live"
API_KEY = "StandardKey"

# Uploads of other types would be decoded as UTF-8 and arrive corrupted (API Gateway developer
# guide, Binary media types for REST APIs).  `*/*` is not an option: it breaks OPTIONS.
BINARY_MEDIA_TYPES = ("application/octet-stream", "audio/*", "image/*")

# What a key may do.  Best effort, as API Gateway says of its plans: a meter, not a wall.
FREE = {"Throttle": {"RateLimit": 5, "BurstLimit": 10}, "Quota": {"Limit": 1_000, "Period": "DAY"}}
STANDARD = {
    "Throttle": {"RateLimit": 2_000, "BurstLimit": 1_000},
    "Quota": {"Limit": 10_000_000, "Period": "MONTH"},
}
# What one method may do for all callers together, those without a key included; an account has
# 10,000 requests a second and a burst of 5,000 for all its APIs (Amazon API Gateway quotas).
STAGE_THROTTLE = {"ThrottlingRateLimit": 5_000, "ThrottlingBurstLimit": 2_500}

# response type -> status and message, where API Gateway answers in place of a function.
_REFUSALS = {
    "UNAUTHORIZED": (HTTPStatus.UNAUTHORIZED, "credentials are missing or not valid"),
    "ACCESS_DENIED": (HTTPStatus.FORBIDDEN, "these credentials may not do this"),
    "EXPIRED_TOKEN": (HTTPStatus.FORBIDDEN, "the token has expired"),
    "INVALID_SIGNATURE": (HTTPStatus.FORBIDDEN, "the signature does not match the request"),
    "WAF_FILTERED": (HTTPStatus.FORBIDDEN, "the request was filtered"),
    "INVALID_API_KEY": (
        HTTPStatus.FORBIDDEN,
        "header 'x-api-key' is missing or holds no valid key",
    ),
    # API Gateway says so of any path that it has no route for.
    "MISSING_AUTHENTICATION_TOKEN": (HTTPStatus.NOT_FOUND, "no such route"),
    "RESOURCE_NOT_FOUND": (HTTPStatus.NOT_FOUND, "no such route"),
    "REQUEST_TOO_LARGE": (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "the request is over 6 MB, base64 included: upload it to the bucket instead",
    ),
    "UNSUPPORTED_MEDIA_TYPE": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "this media type is not read"),
    "THROTTLED": (HTTPStatus.TOO_MANY_REQUESTS, "too many requests a second: slow down"),
    "QUOTA_EXCEEDED": (HTTPStatus.TOO_MANY_REQUESTS, "the quota of this key is used up"),
    "INTEGRATION_FAILURE": (HTTPStatus.BAD_GATEWAY, "the function could not be reached"),
    "INTEGRATION_TIMEOUT": (HTTPStatus.GATEWAY_TIMEOUT, "the function did not answer in time"),
}
# The rest keeps the status that API Gateway chose.
_DEFAULTS = {
    "DEFAULT_4XX": (HTTPStatus.BAD_REQUEST, "the request was refused"),
    "DEFAULT_5XX": (HTTPStatus.INTERNAL_SERVER_ERROR, "something broke on our side"),
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
    "key_id": "$context.identity.apiKeyId",
    "trace": "$context.xrayTraceId",
}


def gateway() -> Resources:
    """The API with its access log, the plans and the first key."""
    return {
        API: _api(),
        "ApiLogs": log_group(sub("/aws/apigateway/${AWS::StackName}")),
        **_log_delivery(),
        "FreePlan": _plan("free", FREE),
        "StandardPlan": _plan("standard", STANDARD),
        API_KEY: {
            "Type": "AWS::ApiGateway::ApiKey",
            "Properties": {"Name": stack_name("standard"), "Enabled": True},
        },
        "StandardPlanKey": {
            "Type": "AWS::ApiGateway::UsagePlanKey",
            "Properties": {
                "KeyId": ref(API_KEY),
                "KeyType": "API_KEY",
                "UsagePlanId": ref("StandardPlan"),
            },
        },
    }


def route(path: str, *, key: bool) -> Block:
    """A function's event: one route of the API, open to everyone or to holders of a key.

    It takes every method, as the function knows better what to say of those that it lacks.
    """
    return {
        "Type": "Api",
        "Properties": {
            "RestApiId": ref(API),
            "Method": "ANY",
            "Path": path,
            "Auth": {"ApiKeyRequired": key},
        },
    }


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
            # Stating one keeps SAM from adding a second stage; 3.0 garbles the headers of OPTIONS.
            "OpenApiVersion": "2.0",
            "EndpointConfiguration": {"Type": "REGIONAL"},
            "TracingEnabled": True,
            "BinaryMediaTypes": [name.replace("/", "~1") for name in BINARY_MEDIA_TYPES],
            # Browsers send no key with the OPTIONS that asks whether they may.
            "Auth": {"ApiKeyRequired": True, "AddApiKeyRequiredToCorsPreflight": False},
            "Cors": {
                "AllowOrigin": "'*'",
                "AllowMethods": "'GET,POST,OPTIONS'",
                "AllowHeaders": "'content-type,x-api-key'",
                "MaxAge": "'86400'",
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
        name: {"StatusCode": status.value, **_refusal(status, message)}
        for name, (status, message) in _REFUSALS.items()
    }
    return fixed | {name: _refusal(*default) for name, default in _DEFAULTS.items()}


def _refusal(status: HTTPStatus, message: str) -> Block:
    """A reply in the same envelope as the engine's own errors, readable across origins."""
    error = {"code": status.name.lower(), "message": message, "id": "$context.requestId"}
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
