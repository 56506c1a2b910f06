"""The table of jobs: one row each, under its caller, so that nobody comes upon another's.

A caller's jobs lie in the order of their ids, which is that of their creation.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase, Key
from botocore.exceptions import ClientError

from functions.jobs.job import Job, Status

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_LOST = "ConditionalCheckFailedException"


class Jobs:
    """Every change states what the job must be for it, so that of two workers one wins."""

    def __init__(self, table: "Table", now: Callable[[], float]) -> None:
        self._table = table
        self._now = now

    def add(self, job: Job) -> None:
        """Write a new job."""
        self._table.put_item(Item=job.to_item(), ConditionExpression=Attr("id").not_exists())

    def find(self, caller: str, job_id: str) -> Job | None:
        """The caller's job, or None when there is none, or none any more."""
        key = {"caller": caller, "id": job_id}
        item = self._table.get_item(Key=key, ConsistentRead=True).get("Item")
        # DynamoDB removes what has expired within days, not at once.
        if item is None or Job.from_item(item).expires <= self._now():
            return None
        return Job.from_item(item)

    def newest(
        self, caller: str, limit: int, before: str | None, status: Status | None, model: str | None
    ) -> tuple[list[Job], str | None]:
        """Up to `limit` jobs older than the job `before`, and where the next page begins, if any.

        One more than asked for is looked for, so a last page knows that it is the last.
        """
        conditions: list[ConditionBase] = [Attr("expires").gt(int(self._now()))]
        if status:
            conditions.append(Attr("status").eq(str(status)))
        if model:
            conditions.append(Attr("model").eq(model))
        wanted = conditions[0]
        for condition in conditions[1:]:
            wanted = wanted & condition
        query: dict[str, Any] = {
            "KeyConditionExpression": Key("caller").eq(caller),
            "FilterExpression": wanted,
            "ScanIndexForward": False,
        }
        if before:
            query["ExclusiveStartKey"] = {"caller": caller, "id": before}
        found: list[Job] = []
        while len(found) <= limit:
            page = self._table.query(**query)
            found += [Job.from_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                break
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        rest = len(found) > limit
        return found[:limit], found[limit - 1].id if rest else None

    def begin(self, job: Job, version: str) -> Job | None:
        """Start on this version of the input; None when another was begun, or the job has ended.

        A worker that comes after a crash starts on the same version again.
        """
        resumed = Attr("status").eq(str(Status.RUNNING)) & Attr("version").eq(version)
        condition = Attr("status").eq(str(Status.WAITING)) | resumed
        return self._change(
            job, condition, status=Status.RUNNING, version=version, progressed=int(self._now())
        )

    def change(self, job: Job, while_in: tuple[Status, ...], **values: Any) -> Job | None:
        """Change a job that is in one of these states, and give it as it is then, or else None."""
        states: list[Any] = [str(status) for status in while_in]
        return self._change(job, Attr("status").is_in(states), **values)

    def _change(self, job: Job, condition: ConditionBase, **values: Any) -> Job | None:
        names = {f"#{name}": name for name in values}
        try:
            changed = self._table.update_item(
                Key={"caller": job.caller, "id": job.id},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    f":{name}": str(value) if isinstance(value, str) else value
                    for name, value in values.items()
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == _LOST:
                return None
            raise
        return Job.from_item(changed["Attributes"])
