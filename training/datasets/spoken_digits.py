"""The Free Spoken Digit Dataset: ten digits, each said fifty times by six people.

A file is named `{digit}_{speaker}_{take}.wav`; takes 0 to 4 are the official test set.
"""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from serving.types import Array
from training.datasets import archives
from training.datasets.archives import Archive, ArchiveError
from training.datasets.dataset import Dataset, Source
from training.split import Split

# The recordings of release 1.0.10.  Its own archive is packed on demand, so it has no checksum.
PACKED = Archive(
    "fsdd-recordings.tar.xz",
    "sha256:f736f659a9493e9127f13e5980dc8a9c7ebbe134821a596826a81e6a7ee21a88",
)
SOURCE = Source(
    title="Free Spoken Digit Dataset 1.0.10",
    licence="CC BY-SA 4.0",
    citation="Z. Jackson et al., Free Spoken Digit Dataset, 2018",
    url="https://github.com/Jakobovski/free-spoken-digit-dataset",
)
LABELS = tuple(str(digit) for digit in range(10))
TEST_TAKES = 5
_NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """WAV files as bytes, and of each who says it (N,) and for which time (N,)."""

    data: Dataset
    speakers: Array
    takes: Array

    def official_split(self) -> Split:
        """The takes 0 to 4 of every digit and speaker are held out."""
        held_out = self.takes < TEST_TAKES
        return Split(np.flatnonzero(~held_out), np.flatnonzero(held_out))


def load() -> Recordings:
    """The 3,000 recordings."""
    return read(archives.find(PACKED))


def read(path: Path) -> Recordings:
    """The recordings in a tar archive, sorted by name.  Raises ArchiveError when it has none."""
    files = {}
    for name, content in archives.files(path):
        named = _NAME.fullmatch(PurePosixPath(name).name)
        if named:
            digit, speaker, take = named.groups()
            files[int(digit), speaker, int(take)] = content
    if not files:
        raise ArchiveError(f"{path.name} has no file named like 7_jackson_32.wav")
    keys = sorted(files)
    sounds = np.empty(len(keys), dtype=object)
    sounds[:] = [files[key] for key in keys]
    digits, speakers, takes = (np.array(column) for column in zip(*keys, strict=True))
    return Recordings(Dataset(SOURCE, sounds, digits, LABELS), speakers, takes)
