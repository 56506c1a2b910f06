"""The service that answers for the fleet as a whole: playground, health, the list of models."""

from infra.resources.alarms import errors_alarm, latency_alarm
from infra.resources.blocks import Resources, skip_checks
from infra.resources.functions import ARCHITECTURE, environment, function, function_log
from infra.resources.gateway import route
from infra.resources.release import preference
from infra.resources.roles import function_role

NAME = "catalog"
PREFIX = "Catalog"
MEMORY_MB = 512
TIMEOUT_S = 10
# A first visit to the playground asks for a dozen files at once.
RESERVED_CONCURRENCY = 30
DEPLOYMENT = "Canary10Percent5Minutes"

# event -> path.  The parents of the models' routes are named, as API Gateway does not fall back
# from them to the catch-all.  None asks for a key: nothing here runs a model.
ROUTES = {
    "Playground": "/",
    "Server": "/v2",
    "Live": "/v2/health/live",
    "Ready": "/v2/health/ready",
    "Models": "/v2/models",
    "OpenAIModels": "/v1/models",
    "Repository": "/v2/repository/index",
    "CatchAll": "/{proxy+}",
}


def catalog() -> Resources:
    """Function, role, log and alarms of the service."""
    alarms = errors_alarm(PREFIX, NAME) | latency_alarm(PREFIX, NAME, TIMEOUT_S)
    return {
        f"{PREFIX}Function": function(
            PREFIX,
            NAME,
            Description="Pages, health, list of models, and 404 for everything else",
            Handler="functions.catalog.handler.handler",
            Architectures=[ARCHITECTURE],
            MemorySize=MEMORY_MB,
            Timeout=TIMEOUT_S,
            ReservedConcurrentExecutions=RESERVED_CONCURRENCY,
            Environment=environment(NAME, FLOTILLA_TRACING="true"),
            DeploymentPreference=preference(DEPLOYMENT, alarms),
            Events={name: route(path, key=False) for name, path in ROUTES.items()},
        )
        | skip_checks(CKV_AWS_116="nobody invokes it asynchronously, so nothing gets lost"),
        f"{PREFIX}Role": function_role(PREFIX),
        f"{PREFIX}Logs": function_log(NAME),
        **alarms,
    }
