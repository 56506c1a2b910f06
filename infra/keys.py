"""Callers' keys: made, listed, revoked, renewed, in AWS or in the local cloud.

A key is a record in the stack's table, which the authorizer reads, and an API Gateway key on a
usage plan, which counts its requests.  The second one's value is a name, no secret: API Gateway
shows it to whoever may look, and it opens nothing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from serving import credentials
from serving.credentials import KeyRecord
from serving.scopes import EVERY_MODEL

_METER_BYTES = 16


class KeysError(Exception):
    """It was not done, or not all of it: the message says what was, and what to do."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A key when it is made: the only time that its text is known."""

    record: KeyRecord
    text: str


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one stack; `dynamodb` and `gateway` are boto3 clients."""

    dynamodb: Any
    gateway: Any
    table: str
    stack: str
    clock: Callable[[], float] = time.time

    def create(
        self, name: str, plan: str, models: Sequence[str] = (), lasts_s: int | None = None
    ) -> Issued:
        """Make a key on a plan, for these models or for all of them.  Raises KeysError."""
        plans = self._plan_ids()
        if plan not in plans:
            raise KeysError(f"stack {self.stack} has no plan {plan!r}, but {sorted(plans)}")
        plan_id = plans[plan]
        credential, salt = credentials.mint(), credentials.new_salt()
        now, meter = int(self.clock()), token_hex(_METER_BYTES)
        with self._counted(f"{self.stack}-{name}", meter, plan_id) as meter_id:
            record = KeyRecord(
                prefix=credential.prefix,
                name=name,
                salt=salt,
                digest=credentials.digest(credential.secret, salt),
                scopes=",".join(sorted(set(models))) or EVERY_MODEL,
                plan=plan,
                meter=meter,
                meter_id=meter_id,
                created=now,
                expires=now + lasts_s if lasts_s else 0,
            )
            with _told():
                self.dynamodb.put_item(
                    TableName=self.table,
                    Item=record.to_item(),
                    ConditionExpression="attribute_not_exists(prefix)",
                )
        return Issued(record, credential.text)

    def records(self) -> list[KeyRecord]:
        """Every key, revoked ones too, the oldest first.  Raises KeysError."""
        with _told():
            pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table)
            found = [KeyRecord.from_item(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda record: (record.created, record.prefix))

    def used(self, plans: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Meter id -> requests counted this month, and requests left.  Raises KeysError.

        A plan that there is no more has counted nothing.
        """
        today = datetime.fromtimestamp(self.clock(), UTC).date()
        figures: dict[str, tuple[int, int]] = {}
        known = self._plan_ids()
        for plan_id in (known[plan] for plan in plans if plan in known):
            with _told():
                pages = self.gateway.get_paginator("get_usage").paginate(
                    usagePlanId=plan_id,
                    startDate=today.replace(day=1).isoformat(),
                    endDate=today.isoformat(),
                )
                for page in pages:
                    for meter_id, days in page.get("items", {}).items():
                        figures[meter_id] = (sum(used for used, _ in days), days[-1][1])
        return figures

    def revoke(self, caller: str) -> KeyRecord:
        """End a key.  Its record stays, so that its past can be told.  Raises KeysError.

        Of one that was revoked already it removes what was left, if anything was.
        """
        record = self._find(caller)
        revoked = record if record.revoked else replace(record, revoked=int(self.clock()))
        if not record.revoked:
            self._change(record, revoked)
        try:
            counted = self._stop_counting(revoked.meter_id)
        except KeysError as error:
            raise KeysError(
                f"{revoked.caller} is revoked, but what counts its requests stays: revoke it once "
                f"more ({error})"
            ) from None
        if record.revoked and not counted:
            raise _is_revoked(record)
        return revoked

    def rotate(self, caller: str) -> Issued:
        """Replace a key's secret; plan, scopes and what was counted stay.  Raises KeysError."""
        record = self._find(caller)
        if record.revoked:
            raise _is_revoked(record)
        credential, salt = credentials.mint(record.prefix), credentials.new_salt()
        renewed = replace(record, salt=salt, digest=credentials.digest(credential.secret, salt))
        self._change(record, renewed)
        return Issued(renewed, credential.text)

    def _find(self, caller: str) -> KeyRecord:
        key = {"prefix": {"S": credentials.prefix_of(caller)}}
        with _told():
            found = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        if "Item" not in found:
            raise KeysError(f"there is no key {caller!r}: see `flotilla keys list`")
        return KeyRecord.from_item(found["Item"])

    def _change(self, record: KeyRecord, changed: KeyRecord) -> None:
        """Write a record anew, unless somebody else has: a key once revoked must stay so."""
        was = record.to_item()
        with _told():
            try:
                self.dynamodb.put_item(
                    TableName=self.table,
                    Item=changed.to_item(),
                    ConditionExpression="digest = :digest AND revoked = :revoked",
                    ExpressionAttributeValues={
                        ":digest": was["digest"],
                        ":revoked": was["revoked"],
                    },
                )
            except self.dynamodb.exceptions.ConditionalCheckFailedException:
                raise KeysError(f"{record.caller} was changed meanwhile: try once more") from None

    def _plan_ids(self) -> dict[str, str]:
        """The stack's plans, by their names without its own."""
        with _told():
            pages = self.gateway.get_paginator("get_usage_plans").paginate()
            known = {plan["name"]: plan["id"] for page in pages for plan in page.get("items", [])}
        ours = f"{self.stack}-"
        return {name.removeprefix(ours): known[name] for name in known if name.startswith(ours)}

    @contextmanager
    def _counted(self, name: str, meter: str, plan_id: str) -> Iterator[str]:
        """An API Gateway key on a plan, which goes again when something fails."""
        with _told():
            meter_id = self.gateway.create_api_key(name=name, value=meter, enabled=True)["id"]
        try:
            with _told():
                self.gateway.create_usage_plan_key(
                    usagePlanId=plan_id, keyId=meter_id, keyType="API_KEY"
                )
            yield meter_id
        except BaseException:  # Ctrl-C is one
            self._stop_counting(meter_id)
            raise

    def _stop_counting(self, meter_id: str) -> bool:
        """Delete an API Gateway key, and say whether there was one."""
        with _told():
            try:
                self.gateway.delete_api_key(apiKey=meter_id)
            except self.gateway.exceptions.NotFoundException:
                return False
        return True


def _is_revoked(record: KeyRecord) -> KeysError:
    return KeysError(f"{record.caller} is revoked: make another with `flotilla keys create`")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise KeysError(f"the keys cannot be reached: {error}") from None
