"""From a job's input to the parts that its model answers."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import PurePosixPath

from functions.jobs import splitting
from functions.jobs.inputs import Input, Inputs
from functions.jobs.job import Job, Status
from functions.jobs.splitting import Part
from functions.jobs.table import Jobs
from serving.errors import NotFound, TooLarge, Unprocessable

# What one job may be; the splitting of so much takes a fraction of the function's timeout.
INPUT_BYTES = 256 * 1024 * 1024
SINGLE_BYTES = 64 * 1024 * 1024
LINES = 1_000_000
PARTS = 5_000
_AT_ONCE = 8
# Between so many parts it is asked whether the job was cancelled.
_UNASKED = 32


def hand_over(job: Job, version: str, jobs: Jobs, inputs: Inputs) -> int | None:
    """Write the parts of this version of the input, and count its lines.

    None when the job was cancelled meanwhile.  Raises ServingError when the input is gone, or is
    none that a job may have.
    """
    found = inputs.open(job, version)
    if found is None:
        raise NotFound("the input was deleted before it was read")
    most = INPUT_BYTES if job.is_batch else SINGLE_BYTES
    if found.size_bytes > most:
        raise TooLarge(f"the input has {found.size_bytes} bytes, expected at most {most}")
    if not job.is_batch:
        ending = PurePosixPath(job.input).suffix
        inputs.put_part(job, name(1, ending), b"".join(found.chunks), found.media_type)
        return 1
    return _split(job, found, jobs, inputs)


def name(first: int, ending: str) -> str:
    """A part's name: the number of its first line, so that names are in order."""
    return f"{first:09d}{ending}"


def first_line(part: str) -> int:
    """The number of a part's first line, from its name."""
    return int(PurePosixPath(part).stem)


def _split(job: Job, found: Input, jobs: Jobs, inputs: Inputs) -> int | None:
    ending = PurePosixPath(job.input).suffix
    parts = splitting.split(found.chunks, ending)
    lines = count = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while some := list(islice(parts, _UNASKED)):
            count += len(some)
            lines = some[-1].first + some[-1].lines - 1
            _check(lines, count)
            list(pool.map(lambda part: _put(job, part, ending, found.media_type, inputs), some))
            now = jobs.find(job.caller, job.id)
            if now is None or now.status is not Status.RUNNING:
                return None
    if lines == 0:
        raise Unprocessable("the input holds no line, expected at least 1")
    return lines


def _put(job: Job, part: Part, ending: str, media_type: str, inputs: Inputs) -> None:
    inputs.put_part(job, name(part.first, ending), part.body, media_type)


def _check(lines: int, parts: int) -> None:
    if lines > LINES:
        raise TooLarge(f"the input has more than {LINES} lines")
    if parts > PARTS:
        raise TooLarge(
            f"the input comes to more than {PARTS} parts: its lines are too long, or bad"
        )
