"""What EventBridge is told about S3, in AWS's words instead of moto's.

moto announces a finished multipart upload twice, gives every event the same sequencer, and
swallows whatever goes wrong on the way to a rule.
"""

import itertools
import logging
import time
from typing import Any
from uuid import uuid4

from moto.events.models import events_backends
from moto.events.utils import EventMessageType
from moto.s3 import notifications

# s3:ObjectCreated:Put -> what `detail.reason` says (Amazon S3 user guide, EventBridge events).
_REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
    "Delete": "DeleteObject",
    "DeleteMarkerCreated": "DeleteObject",
}
_counter = itertools.count(time.time_ns())
_log = logging.getLogger(__name__)


def install() -> None:
    """Take over from moto."""
    notifications._send_event_bridge_message = _announce


def _announce(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
    operation = event_name.split(":")[-1]
    if operation == "Put" and key.multipart is not None:
        return  # CompleteMultipartUpload follows
    backend = events_backends[account_id][bucket.region_name]
    for event_bus in backend.event_buses.values():
        for rule in event_bus.rules.values():
            event = _event(account_id, bucket, event_name, key)
            try:
                rule.send_to_targets(event, transform_input=False)
            except Exception:
                # The object is stored; as in the cloud, its writer is not told of a lost event.
                _log.exception("rule %s could not deliver %s", rule.name, key.name)


def _event(account_id: str, bucket: Any, event_name: str, key: Any) -> EventMessageType:
    operation = event_name.split(":")[-1]
    thing: dict[str, Any] = {
        "key": key.name,
        "size": key.size,
        "etag": key.etag.strip('"'),
        "sequencer": f"{next(_counter):016X}",
    }
    if bucket.is_versioned:
        thing["version-id"] = key.version_id
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": notifications._detail_type(event_name),
        "source": "aws.s3",
        "account": account_id,
        "time": time.time(),  # moto writes it as ISO 8601 when it delivers
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": thing,
            "request-id": uuid4().hex[:16].upper(),
            "requester": account_id,
            "source-ip-address": "127.0.0.1",
            "reason": _REASONS.get(operation, operation),
        },
    }
