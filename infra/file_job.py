"""`flotilla job`: have a file of many lines answered by a running cloud, and fetch the result."""

from collections.abc import Callable
from pathlib import Path

from flotilla.client import Flotilla, FlotillaError, Job
from flotilla.client.clouds import Cloud
from infra.client import CallError

# What is uploaded must be known by its lines: each is one instance.
ENDINGS = (".csv", ".jsonl", ".ndjson")
_LIMIT_S = 600.0
_LONGEST_S = 24 * 3600.0


def run(cloud: Cloud, model: str, path: Path, result: Path, report: Callable[[Job], None]) -> int:
    """Have a file answered, write its result, and count its lines.  Raises CallError."""
    if path.suffix.lower() not in ENDINGS:
        raise CallError(f"{path}: ending {path.suffix!r}, expected one of {sorted(ENDINGS)}")
    if not path.is_file():
        raise CallError(f"{path} is not there")
    if not result.parent.is_dir() or result.is_dir():
        raise CallError(f"{result} cannot be written: expected a file in a folder that is there")
    try:
        with Flotilla(cloud.url, cloud.api_key, timeout_s=_LIMIT_S) as fleet:
            job = fleet.wait(fleet.submit(model, path), _LONGEST_S, report)
            fleet.download(job, result)
    except FlotillaError as error:
        raise CallError(f"{cloud.url}: {error}") from None
    return job.lines_done
