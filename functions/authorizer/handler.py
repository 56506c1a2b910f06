"""Says who a caller is and whether his key is for the model he asks: a Lambda authorizer (REQUEST).

API Gateway asks for every request, as it could only keep answers under one header, and a key may
come in either of two.  What is known of a key is kept here instead, for so few seconds that a
revoked one is soon refused.
"""

import json
import os
import time
from collections.abc import Callable

from serving import credentials, items, scopes
from serving.credentials import Credential, KeyRecord
from serving.json_types import JsonObject
from serving.lambda_context import LambdaContext
from serving.telemetry import Telemetry

# A key that does not fit what is known is looked up again after this, as it may have been replaced.
_SURE_S = 1.0
# How many keys are kept at most; strangers' guesses must not fill the memory.
_MOST = 10_000


class Known:
    """The records of the keys seen last, each for `keep_s` seconds; None where there is none."""

    def __init__(
        self,
        read: Callable[[str], KeyRecord | None],
        keep_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._keep_s = keep_s
        self._clock = clock
        self._records: dict[str, tuple[KeyRecord | None, float]] = {}

    def find(self, credential: Credential) -> KeyRecord | None:
        """The record that this key fits, or None."""
        record, age_s = self._look_up(credential.prefix, self._keep_s)
        if not _fits(record, credential) and age_s > 0:
            record, _ = self._look_up(credential.prefix, min(self._keep_s, _SURE_S))
        return record if _fits(record, credential) else None

    def _look_up(self, prefix: str, keep_s: float) -> tuple[KeyRecord | None, float]:
        now = self._clock()
        if (known := self._records.get(prefix)) and now - known[1] < keep_s:
            return known[0], now - known[1]
        if len(self._records) >= _MOST:
            self._records.clear()
        record = self._read(prefix)
        self._records[prefix] = (record, now)
        return record, 0.0


class Stranger(Exception):
    """Nobody whom we know; API Gateway makes a 401 of this one text, and a 500 of any other."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def decide(event: JsonObject, known: Known, now: float) -> JsonObject:
    """The policy for one request.  Raises Stranger, having printed why."""
    credential = credentials.shown(event.get("headers") or {})
    if credential is None:
        raise _refused("no key", "")
    record = known.find(credential)
    if record is None:
        raise _refused("no such key", credential.prefix)
    if reason := record.refused_for(now):
        raise _refused(reason, credential.prefix)
    model = scopes.named_by(event["resource"], event.get("pathParameters"))
    if model is not None and not scopes.allows(record.scopes, model):
        return _policy(event, record, "Deny", reason=scopes.refusal(record.scopes, model))
    return _policy(event, record, "Allow")


def _fits(record: KeyRecord | None, credential: Credential) -> bool:
    return record is not None and record.fits(credential)


def _policy(event: JsonObject, record: KeyRecord, effect: str, **context: str) -> JsonObject:
    """API Gateway counts the request for `usageIdentifierKey`; functions are told the context."""
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": effect,
        "Resource": event["methodArn"],
    }
    return {
        "principalId": record.caller,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {
            "caller": record.caller,
            "scopes": record.scopes,
            "plan": record.plan,
            **context,
        },
        "usageIdentifierKey": record.meter,
    }


def _refused(reason: str, prefix: str) -> Stranger:
    """What to raise; the log gets the reason, with the public part of the key."""
    line = {"level": "INFO", "message": "refused", "reason": reason, "prefix": prefix}
    print(json.dumps({**line, "service": "authorizer"}))
    return Stranger()


def _read(prefix: str) -> KeyRecord | None:
    item = _items.read({"prefix": {"S": prefix}})
    return KeyRecord.from_item(item) if item else None


_items = items.connect(os.environ["FLOTILLA_KEYS_TABLE"], os.environ)
_known = Known(_read, float(os.environ["FLOTILLA_KEYS_KEPT_S"]))
_telemetry = Telemetry.from_environment(os.environ)


def handler(event: JsonObject, context: LambdaContext) -> JsonObject:
    """Answer API Gateway; a bug is counted as a fault, as Lambda counts strangers as errors too."""
    started = time.perf_counter()
    try:
        return decide(event, _known, time.time())
    except Stranger:
        raise
    except Exception as error:
        _telemetry.fault(context, error)
        _telemetry.record(context, "authorizer", event["resource"], 500, started)
        raise
