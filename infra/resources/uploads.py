"""A model's door for uploads: its rule, its queue, and how many of them it answers at once."""

from infra.resources import quotas
from infra.resources.blocks import Block, Resources
from infra.resources.queues import polled, queues, rule
from infra.resources.storage import UPLOADS
from serving import keys
from serving.folder import ModelFolder

# Uploads that a function is handed together.  Few, as those of a batch share one timeout.
BATCH = 5
# How many of a function's reserved instances uploads may take; the others answer HTTP.
SHARE = 2


def uploads(prefix: str, folder: ModelFolder) -> Resources:
    """What brings `in/<model>/...` to the model's function."""
    name, own_rule = folder.name, f"{prefix}UploadRule"
    return {
        own_rule: rule(prefix, f"Uploads for {name}", UPLOADS, keys.upload_prefix(name)),
        **queues(prefix, f"{name}-uploads", f"{name}-dead-letters", folder.timeout_s, own_rule),
    }


def uploads_event(prefix: str, folder: ModelFolder) -> Block:
    """The function's event: batches from the queue."""
    return polled(prefix, BATCH, poller_concurrency(folder))


def poller_concurrency(folder: ModelFolder) -> int:
    """How many batches may run at once: below the reserved concurrency, or SQS is throttled."""
    return max(quotas.LEAST_POLLER_CONCURRENCY, folder.reserved_concurrency // SHARE)
