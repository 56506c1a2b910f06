"""How much a sandbox grows over 10,000 mixed requests, in a process of its own."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from tests.bench.engine import ROOT, Step

REQUESTS = 10_000
BUDGET_MB = 5.0
# So many requests first: caches fill, and what is imported on demand is.
_WARM = 500


def growth_mb() -> float:
    """MB that 10,000 requests add, measured in a child.  Raises CalledProcessError."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-m", __name__]
    found = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return float(found.stdout)


def main() -> None:
    """Ask 10,000 times and print what the process has grown by, in MB."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        steps = cycle(_mixed())
        for step in islice(steps, _WARM):
            step()
        before = _resident_mb()
        for step in islice(steps, REQUESTS):
            step()
        after = _resident_mb()
    print(after - before)


def _mixed() -> Iterator[Step]:
    """Rows, batches, tensors, images, texts, and what is refused."""
    from tests.bench.asked import Asked

    iris = Asked("iris")
    for size in (1, 7, 32, 128):
        yield iris.native([[5.1, 3.5, 1.4, 0.2]] * size)
    for instances in ([], [[1, 2]], [["a", 1, 2, 3]], "no list"):
        yield iris.native(instances, status=422)
    for model in ("digits", "newsgroups"):
        asked = Asked(model)
        yield from (asked.example(each) for each in asked.examples()[:6])


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


if __name__ == "__main__":
    main()
