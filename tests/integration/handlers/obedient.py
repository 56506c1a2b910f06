"""A function that does as it is told: what the tests deploy, many times, with other settings."""

import ctypes
import json
import os
import sys
import time
from pathlib import Path

import snapshot_restore_py

HOOKS = []
snapshot_restore_py.register_before_snapshot(HOOKS.append, "before the snapshot")
snapshot_restore_py.register_after_restore(HOOKS.append, "after a restore")


def handler(event, context):
    """Answer any door: an order, an HTTP request with an order as its body, or a queue's batch."""
    if "Records" in event:
        return batch(event)
    if "authorizationToken" in event:
        return authorize(event)
    if "httpMethod" in event:
        return http(event, context)
    return obey(event, context)


def http(event, context):
    """Over HTTP an order is the body; without one the event itself comes back."""
    text = event["body"] or ""
    order = json.loads(text) if text.startswith("{") and "op" in text else {}
    if order.get("op") == "reply":
        return order["reply"]
    answer = obey(order, context) if order else event
    return {"statusCode": 200, "body": json.dumps(answer)}


def obey(order, context):
    """Carry out one order; those without an answer of their own tell who carried them out."""
    answer = ORDERS.get(order.get("op"), lambda order: None)(order)
    if answer is not None:
        return answer
    return {
        "order": order,
        "pid": os.getpid(),
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "version": context.function_version,
        "left_ms": context.get_remaining_time_in_millis(),
        "client": context.client_context and context.client_context.custom,
    }


def fail(order):
    """Raise."""
    raise ValueError(order["message"])


ORDERS = {
    "allocate": lambda order: {"bytes": len(bytearray(order["mb"] * 1024 * 1024))},
    "answer": lambda order: "x" * order["size"],
    "crash": lambda order: os._exit(3),
    "environment": lambda order: dict(os.environ),
    "hooks": lambda order: HOOKS,
    "importable": lambda order: importable(order["names"]),
    "list": lambda order: sorted(os.listdir(order["path"])),
    "raise": fail,
    "segfault": lambda order: ctypes.string_at(0),
    "sleep": lambda order: time.sleep(order["s"]),
    "write": lambda order: {path: write(path, order.get("mb", 0)) for path in order["paths"]},
}


def write(path, mb):
    """None when the file could be written, or what kept it from being."""
    try:
        with open(path.replace("~", os.environ["LAMBDA_TASK_ROOT"]), "wb") as file:
            file.write(bytes(mb * 1024 * 1024) or b"x")
    except OSError as error:
        return error.strerror
    return None


def importable(names):
    """Which of these modules this function could import."""
    return [
        name
        for name in names
        for folder in sys.path
        if Path(folder, name).is_dir() or Path(folder, f"{name}.py").is_file()
    ]


def batch(event):
    """Log what came, and fail as the messages ask."""
    bodies = [json.loads(record["body"]) for record in event["Records"]]
    print("BATCH " + json.dumps(event["Records"]))
    if any(body.get("do") == "raise" for body in bodies):
        raise ValueError("a message asked for it")
    if any(body.get("do") == "misreport" for body in bodies):
        return {"batchItemFailures": [{"id": event["Records"][0]["messageId"]}]}
    if any(body.get("do") == "misname" for body in bodies):
        return {"batchItemFailures": [{"itemIdentifier": "nobody"}]}
    failed = [
        {"itemIdentifier": record["messageId"]}
        for record, body in zip(event["Records"], bodies, strict=True)
        if body.get("do") == "fail"
    ]
    return {"batchItemFailures": failed}


def authorize(event):
    """Let in who says so."""
    if event["authorizationToken"] == "unknown":
        raise Exception("Unauthorized")
    effect = "Allow" if event["authorizationToken"] == "let me in" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {
        "principalId": "me",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenant": "acme"},
    }
