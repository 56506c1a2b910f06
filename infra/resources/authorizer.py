"""The service that says who a caller is; the API asks it for every route that takes a key."""

from infra.resources.alarms import faults_alarm, latency_alarm
from infra.resources.blocks import Resources, arn, ref, skip_checks
from infra.resources.functions import ARCHITECTURE, environment, function, function_log
from infra.resources.release import preference
from infra.resources.roles import allow, function_role
from infra.resources.tables import KEYS

NAME = "authorizer"
PREFIX = "Authorizer"
# Its cold start is a caller's wait, and it is CPU; a warm one takes a millisecond.
MEMORY_MB = 1024
TIMEOUT_S = 5
# Every request with a key passes here, for a millisecond.
RESERVED_CONCURRENCY = 50
DEPLOYMENT = "Canary10Percent5Minutes"
# How long a sandbox trusts what it read of a key: so long a revoked one may still be let in.
KEPT_S = 15


def authorizer() -> Resources:
    """Function, role, log and alarms of the service.

    No alarm on Lambda's errors: an authorizer turns a stranger away by raising.
    """
    alarms = faults_alarm(PREFIX, NAME) | latency_alarm(PREFIX, NAME, TIMEOUT_S)
    return {
        f"{PREFIX}Function": function(
            PREFIX,
            NAME,
            Description="Says who a caller is, and whether the key is for the model asked",
            Handler="handler.handler",
            Architectures=[ARCHITECTURE],
            MemorySize=MEMORY_MB,
            Timeout=TIMEOUT_S,
            ReservedConcurrentExecutions=RESERVED_CONCURRENCY,
            Environment=environment(
                NAME, FLOTILLA_KEYS_TABLE=ref(KEYS), FLOTILLA_KEYS_KEPT_S=str(KEPT_S)
            ),
            DeploymentPreference=preference(DEPLOYMENT, alarms),
        )
        | skip_checks(CKV_AWS_116="nobody invokes it asynchronously, so nothing gets lost"),
        f"{PREFIX}Role": function_role(PREFIX, allow(["dynamodb:GetItem"], arn(KEYS))),
        f"{PREFIX}Logs": function_log(NAME),
        **alarms,
    }
