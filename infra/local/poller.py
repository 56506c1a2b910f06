"""Event source mappings: batches from a queue to a function, as Lambda's own pollers deal them out.

What the function has answered is deleted; what it reports as failed, or a whole batch that it
fails, stays in the queue and comes again when its visibility timeout is over.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import aiohttp

from infra.local.code import REGION
from infra.local.evaluate import Evaluator
from infra.local.function import LATEST, UnknownQualifier
from infra.local.invocation import Call, Outcome, Throttled
from infra.resources.blocks import Block

# The longest wait that SQS grants; moto's wait costs next to nothing (2 ms of CPU a second for
# twelve queues, measured).
WAIT_S = 20
# How many batches of one queue may be out at once, if the template does not say (AWS Lambda
# developer guide, "Scaling with SQS": polling begins with five batches).
_CONCURRENCY = 5
_BATCH = 10  # the default, and the most that SQS hands out at once
_QUEUE = "AWS::SQS::Queue"
_PAUSE_S = 0.5
# moto asks for no signature, but reads the service's name from where one would be.
_AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/sqs/aws4_request"
_log = logging.getLogger(__name__)

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A queue, and how its messages go to a function."""

    function: str
    qualifier: str
    queue_url: str
    queue_arn: str
    batch_size: int
    concurrency: int
    reports_failures: bool


def read_sources(evaluator: Evaluator) -> list[Source]:
    """The template's event source mappings."""
    urls = {evaluator.arn(name): evaluator.ref(name) for name in evaluator.of_type(_QUEUE)}
    return [
        _read(properties, urls[properties["EventSourceArn"]])
        for properties in evaluator.of_type("AWS::Lambda::EventSourceMapping").values()
    ]


def _read(properties: Block, queue_url: str) -> Source:
    function, _, qualifier = properties["FunctionName"].rpartition(":function:")[2].partition(":")
    responses = properties.get("FunctionResponseTypes", [])
    return Source(
        function=function,
        qualifier=qualifier or LATEST,
        queue_url=queue_url,
        queue_arn=properties["EventSourceArn"],
        batch_size=min(properties.get("BatchSize", _BATCH), _BATCH),
        concurrency=properties.get("ScalingConfig", {}).get("MaximumConcurrency", _CONCURRENCY),
        reports_failures="ReportBatchItemFailures" in responses,
    )


class Poller:
    """Deals out one queue until it is cancelled."""

    def __init__(
        self,
        source: Source,
        session: aiohttp.ClientSession,
        invoke: Callable[[Call], Awaitable[Outcome]],
        report: Callable[[str], None],
    ) -> None:
        self._source = source
        self._session = session
        self._invoke = invoke
        self._report = report
        self._slots = asyncio.Semaphore(source.concurrency)

    async def run(self) -> None:
        """Fetch batches for ever, and hand each on while the next is fetched."""
        async with asyncio.TaskGroup() as batches:
            while True:
                await self._slots.acquire()
                messages = await self._receive()
                if messages:
                    batches.create_task(self._deal(messages))
                else:
                    self._slots.release()

    async def _receive(self) -> list[Message]:
        try:
            answer = await self._sqs(
                "ReceiveMessage",
                MaxNumberOfMessages=self._source.batch_size,
                WaitTimeSeconds=WAIT_S,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            _log.warning("queue %s: %s", self._source.queue_url, error)
            await asyncio.sleep(_PAUSE_S)
            return []
        messages: list[Message] = answer.get("Messages", [])
        return messages

    async def _deal(self, messages: list[Message]) -> None:
        try:
            records = [_record(message, self._source.queue_arn) for message in messages]
            started = perf_counter()
            outcome = await self._invoke(Call(json.dumps({"Records": records}).encode()))
            took_ms = (perf_counter() - started) * 1000
            failed = self._failed(outcome, messages)
            done = [message for message in messages if message["MessageId"] not in failed]
            await self._delete(done)
            queue = self._source.queue_arn.rpartition(":")[2]
            self._report(f"{len(done)}/{len(messages)} SQS  {queue}  {took_ms:.1f} ms")
        except (Throttled, UnknownQualifier, aiohttp.ClientError, TimeoutError) as error:
            _log.warning("queue %s: %s", self._source.queue_url, error)
        finally:
            self._slots.release()

    def _failed(self, outcome: Outcome, messages: list[Message]) -> set[str]:
        """The messages that are to come again.  An answer that cannot be read means: all."""
        everyone = {message["MessageId"] for message in messages}
        if outcome.error is not None:
            return everyone
        if not self._source.reports_failures:
            return set()
        try:
            answer = json.loads(outcome.payload) or {}
            reported = {item["itemIdentifier"] for item in answer.get("batchItemFailures") or []}
        except (AttributeError, KeyError, TypeError, ValueError):
            return everyone
        return reported if reported <= everyone else everyone

    async def _delete(self, messages: list[Message]) -> None:
        entries = [
            {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
            for index, message in enumerate(messages)
        ]
        if entries:
            await self._sqs("DeleteMessageBatch", Entries=entries)

    async def _sqs(self, action: str, **parameters: Any) -> dict[str, Any]:
        async with self._session.post(
            self._source.queue_url,
            json={"QueueUrl": self._source.queue_url, **parameters},
            headers={
                "Authorization": _AUTHORIZATION,
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"AmazonSQS.{action}",
            },
            raise_for_status=True,
        ) as response:
            document: dict[str, Any] = await response.json(content_type=None)
            return document


def _record(message: Message, queue_arn: str) -> Block:
    """A message as a function sees it (AWS Lambda developer guide, SQS message event)."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def _attribute(value: Block) -> Block:
    return {name[:1].lower() + name[1:]: item for name, item in value.items()}
