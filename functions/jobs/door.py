"""Lambda events to the service's two halves, and every error to one reply."""

import json
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING

from functions.jobs.api import Api
from functions.jobs.job import named_by
from functions.jobs.queue import Step, Task
from functions.jobs.worker import Worker
from serving import events
from serving.errors import ServingError
from serving.http import Request, Response, error_reply
from serving.json_types import JsonObject
from serving.lambda_context import LambdaContext
from serving.limits import Limits
from serving.telemetry import Telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

# The redrive limit of the queue: after so many receives SQS gives a message up.
MAX_RECEIVES = 5


@dataclass(frozen=True, slots=True)
class Door:
    """The Lambda handler of the service."""

    api: Api
    worker: Worker
    telemetry: Telemetry

    def __call__(self, event: JsonObject, context: LambdaContext) -> JsonObject:
        """Answer a request, or take the steps that a queue's batch asks for."""
        if events.is_uploads(event):
            return self._take_all(event, context)
        started = perf_counter()
        request = events.from_http(event, context, Limits().deadline_s)
        response = self._respond(event, request, context)
        self.telemetry.record(
            context, "http", request.path, response.status, started, request.caller
        )
        return events.to_http(response)

    def _respond(self, event: JsonObject, request: Request, context: LambdaContext) -> Response:
        try:
            request.body = events.read_body(event)
            return self.api.respond(request, event.get("queryStringParameters") or {})
        except Exception as error:
            if not isinstance(error, ServingError):
                self.telemetry.fault(context, error)
            return error_reply(error, request.path, request.id)

    def _take_all(self, event: JsonObject, context: LambdaContext) -> JsonObject:
        """Take the steps of a batch; the answer names the messages that are to come again."""
        # Imported here, as a request's cold start has no use for it.
        from aws_lambda_powertools.utilities.batch import (
            BatchProcessor,
            EventType,
            process_partial_response,
        )

        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        take = partial(self._take, context)
        return dict(process_partial_response(event, take, processor))

    def _take(self, context: LambdaContext, record: "SQSRecord") -> None:
        """Take one step; a job whose step fails for good has failed itself."""
        started, status = perf_counter(), HTTPStatus.INTERNAL_SERVER_ERROR
        document = json.loads(record.body)
        try:
            self._step(document, record.body)
            status = HTTPStatus.OK
        except Exception as error:
            self.telemetry.fault(context, error)
            if int(record.attributes.approximate_receive_count) < MAX_RECEIVES:
                raise
            self._give_up(document, record.message_id)
        finally:
            step = document.get("step", "begin")
            self.telemetry.record(context, "queue", step, status, started)

    def _step(self, document: JsonObject, body: str) -> None:
        if "detail" in document:
            caller, job_id = named_by(document["detail"]["object"]["key"])
            self.worker.begin(caller, job_id, document["detail"]["object"]["version-id"])
            return
        task = Task.read(body)
        match task.step:
            case Step.LOOK:
                self.worker.look(task)
            case Step.CLOSE:
                self.worker.close(task.caller, task.job)
            case Step.NOTIFY:
                self.worker.notify(task)

    def _give_up(self, document: JsonObject, message_id: str) -> None:
        """The last time that a message comes: its caller is told an id, as over HTTP."""
        if "detail" in document:
            caller, job_id = named_by(document["detail"]["object"]["key"])
        else:
            caller, job_id = document["caller"], document["job"]
        job = self.worker.jobs.find(caller, job_id)
        if job is not None:
            message = f"internal error, please report id {message_id}"
            self.worker.fail(job, {"code": ServingError.code, "message": message})
