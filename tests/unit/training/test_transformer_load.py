"""ETTh1: read from the file as it is published, refused when it is another."""

import io
import tarfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from training.datasets import transformer_load
from training.datasets.archives import ArchiveError

HEADER = "date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT"
ROWS = [
    [5.827, 2.009, 1.599, 0.462, 4.203, 1.34, 30.531],
    [5.693, 2.076, 1.492, 0.426, 4.142, 1.371, 27.787],
]
# The file shows FP32 numbers with all the digits of FP64.
TEXT = "\n".join(
    [
        HEADER,
        *(
            ",".join([f"2016-07-01 {hour:02}:00:00", *(str(float(np.float32(x))) for x in row)])
            for hour, row in enumerate(ROWS)
        ),
    ]
)


def test_series_are_read_as_the_decimals_that_were_meant(tmp_path: Path) -> None:
    plain = tmp_path / "ETTh1.csv"
    plain.write_text(TEXT)
    series = transformer_load.read(plain)
    assert series.start == datetime(2016, 7, 1)
    assert series.names[-1] == "OT"
    assert series.values.tolist() == ROWS


def test_series_are_found_in_a_packed_archive(tmp_path: Path) -> None:
    path = tmp_path / "timeseries.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        for name, text in (("ETT-small/ETTh2.csv", "no"), ("ETT-small/ETTh1.csv", TEXT)):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    assert transformer_load.read(path).values.shape == (2, 7)


def test_archive_without_the_series_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "timeseries.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        archive.addfile(tarfile.TarInfo("ETT-small/ETTh2.csv"))
    with pytest.raises(ArchiveError, match=r"timeseries.tar.xz lacks"):
        transformer_load.read(path)


def test_other_columns_and_missing_hours_are_refused() -> None:
    with pytest.raises(ArchiveError, match=r"has columns"):
        transformer_load.parse(TEXT.replace("OT", "temperature"))
    with pytest.raises(ArchiveError, match=r"row 1 is of 2016-07-01 02:00:00, expected .* 01:00"):
        transformer_load.parse(TEXT.replace("01:00:00", "02:00:00"))
