"""The client that waits."""

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx

from flotilla.client import exchange, questions
from flotilla.client.answers import Answer, Job
from flotilla.client.lines import Lines
from flotilla.client.questions import Call
from flotilla.client.retries import Retries


class Flotilla:
    """A fleet of models at an address; `with` it, or `close` it.

    Without an address it is what FLOTILLA_URL and FLOTILLA_API_KEY name, or the local cloud that is
    up.  `timeout_s` bounds a whole call, attempts and pauses together.  Every method raises Refused
    for an answer of 400 and more, NoAnswer when there is none.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout_s: float = exchange.TIMEOUT_S,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._cloud = exchange.cloud(url, api_key)
        self._timeout_s = timeout_s
        self._retries = retries or Retries()
        self._http = httpx.Client(transport=transport)

    def models(self) -> list[dict[str, Any]]:
        """The models there are: name, versions, task."""
        found: list[dict[str, Any]] = self.call(Call("GET", "/v2/models"))["models"]
        return found

    def predict(self, model: str, what: Any, *, variant: str = "") -> Answer:
        """What a model says of one instance or several; see `questions.ask` for what they may be.

        `variant` picks one of the model's graphs, `int8` for example.
        """
        headers = exchange.options(variant)
        return Answer.read(self.call(questions.ask("predict", model, what, headers)))

    def explain(self, model: str, what: Any, *, label: str = "", variant: str = "") -> Answer:
        """As `predict`, with `attributions` in each prediction: for `label`, or the predicted."""
        headers = exchange.options(variant, label)
        return Answer.read(self.call(questions.ask("explain", model, what, headers)))

    def embed(
        self, model: str, texts: str | list[str], *, dimensions: int | None = None
    ) -> list[list[float]]:
        """A vector for each text, cut to `dimensions` and of length 1."""
        return exchange.embeddings(self.call(questions.embeddings(model, texts, dimensions)))

    def submit(self, model: str, what: Any) -> Job:
        """Have instances, or a file of any size, answered later."""
        if not isinstance(what, Path):
            document = {"instances": questions.instances(what)}
            return Job.read(self.call(questions.job(model, document)))
        media_type = questions.media_type_of(what)
        what.stat()  # a file that is not there is no reason to make a job
        job = Job.read(self.call(questions.job(model, {"media_type": media_type})))

        def once() -> httpx.Response:
            with what.open("rb") as file:
                return self._http.put(job.upload_url, content=file, timeout=self._timeout_s)

        call = exchange.transfer("PUT", job.upload_url)
        exchange.require_ok(self._persist(call, once))
        return job

    def job(self, job_id: str) -> Job:
        """A job as it is now."""
        return Job.read(self.call(Call("GET", questions.path("jobs", job_id))))

    def jobs(self) -> list[Job]:
        """The caller's newest jobs."""
        return [Job.read(each) for each in self.call(Call("GET", "/v1/jobs"))["jobs"]]

    def cancel(self, job_id: str) -> Job:
        """Stop a job that has not ended."""
        return Job.read(self.call(Call("DELETE", questions.path("jobs", job_id))))

    def wait(
        self, job: Job, timeout_s: float = 900.0, look: Callable[[Job], None] | None = None
    ) -> Job:
        """The job once it has ended, however it did, or as it is after `timeout_s`.

        `look` is shown the job each time that it was asked for.
        """
        since = time.monotonic()
        while not job.ended and (waited_s := time.monotonic() - since) < timeout_s:
            time.sleep(exchange.look_again_s(waited_s, timeout_s - waited_s))
            job = self.job(job.id)
            if look is not None:
                look(job)
        return job

    def download(self, job: Job, path: Path) -> None:
        """Write what a job came to into a file, which appears when it is whole."""
        partial = path.with_name(f"{path.name}.partial")
        url = self._result(job)

        def once() -> httpx.Response:
            with self._http.stream("GET", url, timeout=self._timeout_s) as response:
                if response.is_error:
                    response.read()
                    return response
                with partial.open("wb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
                return response

        exchange.require_ok(self._persist(exchange.transfer("GET", url), once))
        partial.replace(path)

    def results(self, job: Job) -> Iterator[dict[str, Any]]:
        """The lines of what a job came to, one at a time; a job of one question has one."""
        url, lines = self._result(job), Lines()
        with (
            exchange.told(exchange.transfer("GET", url)),
            self._http.stream("GET", url, timeout=self._timeout_s) as response,
        ):
            if response.is_error:
                response.read()
            exchange.require_ok(response)
            for chunk in response.iter_bytes():
                for line in lines.ended_by(chunk):
                    yield json.loads(line)
            for line in lines.rest():
                yield json.loads(line)

    def usage(self, first: str = "", last: str = "") -> dict[str, Any]:
        """What this key used, by day and model; days as `2026-11-22`, else this month's."""
        found: dict[str, Any] = self.call(questions.usage(first, last))
        return found

    def call(self, call: Call) -> Any:
        """The JSON that a call is answered with: what has no method of its own is asked so."""
        deadline = time.monotonic() + self._timeout_s

        def once() -> httpx.Response:
            request = exchange.request(self._http, self._cloud, call, deadline)
            response = self._http.send(request, stream=True)
            stream = cast(httpx.SyncByteStream, response.stream)
            response.stream = exchange.Bounded(stream, deadline)
            with contextlib.closing(response):
                response.read()
            return response

        return exchange.document(self._persist(call, once, deadline))

    def _persist(
        self, call: Call, once: Callable[[], httpx.Response], deadline: float = math.inf
    ) -> httpx.Response:
        """The first response that is not to be asked for again.  Raises NoAnswer."""
        attempts = count()
        while True:
            attempt = next(attempts)
            response: httpx.Response | None = None
            try:
                response = once()
            except httpx.TransportError as error:
                if not self._retries.again(attempt, None, call.repeatable):
                    raise exchange.no_answer(call, error) from None
            else:
                if not self._retries.again(attempt, response.status_code, call.repeatable):
                    return response
            time.sleep(exchange.pause_s(self._retries, attempt, response, deadline, call))

    def _result(self, job: Job) -> str:
        return exchange.require_result(job if job.result_url else self.job(job.id))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
