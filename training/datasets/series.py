"""Time series: what was measured every hour, by whom, and where to find it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from serving.types import Array
from training.datasets import archives
from training.datasets.archives import ArchiveError
from training.datasets.dataset import Feature, Source


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Values FP64 (T, C), one row an hour from `start` on, in the units of the features."""

    source: Source
    start: datetime
    features: tuple[Feature, ...]
    values: Array

    @property
    def names(self) -> list[str]:
        """The features' names, column by column."""
        return [feature.name for feature in self.features]


def member(path: Path, wanted: Callable[[str], bool]) -> bytes:
    """The first file of a tar archive whose name is wanted.  Raises ArchiveError without one."""
    for name, content in archives.files(path):
        if wanted(name):
            return content
    raise ArchiveError(f"{path.name} lacks the file that was to be read")
