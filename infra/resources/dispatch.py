"""The service for routes that name the model in the body: embeddings, forecasts."""

from infra.resources.alarms import errors_alarm, faults_alarm, latency_alarm
from infra.resources.blocks import Resources, ref, skip_checks, sub
from infra.resources.functions import ALIAS, ARCHITECTURE, environment, function, function_log
from infra.resources.gateway import preflight, route
from infra.resources.release import preference
from infra.resources.roles import allow, function_role

NAME = "dispatch"
PREFIX = "Dispatch"
MEMORY_MB = 512
# As long as the gateway waits.
TIMEOUT_S = 29
RESERVED_CONCURRENCY = 20
DEPLOYMENT = "Canary10Percent5Minutes"

ROUTES = {"Embeddings": "/v1/embeddings", "Forecast": "/v1/timeseries/forecast"}
# The tasks whose models it asks.
TASKS = ("embedding", "forecasting")


def dispatch() -> Resources:
    """Function, role, log and alarms of the service."""
    alarms = {
        **errors_alarm(PREFIX, NAME),
        **faults_alarm(PREFIX, NAME),
        **latency_alarm(PREFIX, NAME, TIMEOUT_S),
    }
    return {
        f"{PREFIX}Function": function(
            PREFIX,
            NAME,
            Description="Embeddings as OpenAI has them, forecasts as KServe has them",
            Handler="functions.dispatch.handler.handler",
            Architectures=[ARCHITECTURE],
            MemorySize=MEMORY_MB,
            Timeout=TIMEOUT_S,
            ReservedConcurrentExecutions=RESERVED_CONCURRENCY,
            Environment=environment(NAME, FLOTILLA_STACK=ref("AWS::StackName")),
            DeploymentPreference=preference(DEPLOYMENT, alarms),
            Events={event: route(path, key=True) for event, path in ROUTES.items()}
            | {f"{event}Preflight": preflight(path) for event, path in ROUTES.items()},
        )
        | skip_checks(CKV_AWS_116="nobody invokes it asynchronously, so nothing gets lost"),
        f"{PREFIX}Role": function_role(PREFIX),
        f"{PREFIX}Logs": function_log(NAME),
        **alarms,
    }


def dispatched(prefix: str, name: str, task: str) -> Resources:
    """What a model adds: that the service may ask its live alias; nothing for other tasks."""
    if task not in TASKS:
        return {}
    function_arn = sub(
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function"
        f":${{AWS::StackName}}-{name}:{ALIAS}"
    )
    document = {
        "Version": "2012-10-17",
        "Statement": [allow(["lambda:InvokeFunction"], function_arn)],
    }
    return {
        f"{prefix}Dispatched": {
            "Type": "AWS::IAM::RolePolicy",
            "Properties": {
                "PolicyName": f"ask-{name}",
                "RoleName": ref(f"{PREFIX}Role"),
                "PolicyDocument": document,
            },
        }
    }
