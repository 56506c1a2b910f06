"""What one model adds to the stack; every name starts with the model's own."""

from infra.resources import jobs, quotas
from infra.resources.alarms import queue_alarms
from infra.resources.blocks import Block, Resources, arn, ref, sub
from infra.resources.dispatch import dispatched
from infra.resources.functions import ARCHITECTURE, environment, function, function_log
from infra.resources.gateway import preflight, route
from infra.resources.queues import POLLING
from infra.resources.release import preference
from infra.resources.roles import allow, function_role
from infra.resources.storage import ARTIFACTS, RESULTS, UPLOADS
from infra.resources.uploads import uploads, uploads_event
from infra.resources.usage import PRICES, counted
from serving import keys
from serving.errors import FolderError
from serving.folder import NAME, ModelFolder


def model(folder: ModelFolder) -> Resources:
    """Function, role, log, queue, rule, alarms of one model.  Raises FolderError."""
    _check(folder)
    prefix = camel(folder.name)
    alarms = queue_alarms(prefix, folder.name, folder.timeout_s)
    return {
        f"{prefix}Function": _function(prefix, folder, alarms),
        f"{prefix}Role": _role(prefix, folder.name),
        f"{prefix}Logs": function_log(folder.name),
        **counted(prefix),
        **dispatched(prefix, folder.name, folder.task),
        **uploads(prefix, folder),
        **alarms,
    }


def camel(name: str) -> str:
    """A name as logical ids have it: `linear_demo` is `LinearDemo`."""
    return "".join(part.capitalize() for part in name.split("_"))


def _function(prefix: str, folder: ModelFolder, alarms: Resources) -> Block:
    block = function(
        prefix,
        folder.name,
        Description=folder.description[: quotas.DESCRIPTION_CHARACTERS],
        Handler="serving.entry.handler",
        Architectures=[folder.architecture],
        MemorySize=folder.memory_mb,
        Timeout=folder.timeout_s,
        ReservedConcurrentExecutions=folder.reserved_concurrency,
        Environment=_environment(folder),
        # Asynchronous invocations that fail for good; uploads get there by way of the queue.
        DeadLetterQueue={"Type": "SQS", "TargetArn": arn(f"{prefix}DeadLetters")},
        DeploymentPreference=preference(folder.deployment, alarms),
        Events={
            **_routes(folder.name),
            **jobs.making(folder.name),
            "Uploads": uploads_event(prefix, folder),
        },
    )
    if folder.snapstart:
        block["Properties"]["SnapStart"] = {"ApplyOn": "PublishedVersions"}
    return block


def _environment(folder: ModelFolder) -> Block:
    return environment(
        folder.name,
        FLOTILLA_MODEL=folder.name,
        FLOTILLA_TRACING="true" if folder.tracing else "false",
        FLOTILLA_ARTIFACTS_BUCKET=ref(ARTIFACTS),
        FLOTILLA_RESULTS_BUCKET=ref(RESULTS),
        FLOTILLA_PRICES=ref(PRICES),
        FLOTILLA_JOBS_FUNCTION=jobs.behind_alias(),
        # onnxruntime's Linux wheels upload telemetry unless told not to.
        ORT_DISABLE_TELEMETRY="1",
        # More threads cost 100 ms of every start, and the model's own do the work.
        OPENBLAS_NUM_THREADS="1",
    )


def _routes(name: str) -> dict[str, Block]:
    paths = {
        "Model": f"/v1/models/{name}",
        "Native": f"/v1/models/{name}/{{proxy+}}",
        "Metadata": f"/v2/models/{name}",
        "Inference": f"/v2/models/{name}/{{proxy+}}",
    }
    return {event: route(path, key=True) for event, path in paths.items()} | {
        f"{event}Preflight": preflight(path) for event, path in paths.items()
    }


def _role(prefix: str, name: str) -> Block:
    """The model's own prefixes and queues, and nobody else's."""
    uploads = f"{keys.upload_prefix(name)}*"
    answers = [keys.result(name, "*"), keys.failure(name, "*")]
    return function_role(
        prefix,
        allow(["s3:GetObject", "s3:GetObjectVersion"], _objects(UPLOADS, uploads)),
        allow(
            ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            *(_objects(RESULTS, answer) for answer in answers),
        ),
        # Who may not list is told 403 where nothing lies, and could not tell that from a refusal.
        _list(UPLOADS, [uploads]),
        _list(RESULTS, answers),
        allow(["s3:GetObject"], _objects(ARTIFACTS, keys.artifact_file(name, "*", "*"))),
        allow([*POLLING], arn(f"{prefix}Queue")),
        allow(["sqs:SendMessage"], arn(f"{prefix}DeadLetters")),
        allow(["lambda:InvokeFunction"], jobs.behind_alias()),
    )


def _objects(bucket: str, keys_like: str) -> Block:
    return sub(f"${{{bucket}.Arn}}/{keys_like}")


def _list(bucket: str, prefixes: list[str]) -> Block:
    return allow(["s3:ListBucket"], arn(bucket), StringLike={"s3:prefix": prefixes})


def _check(folder: ModelFolder) -> None:
    """Refuse what Lambda would take and what then would not work."""
    source = folder.path / NAME
    if folder.architecture != ARCHITECTURE:
        raise FolderError(
            f"{source}: 'architecture' is {folder.architecture!r}, expected {ARCHITECTURE!r}, "
            "as the layers are built for that"
        )
    least = quotas.LEAST_POLLER_CONCURRENCY + 1
    if folder.reserved_concurrency < least:
        raise FolderError(
            f"{source}: 'reserved_concurrency' is {folder.reserved_concurrency}, expected at "
            f"least {least}: uploads take {least - 1}, and HTTP needs one"
        )
