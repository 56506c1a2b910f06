"""The ladder: a model's variants, each measured on the same held-out rows and the same machine.

A variant may ship when its score is within a point of fp32's.  The default is the fastest of those
that may and whose answers are the same on every processor; where times are as good as equal, the
one that scores best, and then the smallest.
"""

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from serving.types import JsonObject, Tensors
from training import plots
from training.evaluate import Figure
from training.networks import timing
from training.networks.timing import Times

NAME = "ladder.json"
PLOT = "ladder.png"
FULL = "fp32"
POINTS = 1.0
_EQUAL = 0.1  # times that differ by less than this share of themselves are equal
_SAME_SCORE = 3  # and so are scores in so many decimals
_ABOVE, _BELOW = (6, 6), (6, -14)  # in turns, so that names of close ones can be read
_YES = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A graph that may become the variant, and its score on the held-out rows.

    Answers of a `portable` one are the same on every processor; sums of rounded activations are
    not.
    """

    variant: str
    graph: bytes
    score: Figure
    portable: bool = True


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
    portable: bool = True


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs; what their score is, and how many hundredths below fp32's it may be.

    The default is one that answers the same `everywhere`, unless that is not asked for.
    """

    rungs: tuple[Rung, ...]
    score: str
    points: float = POINTS
    everywhere: bool = True

    @property
    def passing(self) -> list[Rung]:
        """The variants whose score is good enough, the fastest first."""
        full = next(rung for rung in self.rungs if rung.variant == FULL)
        good = [rung for rung in self.rungs if rung.score >= full.score - self.points / 100]
        return sorted(good, key=lambda rung: rung.one_ms)

    @property
    def default(self) -> Rung:
        """The variant to answer callers who pick none."""
        good = [rung for rung in self.passing if rung.portable or not self.everywhere]
        quick = [rung for rung in good if rung.one_ms <= good[0].one_ms * (1 + _EQUAL)]
        return min(quick, key=lambda rung: (-round(rung.score, _SAME_SCORE), rung.size_kb))

    def passed(self, graphs: Mapping[str, bytes]) -> dict[str, bytes]:
        """Those of the graphs that may ship."""
        good = {rung.variant for rung in self.passing}
        return {name: graph for name, graph in graphs.items() if name in good}


def climb(
    home: Path,
    candidates: Sequence[Candidate],
    feeds: tuple[Tensors, Tensors],
    score: str,
    points: float = POINTS,
    everywhere: bool = True,
) -> None:
    """Time the candidates on feeds of one row and of eight, and record the ladder in `home`.

    The graphs are kept, so that they can be timed again; `score` says what the score is.
    """
    graphs = {one.variant: one.graph for one in candidates}
    timing.keep(home.name, graphs, feeds)
    times = timing.times(graphs, feeds)
    rungs = tuple(_rung(one, times[one.variant]) for one in candidates)
    write(home, Ladder(rungs, score, points, everywhere))


def time_again(home: Path) -> None:
    """Take the times of a recorded ladder anew, from the graphs that were kept.

    Raises TimingError when none were, or others than those recorded.
    """
    known = read(home)
    graphs, feeds = timing.kept(home.name, {rung.variant: rung.size_kb for rung in known.rungs})
    times = timing.times(graphs, feeds)
    rungs = (Rung(**{**asdict(rung), **asdict(times[rung.variant])}) for rung in known.rungs)
    write(home, replace(known, rungs=tuple(rungs)))


def write(folder: Path, ladder: Ladder) -> None:
    """Record the ladder beside a model's card."""
    document = {
        "score": ladder.score,
        "machine": f"one thread of {platform.machine()}",
        "gate_points": ladder.points,
        "same_everywhere": ladder.everywhere,
        "passing": [rung.variant for rung in ladder.passing],
        "default": ladder.default.variant,
        "rungs": [asdict(rung) for rung in ladder.rungs],
    }
    (folder / NAME).write_text(json.dumps(document, indent=2) + "\n")


def read(folder: Path) -> Ladder:
    """The ladder recorded in a model's training folder."""
    document = json.loads((folder / NAME).read_text())
    rungs = tuple(Rung(**rung) for rung in document["rungs"])
    everywhere = document.get("same_everywhere", True)
    return Ladder(rungs, document["score"], document["gate_points"], everywhere)


def table(folder: Path, shipped: Iterable[str]) -> dict[str, JsonObject]:
    """The ladder as a table of a card, with a word on what is shipped; none when not measured.

    The first of `shipped` is the default, the others are those that callers may pick.
    """
    if not (folder / NAME).exists():
        return {}
    ladder = read(folder)
    good = ladder.passing
    rows = [[*_cells(rung), _YES[rung in good], _YES[rung.portable]] for rung in ladder.rungs]
    columns = ["kB", "session ms", "p50 of 1, ms", "of 8, ms", "passes", "same everywhere"]
    return {
        "Ladder": {
            "text": _told(ladder, *shipped),
            "columns": ["variant", ladder.score, "95 % interval", *columns],
            "rows": rows,
        }
    }


def draw(folder: Path, path: Path) -> None:
    """Draw score and size of each variant over its time."""
    ladder = read(folder)
    rungs = ladder.rungs
    picture, (left, right) = plots.panels(2)
    for number, rung in enumerate(sorted(rungs, key=lambda rung: rung.one_ms)):
        spread = [[rung.score - rung.low], [rung.high - rung.score]]
        left.errorbar([rung.one_ms], [rung.score], yerr=spread, fmt="o", capsize=3)
        left.annotate(
            rung.variant,
            (rung.one_ms, rung.score),
            xytext=_ABOVE if number % 2 else _BELOW,
            textcoords="offset points",
        )
    left.margins(0.25)
    left.set(xlabel="ms for one", ylabel=ladder.score, title="held-out rows, 95 % intervals")
    right.bar([rung.variant for rung in rungs], [rung.size_kb for rung in rungs])
    right.set(ylabel="kB", title="size of the graph")
    plots.save(picture, path)


def _told(ladder: Ladder, shipped: str, *others: str) -> str:
    picked = f"; callers may pick {', '.join(f'`{name}`' for name in others)}" if others else ""
    good = ", ".join(f"`{rung.variant}`" for rung in ladder.passing)
    best = ladder.default.variant
    points = "point" if ladder.points == 1 else "points"
    among = "are the same on every processor" if ladder.everywhere else "pass"
    reason = (
        f"the fastest of those that {among}"
        if best == shipped
        else f"by the times below it would be `{best}`"
    )
    return (
        f"Shipped is `{shipped}`: {reason}{picked}.\n"
        f"Within {ladder.points:g} {points} of `{FULL}` are, the fastest first: {good}.\n"
        f"Times within {_EQUAL:.0%} of each other count as equal: then the score decides, then the "
        "size.\nTimes are medians of processor time on one thread."
    )


def _rung(candidate: Candidate, times: Times) -> Rung:
    score = candidate.score
    size_kb = timing.size_kb(candidate.graph)
    return Rung(
        candidate.variant,
        *(score.value, score.low, score.high, size_kb),
        **asdict(times),
        portable=candidate.portable,
    )


def _cells(rung: Rung) -> list[str | float]:
    interval = f"{rung.low:.4f} to {rung.high:.4f}"
    times = [rung.create_ms, rung.one_ms, rung.eight_ms]
    return [rung.variant, rung.score, interval, rung.size_kb, *times]
