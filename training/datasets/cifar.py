"""CIFAR-10: 60,000 small photographs of ten kinds of things, from the official pickles or JPEGs.

A pickle may call anything, so only what an array and Python 3's bytes need is let in.
Where the official archive is not at hand, a copy whose images went through JPEG (quality 75) stands
in: figures from it are lower than in papers, and are called re-encoded.
"""

import pickle
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from serving.types import Array
from training.datasets import archives
from training.datasets.archives import Archive, ArchiveError
from training.datasets.dataset import Dataset, Source

OFFICIAL = Archive(
    "cifar-10-python.tar.gz",
    "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
)
LOSSLESS_PART = Archive(
    "cifar-10-lossless-subset.tar.gz",
    "sha256:87f82b066249c04843bfac944cff57ea296307d2426156f9bd89c474b44b5455",
)
RE_ENCODED = Archive(
    "cifar-10-images-jpg.tar.xz",
    "sha256:556dfb5825737459bd0727792d1ca974964977f53b69106ae2ee042c2b9c2780",
)
LABELS = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
SIDE = 32

_CITATION = "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009"
_URL = "https://www.cs.toronto.edu/~kriz/cifar.html"
_ARRAY_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


class Parts(NamedTuple):
    """The official division."""

    train: Dataset
    test: Dataset


def re_encoded() -> Parts:
    """All 50,000 + 10,000 images (N, 32, 32, 3), re-encoded as JPEG."""
    return _parts("CIFAR-10, re-encoded as JPEG", read_jpegs(archives.find(RE_ENCODED)))


def lossless() -> Parts:
    """The original pixels: all of them if the official archive is at hand, else 8,068 + 1,017."""
    return _parts("CIFAR-10", read_pickles(archives.find(LOSSLESS_PART, OFFICIAL)))


def read_pickles(path: Path) -> Iterator[tuple[str, Array, Array]]:
    """The batches of the official layout: their part, images and class numbers.

    Raises ArchiveError when a batch is not what it should be.
    """
    for name, content in archives.files(path):
        batch = name.rpartition("/")[2]
        if batch.startswith("data_batch") or batch == "test_batch":
            yield ("test" if batch == "test_batch" else "train"), *_read_batch(batch, content)


def read_jpegs(path: Path) -> Iterator[tuple[str, Array, Array]]:
    """The images of `{train,test}/<class>/<number>.jpg`, one at a time, in the archive's order."""
    for name, content in archives.files(path):
        part, _, rest = name.partition("/")
        label = rest.partition("/")[0]
        if part in Parts._fields and label in LABELS and name.endswith(".jpg"):
            with Image.open(BytesIO(content), formats=("JPEG",)) as image:
                pixels = np.asarray(image.convert("RGB"))
            yield part, pixels[np.newaxis], np.array([LABELS.index(label)])


def load_arrays(raw: bytes) -> Any:
    """Unpickle plain data and numpy arrays.  Raises ArchiveError at any other name."""
    try:
        return _ArrayUnpickler(BytesIO(raw), encoding="bytes").load()
    except (pickle.UnpicklingError, EOFError, ValueError, LookupError, TypeError) as error:
        raise ArchiveError(f"the pickle cannot be read: {error}") from None


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):
            return _latin_bytes
        if (module, name) not in _ARRAY_NAMES:
            raise pickle.UnpicklingError(f"it names {module}.{name}, expected arrays only")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _latin_bytes(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes into a pickle that Python 2 can read."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it encodes as {encoding!r}, expected 'latin1'")
    return text.encode(encoding)


def _read_batch(name: str, content: bytes) -> tuple[Array, Array]:
    """Rows of 3,072 bytes, colour by colour, to images (N, 32, 32, 3)."""
    batch = load_arrays(content)
    try:
        rows, labels = np.asarray(batch[b"data"]), np.asarray(batch[b"labels"])
    except (KeyError, TypeError):
        raise ArchiveError(f"{name} has no 'data' and 'labels'") from None
    if rows.dtype != np.uint8 or rows.shape != (len(labels), 3 * SIDE * SIDE):
        raise ArchiveError(f"{name}: data are {rows.dtype} {rows.shape}, expected uint8 (N, 3072)")
    return rows.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1), labels


def _parts(title: str, batches: Iterator[tuple[str, Array, Array]]) -> Parts:
    found: dict[str, list[tuple[Array, Array]]] = {part: [] for part in Parts._fields}
    for part, images, labels in batches:
        found[part].append((images, labels))
    source = Source(title, "none stated; free to use with the citation", _CITATION, _URL)
    return Parts(*(_dataset(source, found[part]) for part in Parts._fields))


def _dataset(source: Source, batches: list[tuple[Array, Array]]) -> Dataset:
    images, labels = zip(*batches, strict=True)
    return Dataset(source, np.concatenate(images), np.concatenate(labels), LABELS)
