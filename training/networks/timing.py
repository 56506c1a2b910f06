"""How long graphs take, now and again: they are kept in `build/ladder/<model>` with what to ask.

Variants are timed in turns, so that whatever else the machine does is shared by all of them, and in
processor time, so that waiting for the processor does not count.
"""

import shutil
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import thread_time

import numpy as np

from serving.types import Tensors
from training import parity

KEPT = Path(__file__).parents[2] / "build" / "ladder"
_FEEDS = ("one.npz", "eight.npz")
_ROUNDS = 5
_RUNS = 8
_WARM_UPS = 2
_MS = 1000


class TimingError(Exception):
    """Nothing was timed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Times:
    """Medians: to create a session, to answer one row, to answer eight."""

    create_ms: float
    one_ms: float
    eight_ms: float


def times(graphs: Mapping[str, bytes], feeds: tuple[Tensors, Tensors]) -> dict[str, Times]:
    """The times of graphs on feeds of one row and of eight, each on one thread."""
    found: dict[str, tuple[list[float], ...]] = {name: ([], [], []) for name in graphs}
    for _ in range(_ROUNDS):
        for name, graph in graphs.items():
            creating, *answering = found[name]
            started = thread_time()
            session = parity.session(graph)
            creating.append(thread_time() - started)
            for spent, feed in zip(answering, feeds, strict=True):
                spent += [_asked(session, feed) for _ in range(_WARM_UPS + _RUNS)][_WARM_UPS:]
    return {
        name: Times(*(round(_MS * statistics.median(spent), 3) for spent in lists))
        for name, lists in found.items()
    }


def size_kb(graph: bytes) -> float:
    """The size of a graph as ladders state it."""
    return round(len(graph) / 1000, 1)


def keep(model: str, graphs: Mapping[str, bytes], feeds: tuple[Tensors, Tensors]) -> None:
    """Keep graphs and feeds, in place of what was kept of the model before."""
    folder = KEPT / model
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, graph in graphs.items():
        (folder / f"{name}.onnx").write_bytes(graph)
    for name, feed in zip(_FEEDS, feeds, strict=True):
        np.savez_compressed(folder / name, **feed)


def is_kept(model: str) -> bool:
    """Whether graphs of the model were kept."""
    return (KEPT / model).is_dir()


def kept(
    model: str, sizes_kb: Mapping[str, float]
) -> tuple[dict[str, bytes], tuple[Tensors, Tensors]]:
    """The graphs of these sizes that were kept, and the feeds of one row and of eight.

    Raises TimingError when they are others.
    """
    folder = KEPT / model
    graphs = {path.stem: path.read_bytes() for path in folder.glob("*.onnx")}
    found = {name: size_kb(graph) for name, graph in graphs.items()}
    if found != dict(sizes_kb):
        raise TimingError(
            f"{folder} holds graphs of {found} kB, the ladder has {dict(sizes_kb)}: run "
            f"`flotilla optimise {model} --fresh`"
        )
    one, eight = (dict(np.load(folder / name)) for name in _FEEDS)
    return {name: graphs[name] for name in sizes_kb}, (one, eight)


def _asked(session: parity.Session, feed: Tensors) -> float:
    started = thread_time()
    session.run(None, feed)
    return thread_time() - started
