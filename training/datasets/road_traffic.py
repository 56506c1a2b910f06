"""Metro Interstate Traffic Volume: cars an hour on one road, with weather and holidays.

The file has hours twice and more, one row for each kind of weather that was reported, and lacks
others, once ten months of them; temperatures of 0 K and rain of nine metres an hour are in it too.
"""

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from serving.types import Array
from training.datasets import archives, series
from training.datasets.archives import Archive, ArchiveError
from training.datasets.dataset import Feature, Source
from training.datasets.transformer_load import PACKED as TIME_SERIES

FILE = "Metro_Interstate_Traffic_Volume.csv"
# Alone, as who downloaded it by hand may have it; UCI's own archive holds it packed twice.
PLAIN = Archive(FILE, "sha256:749c90d720360a4215bb15345526073c079ba4cc95e3fa558796d083f85fce9e")
SOURCE = Source(
    title="Metro Interstate Traffic Volume",
    licence="CC BY 4.0 (UCI)",
    citation="J. Hogue, 2019",
    url="https://archive.ics.uci.edu/dataset/492/metro+interstate+traffic+volume",
)
VOLUME = Feature("volume", "cars/h", "cars on westbound I-94 near Minneapolis; below 0: not known")
COVARIATES = (
    Feature("hour", "h", "hour of the day, 0 to 23, local time"),
    Feature("weekday", "", "day of the week, Monday is 0"),
    Feature("holiday", "", "1 on holidays, else 0"),
    Feature("temperature", "K", "temperature of the air"),
    Feature("rain", "mm", "rain in the hour"),
    Feature("snow", "mm", "snow in the hour"),
    Feature("clouds", "%", "share of the sky that is covered"),
)
_COLUMNS = [
    "holiday",
    "temp",
    "rain_1h",
    "snow_1h",
    "clouds_all",
    "weather_main",
    "weather_description",
    "date_time",
    "traffic_volume",
]
_WEATHER = ("temp", "rain_1h", "snow_1h", "clouds_all")
_COLDEST_K = 200.0
_MOST_RAIN_MM = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """Volume (T,), NaN where an hour is missing, and covariates (T, K), hour by hour."""

    source: Source
    start: datetime
    volume: Array
    covariates: Array
    rows: int

    @property
    def missing(self) -> int:
        """How many hours have no volume."""
        return int(np.isnan(self.volume).sum())

    def index(self, when: datetime) -> int:
        """The number of an hour."""
        return int((when - self.start) / timedelta(hours=1))


def load() -> Traffic:
    """The hours from October 2012 to September 2018."""
    return read(archives.find(TIME_SERIES, PLAIN))


def read(path: Path) -> Traffic:
    """The hours in the file, plain or in a tar archive.  Raises ArchiveError."""
    if path.suffix == ".csv":
        return parse(path.read_text())
    return parse(series.member(path, lambda name: name.endswith(f"/{FILE}")).decode())


def parse(text: str) -> Traffic:
    """Merge rows of the same hour and leave a gap where there is none."""
    reader = csv.DictReader(io.StringIO(text))
    if reader.fieldnames != _COLUMNS:
        raise ArchiveError(f"{FILE} has columns {reader.fieldnames}, expected {_COLUMNS}")
    rows = [(datetime.fromisoformat(row["date_time"]), row) for row in reader]
    start, end = min(when for when, _ in rows), max(when for when, _ in rows)
    hours = [int((when - start) / timedelta(hours=1)) for when, _ in rows]
    count = int((end - start) / timedelta(hours=1)) + 1
    volume = _means(hours, np.array([[float(row["traffic_volume"])] for _, row in rows]), count)
    weather = np.array([[float(row[name]) for name in _WEATHER] for _, row in rows])
    free = {when.date() for when, row in rows if row["holiday"] != "None"}
    covariates = np.column_stack(
        [_calendar(start, count, free), _filled(_means(hours, _plausible(weather), count))]
    )
    return Traffic(SOURCE, start, volume[:, 0], covariates, len(rows))


def _calendar(start: datetime, count: int, free: set[object]) -> Array:
    """Hour, weekday and holiday (T, 3); the file names a holiday at midnight only."""
    hours = [start + timedelta(hours=number) for number in range(count)]
    return np.array([[hour.hour, hour.weekday(), hour.date() in free] for hour in hours], float)


def _plausible(weather: Array) -> Array:
    """The weather (N, 4), NaN where an instrument failed."""
    temperature, rain, *_ = weather.T
    failed = np.zeros(weather.shape, dtype=bool)
    failed[:, 0] = temperature < _COLDEST_K
    failed[:, 1] = rain > _MOST_RAIN_MM
    return np.where(failed, np.nan, weather)


def _means(hours: list[int], values: Array, count: int) -> Array:
    """The mean (T, C) of what is known of each hour, NaN where nothing is."""
    known = ~np.isnan(values)
    sums, counts = np.zeros((count, values.shape[1])), np.zeros((count, values.shape[1]))
    np.add.at(sums, hours, np.where(known, values, 0))
    np.add.at(counts, hours, known)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _filled(values: Array) -> Array:
    """Each column (T,) with what was known last in place of NaN, at first with what is known
    first."""
    places = np.where(np.isnan(values), -1, np.arange(len(values))[:, np.newaxis])
    last = np.maximum.accumulate(places, axis=0)
    first = (~np.isnan(values)).argmax(axis=0)
    return np.take_along_axis(values, np.where(last < 0, first, last), axis=0)
