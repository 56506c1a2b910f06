"""Reviews of ten kinds of goods from Chinese shops, good or bad."""

import csv
from io import StringIO
from pathlib import Path, PurePosixPath

import numpy as np

from training.datasets import archives
from training.datasets.archives import Archive
from training.datasets.dataset import Dataset, Source

SOURCE = Source(
    title="online_shopping_10_cats",
    licence="none stated by the collector",
    citation="SophonPlus, ChineseNlpCorpus, 2018",
    url="https://github.com/SophonPlus/ChineseNlpCorpus",
)
REPACKED = Archive(
    "text_classification.tar.xz",
    "sha256:a4897afc82c94259b478a234b0a7c74fe7f34d0132b686352063b212e9d9afe6",
)

LABELS = ("negative", "positive")
_FILE = "online_shopping_10_cats.csv"


def load() -> Dataset:
    """All reviews.  The corpus has no split of its own.  Raises ArchiveError."""
    return read(archives.find(REPACKED))


def read(path: Path) -> Dataset:
    """Read the archive's `online_shopping_10_cats.csv`: cat, label, review, in UTF-8.

    Byte order marks and the few reviews without a text are left out.  Raises ArchiveError.
    """
    for name, content in archives.files(path):
        if PurePosixPath(name).name == _FILE:
            return _dataset(content.decode().replace("\ufeff", ""))
    raise archives.ArchiveError(f"{path.name} holds no {_FILE}")


def _dataset(document: str) -> Dataset:
    rows = [row for row in csv.DictReader(StringIO(document, newline="")) if row["review"]]
    return Dataset(
        source=SOURCE,
        inputs=np.array([row["review"] for row in rows], dtype=object),
        targets=np.array([int(row["label"]) for row in rows]),
        labels=LABELS,
    )
