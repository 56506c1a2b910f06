"""The upload door: files that came through the queue, each answered exactly once.

Powertools' batch processor keeps the partial failures: a message that fails comes again alone, up
to the queue's limit.
"""

import json
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import PurePosixPath
from time import perf_counter

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from serving import batches, events, keys, strict_json
from serving.errors import DeadlineExceeded, ServingError, TooLarge
from serving.events import Upload
from serving.http import JSON, Request, error_reply
from serving.lambda_context import LambdaContext
from serving.prices import Meter
from serving.protocols import native, raw
from serving.service import Service
from serving.store import Answer, Source, Store
from serving.telemetry import Telemetry
from serving.types import JsonObject

# The redrive limit of every upload queue: after so many receives SQS gives a message up.
MAX_RECEIVES = 5
# An upload that runs out of time comes again if others of its batch had used up more than this.
_ALONE_MS = 1000
# Of JSON, where a value of three bytes may take a hundred of memory.
_MOST_VALUES = 2_000_000


@dataclass(frozen=True, slots=True)
class Uploads:
    """Answers the uploads of one model."""

    service: Service
    store: Store
    telemetry: Telemetry
    meter: Meter

    def answer(self, event: JsonObject, context: LambdaContext) -> JsonObject:
        """Answer a queue's batch; the response names the messages that are to come again."""
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        response = process_partial_response(
            event=event,
            record_handler=partial(
                self._answer_record, context, context.get_remaining_time_in_millis()
            ),
            processor=processor,
        )
        return dict(response)

    def _answer_record(self, context: LambdaContext, whole_ms: int, record: SQSRecord) -> None:
        """Answer one message of a batch for which there were `whole_ms` at its start."""
        started = perf_counter()
        try:
            upload = _announced(record, self.service.name)
        except Exception as error:
            self.telemetry.fault(context, error)
            raise
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        source = None
        is_last = int(record.attributes.approximate_receive_count) >= MAX_RECEIVES
        others_ms = whole_ms - context.get_remaining_time_in_millis()
        try:
            source = self._read(upload)
            status = self._answer_upload(source, record.message_id, context)
        except DeadlineExceeded as error:
            if others_ms > _ALONE_MS and not is_last:
                status = HTTPStatus.TOO_MANY_REQUESTS
                raise
            status = error.status
            self._refuse(source, record.message_id, error)
        except Exception as error:
            self.telemetry.fault(context, error)
            if not is_last:
                raise
            self._refuse(source or self._read(upload), record.message_id, error)
        finally:
            caller = source.caller if source else ""
            self.telemetry.record(context, "upload", upload.key, status, started, caller)

    def _answer_upload(
        self, source: Source | None, request_id: str, context: LambdaContext
    ) -> HTTPStatus:
        """Answer one upload, and say with which status HTTP would have answered it.

        Raises DeadlineExceeded, which may be the fault of the others in its batch.
        """
        if source is None:
            return HTTPStatus.GONE
        try:
            body, media_type, usage = self._evaluate(source, request_id, context)
        except DeadlineExceeded:
            raise
        except ServingError as error:
            self._refuse(source, request_id, error)
            return error.status
        self._settle(source, body, media_type, failed=False, usage=usage)
        return HTTPStatus.OK

    def _evaluate(
        self, source: Source, request_id: str, context: LambdaContext
    ) -> tuple[bytes, str, JsonObject]:
        """The result's bytes, their media type, and the usage.  Raises ServingError."""
        limits = self.service.limits
        if source.size_bytes > limits.upload_bytes:
            raise TooLarge(
                f"the upload has {source.size_bytes} bytes, expected at most {limits.upload_bytes}"
            )
        deadline = events.deadline(context, limits.deadline_s)
        ending = PurePosixPath(source.key).suffix.lower()
        usage = self.meter.usage(cold=self.telemetry.cold, through_gateway=False)
        if ending in batches.ENDINGS:
            started = perf_counter()
            lines = batches.answer(self.service, batches.ENDINGS[ending], source.body, deadline)
            return lines, batches.MEDIA_TYPE, usage((perf_counter() - started) * 1000)
        request = Request(
            method="PUT",
            path=source.key,
            headers={"content-type": raw.ENDINGS.get(ending, source.media_type)},
            body=source.body,
            id=request_id,
            deadline=deadline,
        )
        if request.media_type == JSON:
            _require_few(source.body)
        document = native.prediction(self.service, request, usage)
        body = strict_json.dumps({**document, "source": _described(source)})
        return body, JSON, document["usage"]

    def _refuse(self, source: Source | None, request_id: str, error: Exception) -> None:
        """Write the reason why an upload has no answer: the version that was read, no newer one."""
        if source is None:
            return
        document = json.loads(error_reply(error, source.key, request_id).body)
        document["source"] = _described(source)
        self._settle(source, strict_json.dumps(document), JSON, failed=True)

    def _read(self, upload: Upload) -> Source | None:
        return self.store.read(upload.bucket, upload.key, self.service.limits.upload_bytes)

    def _settle(
        self,
        source: Source,
        body: bytes,
        media_type: str,
        failed: bool,
        usage: JsonObject | None = None,
    ) -> None:
        name = source.key.removeprefix(keys.upload_prefix(self.service.name))
        result, failure = (
            keys.result(self.service.name, name),
            keys.failure(self.service.name, name),
        )
        key, other_key = (failure, result) if failed else (result, failure)
        used = strict_json.dumps(usage).decode() if usage else ""
        self.store.settle(source, Answer(key, other_key, body, media_type, used))


def _announced(record: SQSRecord, model: str) -> Upload:
    """The upload that a message announces.  Raises ValueError when it is none of this model's."""
    upload = events.upload(record.body)
    if not upload.key.startswith(keys.upload_prefix(model)):
        raise ValueError(f"upload '{upload.key}' does not lie below {keys.upload_prefix(model)}")
    return upload


def _require_few(body: bytes) -> None:
    """Raise TooLarge when JSON holds so many values that they do not fit into memory."""
    values = body.count(b",") + 1
    if values > _MOST_VALUES:
        raise TooLarge(f"the upload has about {values} values, expected at most {_MOST_VALUES}")


def _described(source: Source) -> JsonObject:
    return {"bucket": source.bucket, "key": source.key, "version": source.version}
