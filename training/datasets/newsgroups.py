"""20 Newsgroups: which of twenty groups an article was posted to, split by date by its authors.

Articles are given as delivered, headers and all; `stripped` takes away what tells the group without
being about its topic.
"""

import re
from pathlib import Path, PurePosixPath

import numpy as np

from training.datasets import archives
from training.datasets.archives import Archive
from training.datasets.dataset import Dataset, Source

SOURCE = Source(
    title="20 Newsgroups, by date",
    licence="none stated",
    citation="K. Lang, NewsWeeder: learning to filter netnews, 1995",
    url="http://qwone.com/~jason/20Newsgroups/",
)
OFFICIAL = Archive(
    "20news-bydate.tar.gz",
    "sha256:8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610",
    "https://ndownloader.figshare.com/files/5975967",
)
REPACKED = Archive(
    "20news-bydate.tar.xz",
    "sha256:f292f6adca3c5f491861b2e8a804d846d866590f96d133d9d9181123fccd68d3",
)

_QUOTE = re.compile(r"(writes in|writes:|wrote:|says:|said:|^In article|^Quoted from|^\||^>)")


def load() -> tuple[Dataset, Dataset]:
    """The articles to train on and those of later dates.  Raises ArchiveError."""
    return read(archives.find(OFFICIAL, REPACKED))


def read(path: Path) -> tuple[Dataset, Dataset]:
    """Read the archive: `20news-bydate-{train,test}/<group>/<number>`, in Latin-1."""
    articles = [
        (*PurePosixPath(name).parts[-3:], content.decode("latin-1"))
        for name, content in archives.files(path)
    ]
    labels = tuple(sorted({group for _, group, _, _ in articles}))
    train, test = (
        [(group, text) for part, group, _, text in articles if part == f"20news-bydate-{name}"]
        for name in ("train", "test")
    )
    return _dataset(train, labels), _dataset(test, labels)


def stripped(article: str) -> str:
    """The article without headers, quotes and signature, by scikit-learn's rules."""
    _, _, body = article.partition("\n\n")
    lines = [line for line in body.split("\n") if not _QUOTE.search(line)]
    return _without_signature("\n".join(lines))


def _without_signature(body: str) -> str:
    """What comes before the last blank line, or line of dashes, unless that is the only one."""
    lines = body.strip().split("\n")
    for number in range(len(lines) - 1, 0, -1):
        if lines[number].strip().strip("-") == "":
            return "\n".join(lines[:number])
    return body


def _dataset(articles: list[tuple[str, str]], labels: tuple[str, ...]) -> Dataset:
    return Dataset(
        source=SOURCE,
        inputs=np.array([text for _, text in articles], dtype=object),
        targets=np.array([labels.index(group) for group, _ in articles]),
        labels=labels,
    )
