"""Subscription filters: what functions print, handed to another function as CloudWatch Logs does.

It looks into the logs a few times a second, so nothing of it is on a request's way.
Format: Amazon CloudWatch Logs user guide, "Subscription filters with AWS Lambda".
"""

import asyncio
import base64
import gzip
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from infra.local.code import ACCOUNT
from infra.local.evaluate import Evaluator
from infra.local.function import LATEST, UnknownQualifier
from infra.local.invocation import Call, Outcome, Throttled
from infra.resources.blocks import Block

_LOOK_EVERY_S = 0.25
# Lambda tries an asynchronous invocation three times in all.
_ATTEMPTS = 3
_PAUSE_S = 1.0
# `{ $.caller = "key_*" }`, the one form of pattern that is understood.
_JSON_FIELD = re.compile(r'\{\s*\$\.(\w+)\s*=\s*"([^"]*)"\s*\}')
_ID_DIGITS = 56
_log = logging.getLogger(__name__)

Matches = Callable[[str], bool]


class SubscriptionError(Exception):
    """The template has a subscription filter that the local cloud does not know."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A function's log, which of its lines are wanted, and the function that gets them."""

    source: str
    group: str
    pattern: str
    function: str
    qualifier: str


def read_subscriptions(evaluator: Evaluator) -> list[Subscription]:
    """The template's subscription filters.  Raises SubscriptionError."""
    writers = {
        properties["LoggingConfig"]["LogGroup"]: evaluator.name(name)
        for name, properties in evaluator.of_type("AWS::Lambda::Function").items()
        if "LogGroup" in properties.get("LoggingConfig", {})
    }
    subscriptions = []
    for name, properties in evaluator.of_type("AWS::Logs::SubscriptionFilter").items():
        group = properties["LogGroupName"]
        if group not in writers:
            raise SubscriptionError(f"{name}: no function writes to the log group {group!r}")
        matching(properties["FilterPattern"])
        target = properties["DestinationArn"].rpartition(":function:")[2]
        function, _, qualifier = target.partition(":")
        subscriptions.append(
            Subscription(
                source=writers[group],
                group=group,
                pattern=properties["FilterPattern"],
                function=function,
                qualifier=qualifier or LATEST,
            )
        )
    return subscriptions


def matching(pattern: str) -> Matches:
    """What a filter pattern lets through.  Raises SubscriptionError for one of another form."""
    if not pattern.strip():
        return lambda line: True
    form = _JSON_FIELD.fullmatch(pattern.strip())
    if form is None:
        raise SubscriptionError(
            f'the filter pattern is {pattern!r}, expected {{ $.field = "text*" }} or nothing'
        )
    field = form[1]
    wanted = re.compile(".*".join(map(re.escape, form[2].split("*"))), re.DOTALL)

    def matches(line: str) -> bool:
        try:
            document = json.loads(line)
        except ValueError:
            return False
        value = document.get(field) if isinstance(document, dict) else None
        return isinstance(value, str) and wanted.fullmatch(value) is not None

    return matches


def envelope(subscription: Subscription, events: list[Block]) -> bytes:
    """Lines as the function gets them."""
    document = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": subscription.group,
        "logStream": "local",
        "subscriptionFilters": [subscription.pattern],
        "logEvents": events,
    }
    data = base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()
    return json.dumps({"awslogs": {"data": data}}).encode()


class LogDelivery:
    """Hands on one log until it is cancelled."""

    def __init__(
        self,
        subscription: Subscription,
        log: Path,
        invoke: Callable[[Call], Awaitable[Outcome]],
    ) -> None:
        self._subscription = subscription
        self._log = log
        self._invoke = invoke
        self._matches = matching(subscription.pattern)
        self._read = 0

    async def run(self) -> None:
        """Look for new lines for ever, and hand on those that are wanted."""
        async with asyncio.TaskGroup() as deliveries:
            while True:
                await asyncio.sleep(_LOOK_EVERY_S)
                if events := list(self._events()):
                    payload = envelope(self._subscription, events)
                    deliveries.create_task(self._deliver(payload))

    def _events(self) -> Iterator[Block]:
        """The new lines that are wanted; one that is still being written waits for its end."""
        if self._log.stat().st_size <= self._read:
            return
        with self._log.open("rb") as log:
            log.seek(self._read)
            new = log.read()
        for line in new[: new.rfind(b"\n") + 1].splitlines(keepends=True):
            message = line.decode(errors="replace").rstrip("\n")
            if self._matches(message):
                yield {
                    "id": self._id(self._read),
                    "timestamp": int(time.time() * 1000),
                    "message": message,
                }
            self._read += len(line)

    def _id(self, offset: int) -> str:
        name = f"{self._subscription.group}:{offset}"
        return str(int(sha256(name.encode()).hexdigest(), 16))[-_ID_DIGITS:].zfill(_ID_DIGITS)

    async def _deliver(self, payload: bytes) -> None:
        why = ""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                outcome = await self._invoke(Call(payload))
                if outcome.error is None:
                    return
                why = outcome.payload.decode(errors="replace")
            except (Throttled, UnknownQualifier) as error:
                why = str(error)
            await asyncio.sleep(_PAUSE_S * attempt)
        _log.warning("lines of %s were not counted: %s", self._subscription.group, why)
