"""The client to await: the same methods as `Flotilla`, for asyncio."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from flotilla.client import exchange, questions
from flotilla.client.answers import Answer, Job
from flotilla.client.lines import Lines
from flotilla.client.questions import Call
from flotilla.client.retries import Retries

_CHUNK_BYTES = 1 << 20


class AsyncFlotilla:
    """A fleet of models at an address; `async with` it, or `close` it.  See `Flotilla`."""

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout_s: float = exchange.TIMEOUT_S,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._cloud = exchange.cloud(url, api_key)
        self._timeout_s = timeout_s
        self._retries = retries or Retries()
        self._http = httpx.AsyncClient(transport=transport)

    async def models(self) -> list[dict[str, Any]]:
        """The models there are: name, versions, task."""
        found: list[dict[str, Any]] = (await self.call(Call("GET", "/v2/models")))["models"]
        return found

    async def predict(self, model: str, what: Any, *, variant: str = "") -> Answer:
        """What a model says of one instance or several; see `questions.ask` for what they may be.

        `variant` picks one of the model's graphs, `int8` for example.
        """
        headers = exchange.options(variant)
        return Answer.read(await self.call(questions.ask("predict", model, what, headers)))

    async def explain(self, model: str, what: Any, *, label: str = "", variant: str = "") -> Answer:
        """As `predict`, with `attributions` in each prediction: for `label`, or the predicted."""
        headers = exchange.options(variant, label)
        return Answer.read(await self.call(questions.ask("explain", model, what, headers)))

    async def embed(
        self, model: str, texts: str | list[str], *, dimensions: int | None = None
    ) -> list[list[float]]:
        """A vector for each text, cut to `dimensions` and of length 1."""
        return exchange.embeddings(await self.call(questions.embeddings(model, texts, dimensions)))

    async def submit(self, model: str, what: Any) -> Job:
        """Have instances, or a file of any size, answered later."""
        if not isinstance(what, Path):
            document = {"instances": questions.instances(what)}
            return Job.read(await self.call(questions.job(model, document)))
        media_type, size_bytes = questions.media_type_of(what), what.stat().st_size
        job = Job.read(await self.call(questions.job(model, {"media_type": media_type})))

        async def once() -> httpx.Response:
            return await self._http.put(
                job.upload_url,
                content=_chunks(what),
                headers={"content-length": str(size_bytes)},  # S3 wants to know
                timeout=self._timeout_s,
            )

        call = exchange.transfer("PUT", job.upload_url)
        exchange.require_ok(await self._persist(call, once))
        return job

    async def job(self, job_id: str) -> Job:
        """A job as it is now."""
        return Job.read(await self.call(Call("GET", questions.path("jobs", job_id))))

    async def jobs(self) -> list[Job]:
        """The caller's newest jobs."""
        return [Job.read(each) for each in (await self.call(Call("GET", "/v1/jobs")))["jobs"]]

    async def cancel(self, job_id: str) -> Job:
        """Stop a job that has not ended."""
        return Job.read(await self.call(Call("DELETE", questions.path("jobs", job_id))))

    async def wait(
        self, job: Job, timeout_s: float = 900.0, look: Callable[[Job], None] | None = None
    ) -> Job:
        """The job once it has ended, however it did, or as it is after `timeout_s`.

        `look` is shown the job each time that it was asked for.
        """
        since = time.monotonic()
        while not job.ended and (waited_s := time.monotonic() - since) < timeout_s:
            await asyncio.sleep(exchange.look_again_s(waited_s, timeout_s - waited_s))
            job = await self.job(job.id)
            if look is not None:
                look(job)
        return job

    async def download(self, job: Job, path: Path) -> None:
        """Write what a job came to into a file, which appears when it is whole."""
        partial = path.with_name(f"{path.name}.partial")
        url = await self._result(job)

        async def once() -> httpx.Response:
            async with self._http.stream("GET", url, timeout=self._timeout_s) as response:
                if response.is_error:
                    await response.aread()
                    return response
                with partial.open("wb") as file:
                    async for chunk in response.aiter_bytes():
                        file.write(chunk)
                return response

        exchange.require_ok(await self._persist(exchange.transfer("GET", url), once))
        partial.replace(path)

    async def results(self, job: Job) -> AsyncIterator[dict[str, Any]]:
        """The lines of what a job came to, one at a time; a job of one question has one."""
        url, lines = await self._result(job), Lines()
        with exchange.told(exchange.transfer("GET", url)):
            async with self._http.stream("GET", url, timeout=self._timeout_s) as response:
                if response.is_error:
                    await response.aread()
                exchange.require_ok(response)
                async for chunk in response.aiter_bytes():
                    for line in lines.ended_by(chunk):
                        yield json.loads(line)
                for line in lines.rest():
                    yield json.loads(line)

    async def usage(self, first: str = "", last: str = "") -> dict[str, Any]:
        """What this key used, by day and model; days as `2026-11-22`, else this month's."""
        found: dict[str, Any] = await self.call(questions.usage(first, last))
        return found

    async def call(self, call: Call) -> Any:
        """The JSON that a call is answered with: what has no method of its own is asked so."""
        deadline = time.monotonic() + self._timeout_s

        async def once() -> httpx.Response:
            request = exchange.request(self._http, self._cloud, call, deadline)
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    return await self._http.send(request)
            except TimeoutError:
                raise httpx.ReadTimeout("not in time") from None

        return exchange.document(await self._persist(call, once, deadline))

    async def _persist(
        self, call: Call, once: Callable[[], Awaitable[httpx.Response]], deadline: float = math.inf
    ) -> httpx.Response:
        """The first response that is not to be asked for again.  Raises NoAnswer."""
        attempts = count()
        while True:
            attempt = next(attempts)
            response: httpx.Response | None = None
            try:
                response = await once()
            except httpx.TransportError as error:
                if not self._retries.again(attempt, None, call.repeatable):
                    raise exchange.no_answer(call, error) from None
            else:
                if not self._retries.again(attempt, response.status_code, call.repeatable):
                    return response
            await asyncio.sleep(exchange.pause_s(self._retries, attempt, response, deadline, call))

    async def _result(self, job: Job) -> str:
        return exchange.require_result(job if job.result_url else await self.job(job.id))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk
