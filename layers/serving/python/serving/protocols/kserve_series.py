"""The inputs of a KServe forecast as the instances of a forecasting model.

An input is the past of one series, `univariate_time_series`, or of all that the model has,
`multivariate_time_series` with a list a step in the model's order.  A model of several series takes
them one by one as well, each under its name.  The newest steps count: what is longer than the
model's context is cut.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from serving import arrays
from serving.errors import Unprocessable
from serving.types import Json, JsonObject

UNIVARIATE, MULTIVARIATE = "univariate_time_series", "multivariate_time_series"
# What a manifest calls a frequency -> KServe's names of it, and how long a step is.
FREQUENCIES = {
    "1s": (("second", "S"), timedelta(seconds=1)),
    "1min": (("minute", "T"), timedelta(minutes=1)),
    "1h": (("hour", "H"), timedelta(hours=1)),
    "1d": (("day", "D"), timedelta(days=1)),
    "1w": (("week", "W"), timedelta(weeks=1)),
}
# Covariates that follow from the time.
_CALENDAR: dict[str, Callable[[datetime], int]] = {
    "hour": lambda at: at.hour,
    "weekday": lambda at: at.weekday(),
}


@dataclass(frozen=True, slots=True)
class Past:
    """One input: its steps, newest last, and when the step after them is, where that is known."""

    name: str
    kind: str
    frequency: str
    steps: list[Json]
    next_at: datetime | None
    step: timedelta
    future: JsonObject


def read(inputs: Json, details: JsonObject) -> list[list[Past]]:
    """The inputs, those together that make one instance.  Raises Unprocessable."""
    if not isinstance(inputs, list) or not inputs:
        raise Unprocessable("'inputs' is missing or wrong, expected a list of time series")
    pasts = [_past(entry, index, str(details["frequency"])) for index, entry in enumerate(inputs)]
    names = _names(details)
    groups: list[list[Past]] = []
    while pasts:
        alone = len(names) == 1 or pasts[0].kind == MULTIVARIATE
        size = 1 if alone else len(names)
        group, pasts = pasts[:size], pasts[size:]
        if not alone and sorted(past.name for past in group) != sorted(names):
            raise Unprocessable(
                f"the inputs are {arrays.listed(past.name for past in group)}, expected "
                f"{arrays.listed(names)}, or one {MULTIVARIATE} of them all"
            )
        groups.append(group)
    return groups


def instance(group: list[Past], horizon: Json, details: JsonObject) -> JsonObject:
    """A native instance of a group of inputs.  Raises Unprocessable."""
    names, length = _names(details), int(details["context"])
    for past in group:
        if len(past.steps) < length:
            raise Unprocessable(
                f"input '{past.name}' has {len(past.steps)} steps, expected at least {length}"
            )
    asked: JsonObject = {"context": _context(group, names, length), "horizon": horizon}
    known = [str(covariate["name"]) for covariate in details.get("covariates", [])]
    if known:
        asked["future"] = _future(group[0], known, int(details["horizon"]))
    return asked


def _names(details: JsonObject) -> list[str]:
    return [str(series["name"]) for series in details["series"]]


def _past(entry: Json, index: int, frequency: str) -> Past:
    if not isinstance(entry, dict) or entry.get("type") not in (UNIVARIATE, MULTIVARIATE):
        kind = arrays.shown(entry.get("type") if isinstance(entry, dict) else entry)
        raise Unprocessable(
            f"input {index} has type {kind}, expected {UNIVARIATE} or {MULTIVARIATE}"
        )
    name, steps, future = entry.get("name"), entry.get("series"), entry.get("future", {})
    if not isinstance(name, str) or not isinstance(steps, list) or not isinstance(future, dict):
        raise Unprocessable(f"input {index} lacks a 'name' or a 'series', or its 'future' is wrong")
    spoken, step = FREQUENCIES[frequency]
    if entry.get("frequency") not in spoken:
        was = arrays.shown(entry.get("frequency"))
        raise Unprocessable(f"input '{name}' has frequency {was}, expected {arrays.listed(spoken)}")
    start = _start(entry.get("start_timestamp"), name)
    next_at = start and _later(start, len(steps) * step, name)
    return Past(name, entry["type"], entry["frequency"], steps, next_at, step, future)


def _start(stated: Json, name: str) -> datetime | None:
    if stated is None:
        return None
    try:
        return datetime.fromisoformat(stated)
    except (TypeError, ValueError):
        shown = arrays.shown(stated)
        raise Unprocessable(
            f"input '{name}' has start_timestamp {shown}, expected one of ISO 8601"
        ) from None


def _later(start: datetime, passed: timedelta, name: str) -> datetime:
    try:
        return start + passed
    except OverflowError:
        raise Unprocessable(
            f"input '{name}' goes on beyond the year 9999, expected an earlier start_timestamp"
        ) from None


def _context(group: list[Past], names: list[str], length: int) -> JsonObject:
    if group[0].kind == UNIVARIATE:
        given = {past.name: past.steps[-length:] for past in group}
        return given if len(names) > 1 else {names[0]: group[0].steps[-length:]}
    steps = group[0].steps[-length:]
    if any(not isinstance(step, list) or len(step) != len(names) for step in steps):
        raise Unprocessable(
            f"input '{group[0].name}' is {MULTIVARIATE}, expected a list of {len(names)} values "
            f"a step: {arrays.listed(names)}"
        )
    return {name: [step[column] for step in steps] for column, name in enumerate(names)}


def _future(past: Past, known: list[str], horizon: int) -> JsonObject:
    """The covariates as they were given, those of the calendar added where the time is known."""
    if past.next_at is None:
        return past.future
    at = [_later(past.next_at, step * past.step, past.name) for step in range(horizon)]
    calendar = {name: [of(time) for time in at] for name, of in _CALENDAR.items() if name in known}
    return calendar | past.future
