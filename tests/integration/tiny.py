"""A small SAM template and its packages: one obedient handler, deployed with various settings."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.cloud import LocalCloud

HANDLER = Path(__file__).parent / "handlers" / "obedient.py"
Block = dict[str, Any]

KEY, SLOW_KEY, POOR_KEY = "key-of-everyone-else", "key-of-a-slow-caller", "key-of-a-poor-caller"
TIMEOUT_S = 1
CONCURRENCY = 3
MEMORY_MB = 192
TMP_MB = 16
SPARE = tuple(f"spare{number}" for number in range(8))
BATCH = 5
RECEIVES = 3


def template() -> Block:
    """Functions, queues, an upload rule and an API that use what the local cloud can do."""
    return {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            **_api(),
            "Layer": {
                "Type": "AWS::Serverless::LayerVersion",
                "Properties": {"ContentUri": "../build/lambda/layers/extra.zip"},
            },
            "ObedientFunction": _function(
                "obedient",
                Layers=[{"Ref": "Layer"}],
                Environment={"Variables": {"COLOUR": "green", "BUCKET": {"Ref": "UploadsBucket"}}},
                ReservedConcurrentExecutions=8,
                Timeout=20,
                Events=_routes(),
            ),
            "StrictFunction": _function(
                "strict",
                Timeout=TIMEOUT_S,
                MemorySize=MEMORY_MB,
                EphemeralStorage={"Size": TMP_MB},
                ReservedConcurrentExecutions=CONCURRENCY,
                Events={"Strict": _route("ANY", "/strict", key=False)},
            ),
            "BrokenFunction": _function(
                "broken",
                Handler="nowhere.handler",
                Events={"Broken": _route("ANY", "/broken", key=False)},
            ),
            "BouncerFunction": _function("bouncer"),
            "RestoredFunction": _function("restored", SnapStart={"ApplyOn": "PublishedVersions"}),
            **{
                f"{name.capitalize()}Function": _function(
                    name, Events={"Http": _route("ANY", f"/{name}", key=False)}
                )
                for name in SPARE
            },
            **_queue("Polled"),
            **_queue("Naive"),
            **_uploads(),
        },
    }


def packages(folder: Path) -> Path:
    """The build folder of that template."""
    for name in ("obedient", "strict", "broken", "bouncer", "restored", *SPARE):
        (folder / "functions" / name).mkdir(parents=True)
        shutil.copy(HANDLER, folder / "functions" / name / "handler.py")
    (folder / "layers" / "extra" / "python").mkdir(parents=True)
    (folder / "layers" / "extra" / "python" / "from_a_layer.py").write_text("VALUE = 1\n")
    return folder


@contextmanager
def running(folder: Path, **options: Any) -> Iterator[LocalCloud]:
    """A cloud of that template, with its files in `folder`."""
    build = packages(folder / "build")
    with LocalCloud.start(template(), build, logs=folder / "logs", **options) as cloud:
        yield cloud


def order(**what: Any) -> bytes:
    """The body of a request that carries an order to the handler."""
    return json.dumps(what).encode()


def _function(name: str, **properties: Any) -> Block:
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "FunctionName": name,
            "CodeUri": f"../build/lambda/functions/{name}.zip",
            "Handler": "handler.handler",
            "Runtime": "python3.13",
            "MemorySize": 256,
            "Timeout": 10,
            "AutoPublishAlias": "live",
            **properties,
        },
    }


def _route(method: str, path: str, *, key: bool, **properties: Any) -> Block:
    auth = {"ApiKeyRequired": key, **properties.pop("Auth", {})}
    return {
        "Type": "Api",
        "Properties": {
            "RestApiId": {"Ref": "Api"},
            "Method": method,
            "Path": path,
            "Auth": auth,
            **properties,
        },
    }


def _routes() -> dict[str, Block]:
    return {
        "Everything": _route("ANY", "/things/{proxy+}", key=True),
        "Named": _route("GET", "/things/{name}/parts", key=True),
        "Fixed": _route("GET", "/things/blue/parts", key=True),
        "Open": _route("ANY", "/open", key=False),
        "Hasty": _route("POST", "/hasty", key=False, TimeoutInMillis=100),
        "Guarded": _route("GET", "/guarded", key=False, Auth={"Authorizer": "Bouncer"}),
        "Queue": _source(
            "Polled", BatchSize=BATCH, FunctionResponseTypes=["ReportBatchItemFailures"]
        ),
        "NaiveQueue": _source("Naive", BatchSize=BATCH),
    }


def _source(queue: str, **properties: Any) -> Block:
    return {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": [queue, "Arn"]}, **properties}}


def _queue(name: str) -> dict[str, Block]:
    """A queue whose messages come back after a second, three times at most."""
    dead = f"{name}Dead"
    redrive = {"deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]}, "maxReceiveCount": RECEIVES}
    return {
        name: {
            "Type": "AWS::SQS::Queue",
            "Properties": {"VisibilityTimeout": 1, "RedrivePolicy": redrive},
        },
        dead: {"Type": "AWS::SQS::Queue", "Properties": {}},
    }


def _uploads() -> dict[str, Block]:
    """A bucket whose objects below `in/thing/` are announced to a queue that nobody polls."""
    return {
        "UploadsBucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "NotificationConfiguration": {
                    "EventBridgeConfiguration": {"EventBridgeEnabled": True}
                },
            },
        },
        "Announced": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "UploadRule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {
                    "source": ["aws.s3"],
                    "detail-type": ["Object Created"],
                    "detail": {
                        "bucket": {"name": [{"Ref": "UploadsBucket"}]},
                        "object": {"key": [{"prefix": "in/thing/"}]},
                    },
                },
                "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": ["Announced", "Arn"]}}],
            },
        },
    }


def _api() -> dict[str, Block]:
    return {
        "Api": {
            "Type": "AWS::Serverless::Api",
            "Properties": {
                "StageName": "test",
                "OpenApiVersion": "2.0",
                "BinaryMediaTypes": ["image~1*"],
                "Cors": {"AllowOrigin": "'*'", "AllowHeaders": "'content-type'"},
                "Auth": {
                    "ApiKeyRequired": True,
                    "AddApiKeyRequiredToCorsPreflight": False,
                    "AddDefaultAuthorizerToCorsPreflight": False,
                    "Authorizers": {
                        "Bouncer": {"FunctionArn": {"Fn::GetAtt": ["BouncerFunction", "Arn"]}}
                    },
                },
                "GatewayResponses": {
                    "INVALID_API_KEY": {
                        "StatusCode": 403,
                        "ResponseParameters": {"Headers": {"X-Why": "'key'"}},
                        "ResponseTemplates": {
                            "application/json": '{"own": $context.error.messageString}'
                        },
                    }
                },
            },
        },
        **_plan("Usual", KEY, {"Throttle": {"RateLimit": 1000, "BurstLimit": 1000}}),
        **_plan("Slow", SLOW_KEY, {"Throttle": {"RateLimit": 0.01, "BurstLimit": 2}}),
        **_plan("Poor", POOR_KEY, {"Quota": {"Limit": 2, "Period": "MONTH"}}),
    }


def _plan(name: str, key: str, limits: Block) -> dict[str, Block]:
    stages = [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Api.Stage"}}]
    link = {"KeyId": {"Ref": f"{name}Key"}, "UsagePlanId": {"Ref": f"{name}Plan"}}
    return {
        f"{name}Plan": {
            "Type": "AWS::ApiGateway::UsagePlan",
            "Properties": {"ApiStages": stages, **limits},
        },
        f"{name}Key": {
            "Type": "AWS::ApiGateway::ApiKey",
            "Properties": {"Value": key, "Enabled": True},
        },
        f"{name}PlanKey": {
            "Type": "AWS::ApiGateway::UsagePlanKey",
            "Properties": {**link, "KeyType": "API_KEY"},
        },
    }
