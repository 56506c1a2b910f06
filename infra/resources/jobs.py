"""The service for jobs: its function, its table of them, the queue of what is to be done.

Jobs ride on the models' own doors for uploads: the service writes a job's parts below
`in/<model>/jobs/` and reads the answers below `out/<model>/jobs/`.
"""

from infra.resources.alarms import queue_alarms
from infra.resources.blocks import Block, Resources, arn, ref, skip_checks, sub
from infra.resources.functions import ALIAS, ARCHITECTURE, environment, function, function_log
from infra.resources.gateway import preflight, route
from infra.resources.queues import POLLING, polled, queues, rule
from infra.resources.release import preference
from infra.resources.roles import allow, function_role
from infra.resources.storage import RESULTS, UPLOADS
from infra.resources.tables import expiry, table
from serving import keys

NAME = "jobs"
PREFIX = "Jobs"
FUNCTION = f"{PREFIX}Function"
TABLE = f"{PREFIX}Table"
RULE = f"{PREFIX}Rule"
# The parameter that says to which hosts webhooks may go.
WEBHOOK_HOSTS = "WebhookHosts"
# Splitting a file of 256 MiB, or putting as much together, takes CPU.
MEMORY_MB = 1024
TIMEOUT_S = 120
RESERVED_CONCURRENCY = 10
# Each of a batch waits for those before it.
BATCH = 1
POLLER_CONCURRENCY = 5
DEPLOYMENT = "Canary10Percent5Minutes"
ROUTES = {"Jobs": "/v1/jobs", "Job": "/v1/jobs/{proxy+}"}


def parameters() -> dict[str, Block]:
    """What a deployment may say of jobs."""
    return {
        WEBHOOK_HOSTS: {
            "Type": "String",
            "Default": "",
            "Description": "Hosts to which webhooks of jobs may go, separated by commas",
        }
    }


def jobs() -> Resources:
    """Function, role, log, table, queue, rule and alarms of the service."""
    alarms = queue_alarms(PREFIX, NAME, TIMEOUT_S)
    return {
        FUNCTION: _function(alarms),
        f"{PREFIX}Role": _role(),
        f"{PREFIX}Logs": function_log(NAME),
        TABLE: table("caller", "id", TimeToLiveSpecification=expiry("expires")),
        RULE: rule(PREFIX, "Inputs of jobs", UPLOADS, keys.JOBS),
        **queues(PREFIX, NAME, f"{NAME}-dead-letters", TIMEOUT_S, RULE),
        **alarms,
    }


def making(model: str) -> dict[str, Block]:
    """A model's events for the route on which its jobs are made, which is the service's."""
    path = f"/v1/models/{model}/jobs"
    events = {"MakeJob": route(path, key=True), "MakeJobPreflight": preflight(path)}
    for event in events.values():
        event["Properties"]["Function"] = FUNCTION
    return events


def behind_alias() -> Block:
    """The ARN by which a model's function invokes the service."""
    return sub(f"${{{FUNCTION}.Arn}}:{ALIAS}")


def _function(alarms: Resources) -> Block:
    return function(
        PREFIX,
        NAME,
        Description="Jobs: predictions that are made later, for files of many lines",
        Handler=f"functions.{NAME}.handler.handler",
        Architectures=[ARCHITECTURE],
        MemorySize=MEMORY_MB,
        Timeout=TIMEOUT_S,
        ReservedConcurrentExecutions=RESERVED_CONCURRENCY,
        Environment=environment(
            NAME,
            FLOTILLA_UPLOADS_BUCKET=ref(UPLOADS),
            FLOTILLA_RESULTS_BUCKET=ref(RESULTS),
            FLOTILLA_JOBS_TABLE=ref(TABLE),
            FLOTILLA_JOBS_QUEUE=ref(f"{PREFIX}Queue"),
            FLOTILLA_WEBHOOK_HOSTS=ref(WEBHOOK_HOSTS),
        ),
        DeploymentPreference=preference(DEPLOYMENT, alarms),
        Events={
            **{event: route(path, key=True) for event, path in ROUTES.items()},
            **{f"{event}Preflight": preflight(path) for event, path in ROUTES.items()},
            "Tasks": polled(PREFIX, BATCH, POLLER_CONCURRENCY),
        },
    ) | skip_checks(CKV_AWS_116="models invoke it and wait; its queue has dead letters")


def _role() -> Block:
    """Its own objects everywhere; of the models' only those of jobs."""
    parts = keys.job_parts("*", "*")
    answers = [keys.result("*", f"{keys.JOBS}*"), keys.failure("*", f"{keys.JOBS}*")]
    own = f"{keys.JOBS}*"
    return function_role(
        PREFIX,
        allow(
            ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
            arn(TABLE),
        ),
        allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], _objects(UPLOADS, own)),
        allow(["s3:DeleteObject", "s3:PutObject"], _objects(UPLOADS, f"{parts}*")),
        allow(["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], _objects(RESULTS, own)),
        allow(
            ["s3:DeleteObject", "s3:GetObject"], *(_objects(RESULTS, answer) for answer in answers)
        ),
        allow(["s3:ListBucket"], arn(UPLOADS), StringLike={"s3:prefix": [own, f"{parts}*"]}),
        allow(
            ["s3:ListBucket"],
            arn(RESULTS),
            StringLike={"s3:prefix": [answer.removesuffix(".json") for answer in answers]},
        ),
        allow([*POLLING, "sqs:SendMessage"], arn(f"{PREFIX}Queue")),
    )


def _objects(bucket: str, keys_like: str) -> Block:
    return sub(f"${{{bucket}.Arn}}/{keys_like}")
