"""Tuning: which form and which settings serve an artifact best, measured when it is published.

The artifact's own first example is asked, in a sandbox of its own.  Sessions are timed in processor
time, runs by the clock, as threads are about that; of several the quickest counts, which is the one
that was least disturbed.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter, process_time

from serving import hooks
from serving.artifact import Artifact
from serving.lock import Tuning
from serving.manifest import EXAMPLES, GRAPH
from serving.routes import Router
from serving.service import Service
from serving.session import MB_PER_VCPU, Session
from serving.types import Tensors
from training.release import compiling, examples, sandbox, trial

# Of a smaller graph neither form nor threads nor prepacking make a difference: 3 ms for `iris`.
SMALL_BYTES = 64_000
# Mapping saves two to three times the size of a graph in memory.
_LARGE_BYTES = 1_000_000
_PAYS_MS = 2.0
_SLOWER = 1.05
_QUICKER = 0.8
_MOST_THREADS = 6  # Lambda's largest function has six vCPUs
_LIMIT_S = 300.0
_MEMORY_MB = 8192
_SESSIONS = 5
_RUNS = 30


def measure(source: Artifact, folder: Path) -> Tuning:
    """The tuning of an artifact, with the hooks of its model folder.

    Raises ArtifactError when it cannot be compiled, SandboxError when it cannot be run.
    """
    if source.manifest.files[GRAPH].size_bytes < SMALL_BYTES:
        return Tuning()
    with tempfile.TemporaryDirectory() as scratch:
        made = compiling.compiled(source, Path(scratch) / "compiled")
        places = [str(path.resolve()) for path in (source.folder, made.folder, folder)]
        found = sandbox.run("training.release.tuning", places, _LIMIT_S)
    return choose(found, source.manifest.files[GRAPH].size_bytes)


def choose(found: Mapping[str, float], size_bytes: int) -> Tuning:
    """The tuning that milliseconds speak for; `found` is what the child prints.

    A large graph is mapped for its memory's sake, unless that takes longer.
    """
    quicker = found["plain_create"] - found["mapped_create"]
    mapped = quicker >= _PAYS_MS or (size_bytes >= _LARGE_BYTES and quicker > -_PAYS_MS)
    saved = found["mapped_create"] - found["unpacked_create"]
    prepacking = saved < _PAYS_MS or found["unpacked_run"] > found["run"] * _SLOWER
    threaded = found["two_threads_run"] <= found["run"] * _QUICKER
    return Tuning(mapped, prepacking, _MOST_THREADS if threaded else 1)


def main(plain: str, mapped: str, folder: str) -> None:
    """Be the child: time every way on the first example and print milliseconds as JSON."""
    sandbox.confine(_MEMORY_MB, _LIMIT_S)
    service = Service.load(Path(plain), hooks=hooks.load(Path(folder)))
    compiled = Service.load(Path(mapped))
    feeds = _feeds(service)
    unpacked = Tuning(prepacking=False)
    ways: dict[str, Callable[[], Session]] = {
        "plain": lambda: service.open_variant(service.variant),
        "mapped": lambda: compiled.open_variant(compiled.variant),
        "unpacked": lambda: _session(compiled, MB_PER_VCPU, unpacked),
        "two_threads": lambda: _session(compiled, 2 * MB_PER_VCPU, Tuning(threads=2)),
    }
    created = {name: _quickest(process_time, make, _SESSIONS) for name, make in ways.items()}
    sessions = {name: make() for name, make in ways.items()}
    times = {
        name: _quickest(perf_counter, partial(session.run, feeds, monotonic() + _LIMIT_S), _RUNS)
        for name, session in sessions.items()
    }
    print(
        json.dumps(
            {
                "plain_create": created["plain"],
                "mapped_create": created["mapped"],
                "unpacked_create": created["unpacked"],
                "run": times["mapped"],
                "unpacked_run": times["unpacked"],
                "two_threads_run": times["two_threads"],
            }
        )
    )


def _session(service: Service, memory_mb: int, tuning: Tuning) -> Session:
    return Session(service.artifact.mapped_graph(), service.manifest, memory_mb, tuning)


def _feeds(service: Service) -> Tensors:
    """What the graph is fed when the first example is asked."""
    seen: list[Tensors] = []

    def preprocess(inputs: Tensors) -> Tensors:
        seen.append(service.hooks.preprocess(inputs))
        return seen[-1]

    watched = replace(service, hooks=replace(service.hooks, preprocess=preprocess))
    asked = examples.parse(service.artifact.read(EXAMPLES), service.name)
    trial.answer(Router(watched), asked[0])
    return seen[0]


def _quickest(clock: Callable[[], float], act: Callable[[], object], times: int) -> float:
    spent = []
    for _ in range(times):
        started = clock()
        act()
        spent.append(clock() - started)
    return round(min(spent) * 1000, 3)


if __name__ == "__main__":
    main(*sys.argv[1:])
