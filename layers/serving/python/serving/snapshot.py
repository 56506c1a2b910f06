"""SnapStart: what is done before a function's snapshot is taken, and after one is restored.

Lambda calls these hooks when a model's facts switch SnapStart on.  Before the snapshot the graph
answers the artifact's own examples, so that what the first runs allocate and import is in it.
After a restore whatever holds a connection or credentials is made anew.
"""

import binascii
import json
from collections.abc import Callable

from serving.http import JSON, Request
from serving.routes import Router
from serving.types import JsonObject

INITIALIZATION = "snap-start"


def register(router: Router, examples: bytes, renew: Callable[[], None]) -> None:
    """Put both hooks where the runtime client looks for them; `renew` runs after a restore."""
    from snapshot_restore_py import register_after_restore, register_before_snapshot

    register_before_snapshot(warm, router, examples)
    register_after_restore(renew)


def warm(router: Router, examples: bytes) -> None:
    """Answer each example of an artifact once.  Raises ServingError when one cannot be."""
    for example in json.loads(examples)["examples"]:
        router.respond(_request(router.service.name, example), usage=lambda _: {})


def _request(model: str, example: JsonObject) -> Request:
    version = "v2" if example["operation"] == "infer" else "v1"
    return Request(
        method="POST",
        path=f"/{version}/models/{model}/{example['operation']}",
        headers={"content-type": example["media_type"]},
        body=_body(example),
    )


def _body(example: JsonObject) -> bytes:
    """A body in base64, or as text when it is no JSON, or as JSON."""
    if "body_base64" in example:
        return binascii.a2b_base64(example["body_base64"])
    if isinstance(example["body"], str) and example["media_type"] != JSON:
        return example["body"].encode()
    return json.dumps(example["body"]).encode()
