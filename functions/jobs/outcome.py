"""From the model's answers to a job's result."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath

from functions.jobs import assembling, intake
from functions.jobs.assembling import Answer, Span
from functions.jobs.inputs import Inputs
from functions.jobs.job import NDJSON, Job
from functions.jobs.results import PIECE_BYTES, Results
from serving import strict_json
from serving.http import JSON
from serving.json_types import JsonObject

_UNANSWERED = {"code": "unanswered", "message": "the model gave no answer in time"}
_AT_ONCE = 8


class Refused(Exception):
    """The model answered no part of the job; `error` says why."""

    def __init__(self, error: JsonObject) -> None:
        super().__init__(error["message"])
        self.error = error


@dataclass(frozen=True, slots=True)
class Seen:
    """A job's parts, and which of them have come to something."""

    parts: list[Span]
    names: dict[int, str]
    answered: set[str]
    failed: set[str]

    @property
    def lines_done(self) -> int:
        """How many lines lie in parts that have come to something."""
        return sum(span.lines for span in self.parts if self._is_done(span))

    @property
    def is_complete(self) -> bool:
        """Whether every part has come to something."""
        return all(map(self._is_done, self.parts))

    def _is_done(self, span: Span) -> bool:
        name = self.names[span.first]
        return name in self.answered or name in self.failed


def look(job: Job, inputs: Inputs, results: Results) -> Seen:
    """See how far the model has come."""
    names = {intake.first_line(name): name for name in inputs.parts(job)}
    parts = assembling.spans(list(names), job.lines or 0)
    return Seen(parts, names, results.answered(job), results.failed(job))


def write(job: Job, seen: Seen, results: Results) -> int:
    """Write the result, and count its lines.  Raises Refused when there is nothing to write."""
    if not seen.answered:
        failed = min(seen.failed, default=None)
        error = assembling.read_error(results.failure(job, failed)) if failed else _UNANSWERED
        raise Refused(error)
    if job.is_batch:
        return _write_lines(job, seen, results)
    document = json.loads(results.answer(job, min(seen.answered)))
    del document["source"]  # the caller knows it by the job's id
    body = strict_json.dumps(document | {"id": job.id})
    results.write(job, iter([body]), JSON)
    return 1


def _write_lines(job: Job, seen: Seen, results: Results) -> int:
    read = _reader(job, seen, results)
    header = None
    if PurePosixPath(job.input).suffix == ".csv":
        span = next(span for span in seen.parts if seen.names[span.first] in seen.answered)
        header = assembling.has_header(span, len(read(span).lines or ()))
    lines = assembling.assemble(_fetched(seen.parts, read), header)
    results.write(job, assembling.batches(lines, PIECE_BYTES), NDJSON)
    return (job.lines or 0) - int(bool(header))


def _fetched(parts: list[Span], read: Callable[[Span], Answer]) -> Iterator[tuple[Span, Answer]]:
    """Each part with its answer, in order, some of them fetched at once."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, len(parts), _AT_ONCE):
            some = parts[start : start + _AT_ONCE]
            yield from zip(some, pool.map(read, some), strict=True)


def _reader(job: Job, seen: Seen, results: Results) -> Callable[[Span], Answer]:
    def read(span: Span) -> Answer:
        name = seen.names[span.first]
        if name in seen.answered:
            return Answer(results.answer(job, name).splitlines())
        if name in seen.failed:
            return Answer(None, assembling.read_error(results.failure(job, name)))
        return Answer(None, _UNANSWERED)

    return read
