"""The service that counts what callers use: fed by the models' logs, asked at `/v1/usage`."""

from infra.resources.alarms import queue_alarms
from infra.resources.blocks import Block, Resources, arn, ref, sub
from infra.resources.functions import ARCHITECTURE, environment, function, function_log
from infra.resources.gateway import preflight, route
from infra.resources.queues import dead_letters, policy
from infra.resources.release import preference
from infra.resources.roles import allow, function_role
from infra.resources.tables import USAGE

NAME = "usage"
PREFIX = "Usage"
# The parameter that says what is paid for instead of the list's prices.
PRICES = "Prices"
MEMORY_MB = 512
TIMEOUT_S = 30
RESERVED_CONCURRENCY = 5
DEPLOYMENT = "Canary10Percent5Minutes"
ROUTE = "/v1/usage"
# The lines that models write of requests whose caller is known.
PATTERN = '{ $.caller = "key_*" }'

_DEAD_LETTERS = f"{PREFIX}DeadLetters"
_PERMISSION = f"{PREFIX}LogsPermission"


def parameters() -> dict[str, Block]:
    """What a deployment may say of prices."""
    return {
        PRICES: {
            "Type": "String",
            "Default": "",
            "Description": "Prices other than the list's, US dollars: gateway_call:0,request:1e-7",
        }
    }


def usage() -> Resources:
    """Function, role, log, dead letters and alarms of the service."""
    alarms = queue_alarms(PREFIX, NAME, TIMEOUT_S)
    return {
        f"{PREFIX}Function": _function(alarms),
        f"{PREFIX}Role": function_role(
            PREFIX,
            allow(["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"], arn(USAGE)),
            allow(["sqs:SendMessage"], arn(_DEAD_LETTERS)),
        ),
        f"{PREFIX}Logs": function_log(NAME),
        _PERMISSION: _permission(),
        # Deliveries that could not be counted; Lambda sends them there by the function's own role.
        _DEAD_LETTERS: dead_letters(f"{NAME}-dead-letters"),
        f"{_DEAD_LETTERS}Policy": policy(_DEAD_LETTERS),
        **alarms,
    }


def counted(prefix: str) -> Resources:
    """What brings the lines of a model's log to the service."""
    return {
        f"{prefix}Usage": {
            "Type": "AWS::Logs::SubscriptionFilter",
            "DependsOn": _PERMISSION,
            "Properties": {
                "LogGroupName": ref(f"{prefix}Logs"),
                "FilterPattern": PATTERN,
                "DestinationArn": ref(f"{PREFIX}Function.Alias"),
            },
        }
    }


def _function(alarms: Resources) -> Block:
    return function(
        PREFIX,
        NAME,
        Description="Counts what callers use, and tells them",
        Handler=f"functions.{NAME}.handler.handler",
        Architectures=[ARCHITECTURE],
        MemorySize=MEMORY_MB,
        Timeout=TIMEOUT_S,
        ReservedConcurrentExecutions=RESERVED_CONCURRENCY,
        Environment=environment(
            NAME,
            FLOTILLA_USAGE_TABLE=ref(USAGE),
            FLOTILLA_ARCHITECTURE=ARCHITECTURE,
            FLOTILLA_PRICES=ref(PRICES),
        ),
        DeadLetterQueue={"Type": "SQS", "TargetArn": arn(_DEAD_LETTERS)},
        DeploymentPreference=preference(DEPLOYMENT, alarms),
        Events={"Usage": route(ROUTE, key=True), "UsagePreflight": preflight(ROUTE)},
    )


def _permission() -> Block:
    """One for the logs of all functions of the stack: the service does not know the models."""
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": ref(f"{PREFIX}Function.Alias"),
            "Principal": "logs.amazonaws.com",
            "SourceAccount": ref("AWS::AccountId"),
            "SourceArn": sub(
                "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}"
                ":log-group:/aws/lambda/${AWS::StackName}-*:*"
            ),
        },
    }
