"""ETTh1: loads and oil temperature of an electricity transformer, every hour for two years."""

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from training.datasets import archives, series
from training.datasets.archives import Archive, ArchiveError
from training.datasets.dataset import Feature, Source
from training.datasets.series import Series

FILE = "ETTh1.csv"
OFFICIAL = Archive(
    FILE,
    "md5:8381763947c85f4be6ac456c508460d6",
    "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/ETTh1.csv",
)
# The same bytes beside other series.
PACKED = Archive(
    "timeseries.tar.xz", "sha256:2abb10b17dc81d9052a726b9011095764dcebf0c8b53d6d9e2adac11a25287e0"
)
SOURCE = Source(
    title="ETTh1 (Electricity Transformer Temperature, hourly)",
    licence="CC BY-ND 4.0",
    citation="H. Zhou et al., Informer: Beyond Efficient Transformer for Long Sequence "
    "Time-Series Forecasting, AAAI 2021",
    url="https://github.com/zhouhaoyi/ETDataset",
)
FEATURES = (
    Feature("HUFL", "", "high useful load"),
    Feature("HULL", "", "high useless load"),
    Feature("MUFL", "", "middle useful load"),
    Feature("MULL", "", "middle useless load"),
    Feature("LUFL", "", "low useful load"),
    Feature("LULL", "", "low useless load"),
    Feature("OT", "°C", "oil temperature"),
)
_DECIMALS = 3  # the file shows FP32 numbers of three decimals


def load() -> Series:
    """The 17,420 hours of ETTh1 from July 2016 on."""
    return read(archives.find(PACKED, OFFICIAL))


def read(path: Path) -> Series:
    """The series in `ETTh1.csv`, plain or in a tar archive.

    Raises ArchiveError when its columns or its hours are not as they should be.
    """
    if path.suffix == ".csv":
        return parse(path.read_text())
    return parse(series.member(path, lambda name: name.endswith(f"/{FILE}")).decode())


def parse(text: str) -> Series:
    """The series in the text of the file."""
    header, *rows = csv.reader(io.StringIO(text))
    expected = ["date", *(feature.name for feature in FEATURES)]
    if header != expected:
        raise ArchiveError(f"{FILE} has columns {header}, expected {expected}")
    start = datetime.fromisoformat(rows[0][0])
    for number, row in enumerate(rows):
        hour = start + timedelta(hours=number)
        if datetime.fromisoformat(row[0]) != hour:
            raise ArchiveError(f"{FILE}: row {number} is of {row[0]}, expected {hour}")
    values = np.array([row[1:] for row in rows], dtype=np.float64).round(_DECIMALS)
    return Series(SOURCE, start, FEATURES, values)
