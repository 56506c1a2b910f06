"""What both clients do with a call and its response: headers, time, reading."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from flotilla.client import clouds
from flotilla.client.answers import Job
from flotilla.client.clouds import Cloud
from flotilla.client.errors import FlotillaError, NoAnswer, Refused
from flotilla.client.questions import Call
from flotilla.client.retries import Retries

TIMEOUT_S = 60.0
# Pauses between looks at a job; each look counts on the key's plan, of which a month has so many.
_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.5, 30.0


def cloud(url: str | None, api_key: str | None) -> Cloud:
    """The cloud that is named, or else found, see `clouds.find`.  Raises FlotillaError."""
    if url is not None:
        return clouds.at(url, api_key or "")
    found = clouds.find()
    return found if api_key is None else clouds.at(found.url, api_key)


def options(variant: str, label: str = "") -> dict[str, str]:
    """What goes with a question of any media type."""
    given = {"x-variant": variant, "x-label": label}
    return {name: value for name, value in given.items() if value}


def request(
    client: httpx.Client | httpx.AsyncClient, to: Cloud, call: Call, deadline: float
) -> httpx.Request:
    """A call as httpx sends it; none of its phases waits longer than `deadline`."""
    key = {"authorization": f"Bearer {to.api_key}"} if to.api_key else {}
    return client.build_request(
        call.method,
        to.url + call.path,
        content=call.content,
        headers=[
            (name.encode(), value.encode()) for name, value in {**key, **call.headers}.items()
        ],
        params=call.query or None,
        timeout=max(deadline - time.monotonic(), 0.001),
    )


class Bounded(httpx.SyncByteStream):
    """The body of a response, as long as it comes before a time; httpx bounds each wait only."""

    def __init__(self, stream: httpx.SyncByteStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if time.monotonic() > self._deadline:
                raise httpx.ReadTimeout("not in time")
            yield chunk

    def close(self) -> None:
        """Close what is bounded."""
        self._stream.close()


def pause_s(
    retries: Retries, attempt: int, response: httpx.Response | None, deadline: float, call: Call
) -> float:
    """How long to wait before the next attempt.

    Raises what there is to say when that would be after `deadline` of `time.monotonic`.
    """
    stated = None if response is None else response.headers.get("retry-after")
    pause = retries.pause_s(attempt, stated)
    if time.monotonic() + pause < deadline:
        return pause
    if response is None:
        raise no_answer(call, "not in time")
    raise Refused(response.status_code, response.text)


def look_again_s(waited_s: float, left_s: float) -> float:
    """How long to wait before a job is looked at again: a tenth of what it has taken so far."""
    return min(max(_FIRST_LOOK_S, waited_s / 10), _LONGEST_LOOK_S, left_s)


def transfer(method: str, url: str) -> Call:
    """A file on its way from or to an address, as errors tell of it: the query is a secret."""
    return Call(method, httpx.URL(url).path)


@contextmanager
def told(call: Call) -> Iterator[None]:
    """Raise NoAnswer when the connection breaks."""
    try:
        yield
    except httpx.TransportError as error:
        raise no_answer(call, error) from None


def no_answer(call: Call, reason: object) -> NoAnswer:
    """The error of a call that nobody answered."""
    said = str(reason) or type(reason).__name__
    return NoAnswer(f"{call.method} {call.path} got no answer: {said}")


def document(response: httpx.Response) -> Any:
    """The JSON of a response.  Raises Refused, or FlotillaError when it holds none."""
    require_ok(response)
    try:
        return response.json()
    except ValueError:
        raise FlotillaError(
            f"{response.request.url} answered {response.status_code}, expected JSON: is it a "
            "Flotilla's address?"
        ) from None


def require_ok(response: httpx.Response) -> None:
    """Raise Refused for a response, which has been read, of 400 and more."""
    if response.is_error:
        raise Refused(response.status_code, response.text)


def require_result(job: Job) -> str:
    """Where a job's result is.  Raises FlotillaError when it has none."""
    if not job.result_url:
        reason = f", {job.error}" if job.error else ""
        raise FlotillaError(f"job {job.id} has no result: it is {job.status}{reason}")
    return job.result_url


def embeddings(found: Mapping[str, Any]) -> list[list[float]]:
    """The vectors of OpenAI's answer, in the order of the texts."""
    return [entry["embedding"] for entry in found["data"]]
