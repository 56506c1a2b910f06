"""PneumoniaMNIST: chest X-rays of children, 28 x 28 grey, with the official division.

Official is an .npz of its own; the local copy is the same file inside an archive of several.
Neither is unpickled: arrays of objects are refused.
"""

from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np

from training.datasets import archives
from training.datasets.archives import Archive, ArchiveError
from training.datasets.dataset import Dataset, Source

SOURCE = Source(
    title="PneumoniaMNIST (MedMNIST v2)",
    licence="CC BY 4.0",
    citation="J. Yang et al., MedMNIST v2, Scientific Data, 2023; "
    "X-rays by D. Kermany et al., Cell, 2018",
    url="https://medmnist.com",
)
OFFICIAL = Archive(
    "pneumoniamnist.npz",
    "md5:28209eda62fecd6e6a2d98b1501bb15f",
    "https://zenodo.org/records/10519652/files/pneumoniamnist.npz",
)
REPACKED = Archive(
    "medical.tar.xz",
    "sha256:1ff41038723dbfcad1dcff0ce0d6f2dc4c4ad331f4ebdc3b07faf37a56373fff",
)
LABELS = ("normal", "pneumonia")


class Parts(NamedTuple):
    """The official division: images UINT8 (N, 28, 28, 1)."""

    train: Dataset
    validation: Dataset
    test: Dataset


def pneumonia() -> Parts:
    """The X-rays, from wherever they are at hand.  Raises ArchiveError."""
    return read(archives.find(OFFICIAL, REPACKED))


def read(path: Path) -> Parts:
    """Read the .npz, by itself or from the archive it lies in.  Raises ArchiveError."""
    if path.suffix == ".npz":
        return _parts(path.read_bytes())
    for name, content in archives.files(path):
        if name.endswith(f"/{OFFICIAL.name}"):
            return _parts(content)
    raise ArchiveError(f"{path} has no {OFFICIAL.name}")


def _parts(raw: bytes) -> Parts:
    try:
        with np.load(BytesIO(raw), allow_pickle=False) as arrays:
            return Parts(*(_dataset(arrays, part) for part in ("train", "val", "test")))
    except (KeyError, OSError, ValueError) as error:
        raise ArchiveError(f"{OFFICIAL.name} is damaged: {error}") from None


def _dataset(arrays: np.lib.npyio.NpzFile, part: str) -> Dataset:
    images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
    if images.dtype != np.uint8 or images.ndim != 3 or len(images) != len(labels):
        raise ValueError(
            f"{part}_images are {images.dtype} {images.shape}, expected uint8 (N, H, W)"
        )
    return Dataset(SOURCE, images[..., np.newaxis], labels.ravel().astype(np.int64), LABELS)
