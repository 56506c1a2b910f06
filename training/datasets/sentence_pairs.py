"""The STS benchmark: pairs of English sentences, and how alike people find them, from 0 to 5."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from serving.types import Array
from training.datasets import archives
from training.datasets.archives import Archive
from training.datasets.dataset import Source

SOURCE = Source(
    title="STS benchmark, test part",
    licence="CC BY-SA 4.0 for the scores; the sentences have licences of their own",
    citation="D. Cer et al., SemEval-2017 task 1, 2017",
    url="http://ixa2.si.ehu.eus/stswiki/index.php/STSbenchmark",
)
REPACKED = Archive(
    "text_classification.tar.xz",
    "sha256:a4897afc82c94259b478a234b0a7c74fe7f34d0132b686352063b212e9d9afe6",
)

_SCORE, _FIRST, _SECOND = 4, 5, 6


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Sentences (N,) and (N,), and how alike they are (N,)."""

    first: list[str]
    second: list[str]
    scores: Array

    def __len__(self) -> int:
        return len(self.scores)


def load(part: str) -> Pairs:
    """The pairs of a part: `train`, `dev` or `test`.  Raises ArchiveError."""
    return read(archives.find(REPACKED), part)


def read(path: Path, part: str) -> Pairs:
    """Read `sts-<part>.csv` of the archive: separated by tabs, nothing quoted.

    Raises ArchiveError when it is not there.
    """
    for name, content in archives.files(path):
        if PurePosixPath(name).name == f"sts-{part}.csv":
            return _pairs(content.decode())
    raise archives.ArchiveError(f"{path.name} holds no sts-{part}.csv")


def _pairs(document: str) -> Pairs:
    rows = [line.split("\t") for line in document.split("\n") if line]
    return Pairs(
        [row[_FIRST] for row in rows],
        [row[_SECOND].rstrip("\r") for row in rows],
        np.array([float(row[_SCORE]) for row in rows]),
    )
