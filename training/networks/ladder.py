"""The ladder: a model's variants, each measured on the same held-out rows and the same machine.

A variant may ship when its accuracy is within a point of fp32's; of those that may, the fastest
should.  Timings differ from run to run, so they are measured by themselves and recorded in
`ladder.json`, from where training takes them into the card.
"""

import json
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import onnxruntime as ort

from serving.types import JsonObject, Tensors
from training import plots
from training.evaluate import Figure

NAME = "ladder.json"
FULL = "fp32"
POINTS = 1.0
_LOADS = 5
_RUNS = 40


@dataclass(frozen=True, slots=True)
class Rung:
    """A variant: its score with the ends of the 95 % interval, its size, and its times."""

    variant: str
    score: float
    low: float
    high: float
    size_kb: float
    create_ms: float
    one_ms: float
    eight_ms: float


def measure(variant: str, graph: bytes, score: Figure, one: Tensors, eight: Tensors) -> Rung:
    """Time a graph on feeds of one row and of eight, one thread: medians."""
    sessions, loads = [], []
    for _ in range(_LOADS):
        started = time.perf_counter()
        sessions.append(_session(graph))
        loads.append(time.perf_counter() - started)
    times = [statistics.median(_times(sessions[-1], feeds)) for feeds in (one, eight)]
    create, first, batch = (round(1000 * s, 3) for s in (statistics.median(loads), *times))
    size = round(len(graph) / 1000, 1)
    return Rung(variant, score.value, score.low, score.high, size, create, first, batch)


def passing(rungs: Sequence[Rung], points: float = POINTS) -> list[Rung]:
    """The variants whose score is within `points` hundredths of fp32's, the fastest first."""
    full = next(rung for rung in rungs if rung.variant == FULL)
    good = [rung for rung in rungs if rung.score >= full.score - points / 100]
    return sorted(good, key=lambda rung: rung.one_ms)


def write(folder: Path, rungs: Sequence[Rung], what: str, points: float = POINTS) -> None:
    """Record the ladder beside a model's card."""
    document = {
        "score": what,
        "machine": f"one thread of {platform.machine()}",
        "gate_points": points,
        "passing": [rung.variant for rung in passing(rungs, points)],
        "rungs": [asdict(rung) for rung in rungs],
    }
    (folder / NAME).write_text(json.dumps(document, indent=2) + "\n")


def read(folder: Path) -> tuple[list[Rung], str, list[str]]:
    """The rungs, what their score is, and the variants that passed, the fastest first."""
    document = json.loads((folder / NAME).read_text())
    return [Rung(**rung) for rung in document["rungs"]], document["score"], document["passing"]


def table(folder: Path, shipped: str, others: Sequence[str] = ()) -> dict[str, JsonObject]:
    """The ladder as a table of a card, with a word on what is shipped; none when not measured.

    `shipped` answers unless a caller picks one of `others`.
    """
    if not (folder / NAME).exists():
        return {}
    rungs, what, good = read(folder)
    rows = [[*_cells(rung), "yes" if rung.variant in good else "no"] for rung in rungs]
    picked = f", callers may pick {', '.join(f'`{name}`' for name in others)}" if others else ""
    text = (
        f"Shipped is `{shipped}`{picked}.\n"
        f"Within {POINTS:g} point of `{FULL}` are, the fastest first: "
        f"{', '.join(f'`{name}`' for name in good)}.\n"
        "Times are medians on one thread of a shared machine."
    )
    columns = ["variant", what, "95 % interval", "kB", "session ms", "p50 of 1, ms", "of 8, ms"]
    return {"Ladder": {"text": text, "columns": [*columns, "passes"], "rows": rows}}


def draw(folder: Path, path: Path) -> None:
    """Draw score and size of each variant over its time."""
    rungs, what, _ = read(folder)
    picture, (left, right) = plots.panels(2)
    for rung in rungs:
        spread = [[rung.score - rung.low], [rung.high - rung.score]]
        left.errorbar([rung.one_ms], [rung.score], yerr=spread, fmt="o", capsize=3)
        left.annotate(
            rung.variant, (rung.one_ms, rung.score), xytext=(6, 6), textcoords="offset points"
        )
    left.margins(0.25)
    left.set(xlabel="ms for one", ylabel=what, title="held-out rows, 95 % intervals")
    right.bar([rung.variant for rung in rungs], [rung.size_kb for rung in rungs])
    right.set(ylabel="kB", title="size of the graph")
    plots.save(picture, path)


def _cells(rung: Rung) -> list[str | float]:
    interval = f"{rung.low:.4f} to {rung.high:.4f}"
    times = [rung.create_ms, rung.one_ms, rung.eight_ms]
    return [rung.variant, rung.score, interval, rung.size_kb, *times]


def _session(graph: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _times(session: ort.InferenceSession, feeds: Tensors) -> list[float]:
    times = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        session.run(None, feeds)
        times.append(time.perf_counter() - started)
    return times
