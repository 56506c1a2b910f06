"""What a model's own first example takes, for every model that is built here."""

import contextlib
import json
import os
import subprocess
import sys
from statistics import median
from time import thread_time

from tests.bench.engine import ROOT

_CALLS = 30


def durations() -> dict[str, float]:
    """Model to milliseconds of CPU for one answer, measured in a child."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-m", __name__]
    found = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    measured: dict[str, float] = json.loads(found.stdout)
    return measured


def main() -> None:
    """Print the milliseconds of each model as JSON."""
    from tests.bench import asked

    found = {}
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        for package in sorted(asked.PACKAGES.glob("*/artifact.lock")):
            found[package.parent.name] = round(_ms(package.parent.name), 3)
    print(json.dumps(found))


def _ms(model: str) -> float:
    from tests.bench.asked import Asked

    asked = Asked(model)
    step = asked.example(asked.examples()[0])
    times = []
    for _ in range(_CALLS):
        started = thread_time()
        step()
        times.append((thread_time() - started) * 1000)
    return median(times)


if __name__ == "__main__":
    main()
