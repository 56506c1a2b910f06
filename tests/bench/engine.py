"""The engine in its own process: what it adds to what any handler must do, to the microsecond.

On the wire the runtime client's own 300 to 500 us would hide it.  It is measured in a child,
started as Lambda starts a function, so that nothing else of a bench is in the collector's way.
The time is the thread's own CPU time: with one thread a graph runs in the caller's, and a busy
machine does not count.  Its caches do: neighbours only ever add to a time, so each row is taken
from the quietest of three children, the one whose bare way was the quickest.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import thread_time

ROOT = Path(__file__).parents[2]
_LEAST_ROUNDS, _MOST_ROUNDS, _S = 5, 2000, 2.0
_CHILDREN = 3

Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Group:
    """Ways to answer one question: the bare one, and the engine's with the most each may add.

    `unit` is "us" added to the bare way, or "ratio" to it.
    """

    title: str
    bare: Step
    steps: dict[str, tuple[Step, float]]
    unit: str = "us"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured way, against its budget."""

    title: str
    step: str
    bare_us: float
    value: float
    unit: str
    budget: float


def rows() -> list[Row]:
    """What the engine adds, measured in children.  Raises CalledProcessError when one fails."""
    measured = zip(*(_child() for _ in range(_CHILDREN)), strict=True)
    return [min(rows, key=lambda row: row.bare_us) for rows in measured]


def _child() -> list[Row]:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-m", __name__]
    found = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return [Row(**row) for row in json.loads(found.stdout)]


def main() -> None:
    """Measure every group and print the rows as JSON."""
    import gc

    import serving.lean_imports  # noqa: F401 - as the entry point starts
    from tests.bench import asked

    gc.freeze()
    gc.enable()
    found: list[Row] = []
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        for group in asked.groups():
            found += _measured(group)
    print(json.dumps([asdict(row) for row in found]))


def _measured(group: Group) -> Iterator[Row]:
    ways = {"": group.bare, **{name: step for name, (step, _) in group.steps.items()}}
    times: dict[str, list[float]] = {name: [] for name in ways}
    left_s, calls = _S * len(ways), 1
    for number in range(_MOST_ROUNDS):
        for name, way in ways.items():
            started = thread_time()
            for _ in range(calls):
                way()
            took_s = thread_time() - started
            left_s -= took_s
            times[name].append(took_s / calls * 1e6)
        if number == 0:  # it warmed up; a quick way is timed by the score
            calls = 20 if took_s < 0.001 else 1
            times = {name: [] for name in ways}
        elif number > _LEAST_ROUNDS and left_s < 0:
            break
    bare = median(times[""])
    for name, (_, budget) in group.steps.items():
        found = median(times[name])
        value = found - bare if group.unit == "us" else found / bare
        yield Row(group.title, name, round(bare, 1), round(value, 3), group.unit, budget)


if __name__ == "__main__":
    main()
