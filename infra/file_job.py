"""`flotilla job`: have a file of many lines answered by a running cloud, and fetch the result."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from infra.client import CallError, Cloud

# What is uploaded must be known by its lines: each is one instance.
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
}
_LOOK_EVERY_S = 0.5
_LIMIT_S = 600
_ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job has come; `lines` is not known before the file has been read."""

    lines_done: int
    lines: int | None


def run(
    cloud: Cloud, model: str, path: Path, result: Path, report: Callable[[Progress], None]
) -> int:
    """Have a file answered, write its result, and count its lines.  Raises CallError."""
    made = _make(cloud, model, path)
    _upload(made["upload"]["url"], path)
    job = made
    for job in _looks(cloud, made["id"]):
        report(Progress(**job["progress"]))
    if job["status"] != "done":
        reason = job.get("error", {}).get("message", "somebody cancelled it")
        raise CallError(f"job {job['id']} is {job['status']}: {reason}")
    partial = result.with_name(f"{result.name}.partial")
    with _open(Request(job["result"]["url"])) as answer, partial.open("wb") as file:  # noqa: S310 - the cloud's own
        shutil.copyfileobj(answer, file)
    partial.rename(result)
    lines: int = job["progress"]["lines"]
    return lines


def _make(cloud: Cloud, model: str, path: Path) -> Any:
    media_type = MEDIA_TYPES.get(path.suffix.lower())
    if media_type is None:
        raise CallError(f"{path}: suffix {path.suffix!r}, expected one of {sorted(MEDIA_TYPES)}")
    body = json.dumps({"media_type": media_type}).encode()
    return _ask(cloud, f"/v1/models/{model}/jobs", body)


def _upload(url: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            headers = {"Content-Length": str(path.stat().st_size), "Content-Type": "text/plain"}
            _open(Request(url, file, headers, method="PUT")).close()  # noqa: S310 - the cloud's own
    except FileNotFoundError:
        raise CallError(f"{path} is not there") from None


def _looks(cloud: Cloud, job_id: str) -> Iterator[Any]:
    """The job as it is, again and again until it has ended."""
    while True:
        job = _ask(cloud, f"/v1/jobs/{job_id}", None)
        yield job
        if job["status"] in _ENDED:
            return
        time.sleep(_LOOK_EVERY_S)


def _ask(cloud: Cloud, path: str, body: bytes | None) -> Any:
    headers = {"x-api-key": cloud.api_key, "content-type": "application/json"}
    request = Request(f"{cloud.url}{path}", body, headers)  # noqa: S310 - the caller's own
    with _open(request) as answer:
        return json.load(answer)


def _open(request: Request) -> Any:
    """An answer.  Raises CallError when there is none, or a refusal."""
    try:
        return urlopen(request, timeout=_LIMIT_S)  # noqa: S310 - as its callers say
    except HTTPError as error:
        raise CallError(f"{request.full_url.partition('?')[0]}: {_reason(error)}") from None
    except (URLError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        raise CallError(f"{request.host} does not answer ({reason}): is the cloud up?") from None


def _reason(error: HTTPError) -> str:
    try:
        return str(json.load(error)["error"]["message"])
    except (KeyError, TypeError, ValueError):
        return f"status {error.code}"
