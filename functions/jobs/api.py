"""The service's routes: make a job, look at it, list them, cancel it.

Jobs are made at their model's own address: API Gateway gives that to the model's function, which
hands the request on as it came (`serving.handover`).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from functions.jobs import orders
from functions.jobs.inputs import UPLOAD_S, Inputs
from functions.jobs.job import (
    KEPT_S,
    NOBODY,
    OPEN,
    Delivery,
    Job,
    Status,
    describe,
    is_id,
    new_id,
    stamp,
)
from functions.jobs.orders import Order
from functions.jobs.queue import Queue, Step, Task
from functions.jobs.results import DOWNLOAD_S, Results
from functions.jobs.table import Jobs
from functions.jobs.webhooks import Hosts
from serving.errors import Conflict, MethodNotAllowed, NotFound, TooLarge, Unprocessable
from serving.http import Request, Response, preflight, reply
from serving.json_types import JsonObject
from serving.limits import Limits

_PAGE, _LONGEST_PAGE = 20, 100
_QUERY = {"after", "limit", "model", "status"}


@dataclass(frozen=True, slots=True)
class Api:
    """Answers requests; a job of somebody else's is answered as one that there is not."""

    jobs: Jobs
    inputs: Inputs
    results: Results
    queue: Queue
    hosts: Hosts
    now: Callable[[], float]

    def respond(self, request: Request, query: Mapping[str, str]) -> Response:
        """Answer a request.  Raises ServingError."""
        if request.method == "OPTIONS":
            return preflight()
        match request.method, request.path.split("/")[1:]:
            case "POST", ["v1", "models", model, "jobs"]:
                return self._make(request, model, orders.read(request, self.hosts))
            case "POST", ["v1", "models", model, "predict"]:
                return self._make(request, model, orders.of_prediction(request))
            case "GET", ["v1", "jobs"]:
                return self._list(request, query)
            case "GET", ["v1", "jobs", job_id]:
                return reply(self._shown(self._find(request, job_id)))
            case "DELETE", ["v1", "jobs", job_id]:
                return self._cancel(self._find(request, job_id))
            case _, ["v1", "models", _, "jobs"]:
                raise MethodNotAllowed.of(request.method, request.path, "POST")
            case _, ["v1", "jobs"]:
                raise MethodNotAllowed.of(request.method, request.path, "GET")
            case _, ["v1", "jobs", _]:
                raise MethodNotAllowed.of(request.method, request.path, "GET, DELETE")
        raise NotFound(f"no route {request.path}")

    def _make(self, request: Request, model: str, order: Order) -> Response:
        most = Limits().body_bytes
        if len(request.body) > most:
            raise TooLarge(
                f"the body has {len(request.body)} bytes, expected at most {most}: make a job "
                "without an input, and upload it"
            )
        job = self._new(_caller(request), model, order)
        self.jobs.add(job)
        if order.body is not None:
            self.inputs.put(job, order.body, order.media_type)
        made = self._shown(job)
        if job.webhook_url:
            made["webhook"]["secret"] = job.webhook_secret
        response = reply(made, HTTPStatus.ACCEPTED)
        # Relative, as only API Gateway knows what stands before `/v1` (RFC 9110, section 10.2.2).
        response.headers["Location"] = f"../../jobs/{job.id}"
        if request.path.endswith("/predict"):
            response.headers["Preference-Applied"] = "respond-async"
        return response

    def _new(self, caller: str, model: str, order: Order) -> Job:
        now = self.now()
        return Job(
            caller=caller,
            id=new_id(now),
            model=model,
            status=Status.WAITING,
            created=int(now),
            expires=int(now) + KEPT_S,
            input=order.input,
            inline=order.body is not None,
            webhook_url=order.webhook_url,
            webhook_secret=order.webhook_url and (order.webhook_secret or secrets.token_hex(32)),
            webhook_state=order.webhook_url and str(Delivery.WAITING),
        )

    def _list(self, request: Request, query: Mapping[str, str]) -> Response:
        unknown = query.keys() - _QUERY
        if unknown:
            raise Unprocessable(f"unknown parameters {sorted(unknown)}, expected {sorted(_QUERY)}")
        found, following = self.jobs.newest(
            _caller(request),
            _page(query.get("limit")),
            _after(query.get("after")),
            _status(query.get("status")),
            query.get("model"),
        )
        return reply({"jobs": [describe(job) for job in found], "next": following})

    def _cancel(self, job: Job) -> Response:
        """Stop what has not begun; cancelling twice does no harm."""
        if job.status in OPEN:
            now = int(self.now())
            cancelled = self.jobs.change(job, OPEN, status=Status.CANCELLED, finished=now)
            job = cancelled or self.jobs.find(job.caller, job.id) or job
        if job.status is not Status.CANCELLED:
            raise Conflict(f"job '{job.id}' is {job.status}, expected one that has not ended")
        self.queue.send(Task(Step.CLOSE, job.caller, job.id))
        return reply(self._shown(job))

    def _find(self, request: Request, job_id: str) -> Job:
        job = self.jobs.find(_caller(request), job_id) if is_id(job_id) else None
        if job is None:
            raise NotFound(f"job '{job_id}' is unknown")
        return job

    def _shown(self, job: Job) -> JsonObject:
        """The job with the addresses that its caller may use now."""
        shown = describe(job)
        if job.status is Status.WAITING and not job.inline:
            shown["upload"] = {
                "method": "PUT",
                "url": self.inputs.address(job),
                "expires": stamp(self.now() + UPLOAD_S),
            }
        if job.status is Status.DONE:
            shown["result"] = {
                "url": self.results.address(job),
                "expires": stamp(self.now() + DOWNLOAD_S),
            }
        return shown


def _caller(request: Request) -> str:
    return request.caller or NOBODY


def _page(limit: str | None) -> int:
    if limit is None:
        return _PAGE
    try:
        size = int(limit)
    except ValueError:
        size = 0
    if not 1 <= size <= _LONGEST_PAGE:
        raise Unprocessable(f"'limit' is {limit!r:.40}, expected 1 to {_LONGEST_PAGE}")
    return size


def _after(stated: str | None) -> str | None:
    if stated and not is_id(stated):
        raise Unprocessable(f"'after' is {stated!r:.40}, expected the id of a job")
    return stated


def _status(stated: str | None) -> Status | None:
    try:
        return Status(stated) if stated is not None else None
    except ValueError:
        expected = ", ".join(Status)
        raise Unprocessable(f"'status' is {stated!r:.40}, expected one of {expected}") from None
