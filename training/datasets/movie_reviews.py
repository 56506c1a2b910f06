"""The Large Movie Review Dataset: 50,000 reviews of films from IMDB, half of them to train on."""

from pathlib import Path, PurePosixPath

import numpy as np

from training.datasets import archives
from training.datasets.archives import Archive
from training.datasets.dataset import Dataset, Source

SOURCE = Source(
    title="Large Movie Review Dataset (IMDB)",
    licence="none stated",
    citation="A. Maas et al., Learning word vectors for sentiment analysis, ACL 2011",
    url="https://ai.stanford.edu/~amaas/data/sentiment/",
)
OFFICIAL = Archive(
    "aclImdb_v1.tar.gz",
    "md5:7c2ac02c03563afcf9b574c7e56c153a",
    "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
)
REPACKED = Archive(
    "aclImdb_v1-labelled.tar.xz",
    "sha256:651e1948250e32f04234edee46b1c86bf05ef3f198182934d605d94758145b76",
)

LABELS = ("negative", "positive")
_FOLDERS = ("neg", "pos")


def load() -> tuple[Dataset, Dataset]:
    """The official halves, to train on and to test on.  Raises ArchiveError."""
    return read(archives.find(OFFICIAL, REPACKED))


def read(path: Path) -> tuple[Dataset, Dataset]:
    """Read the archive: `aclImdb/{train,test}/{neg,pos}/<number>_<stars>.txt`, in UTF-8."""
    halves: dict[str, list[tuple[str, int, str]]] = {"train": [], "test": []}
    for name, content in archives.files(path):
        part, folder, file = ("", "", *PurePosixPath(name).parts)[-3:]
        if part in halves and folder in _FOLDERS:
            halves[part].append((file, _FOLDERS.index(folder), content.decode()))
    return _dataset(halves["train"]), _dataset(halves["test"])


def _dataset(reviews: list[tuple[str, int, str]]) -> Dataset:
    """In the order of their numbers, which mixes the classes."""
    reviews = sorted(reviews)
    return Dataset(
        source=SOURCE,
        inputs=np.array([text for _, _, text in reviews], dtype=object),
        targets=np.array([label for _, label, _ in reviews]),
        labels=LABELS,
    )
