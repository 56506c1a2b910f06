import io
import os
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.datasets import cifar, medmnist
from training.datasets.archives import ArchiveError


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def batch(images: np.ndarray, labels: list[int]) -> bytes:
    """A batch as the official archive has it: rows of red, green, blue planes."""
    rows = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    return pickle.dumps({b"data": rows, b"labels": labels}, protocol=2)


def photographs(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)


def test_the_official_pickles_are_read_part_by_part(tmp_path: Path) -> None:
    seen, unseen = photographs(3), photographs(2)
    path = packed(
        tmp_path / "cifar-10-python.tar.gz",
        {
            "cifar-10-batches-py/batches.meta": b"not read",
            "cifar-10-batches-py/data_batch_1": batch(seen, [1, 2, 3]),
            "cifar-10-batches-py/test_batch": batch(unseen, [9, 0]),
        },
    )
    (train, images, labels), (test, others, _) = cifar.read_pickles(path)
    assert (train, test) == ("train", "test")
    assert np.array_equal(images, seen)
    assert np.array_equal(others, unseen)
    assert labels.tolist() == [1, 2, 3]


def test_a_batch_of_another_shape_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar.gz", {"x/test_batch": batch(photographs(2)[:, :16], [0, 1])})
    with pytest.raises(ArchiveError, match=r"test_batch: data are uint8 \(2, 1536\)"):
        list(cifar.read_pickles(path))


class _Command:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("exit 1",)


def test_a_pickle_that_calls_anything_else_is_refused() -> None:
    with pytest.raises(ArchiveError, match=r"names (posix|nt)\.system"):
        cifar.load_arrays(pickle.dumps({b"data": _Command()}, protocol=2))


def test_a_pickle_cut_short_is_refused() -> None:
    with pytest.raises(ArchiveError, match="cannot be read: pickle data was truncated"):
        cifar.load_arrays(batch(photographs(1), [1])[:-20])


def test_jpegs_are_labelled_by_their_folder(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), (200, 10, 10)).save(buffer, format="JPEG")
    path = packed(
        tmp_path / "a.tar.xz",
        {"test/truck/0000.jpg": buffer.getvalue(), "README.md": b"", "test/tank/1.jpg": b""},
    )
    ((part, images, labels),) = cifar.read_jpegs(path)
    assert (part, labels.tolist()) == ("test", [9])
    assert images.shape == (1, 32, 32, 3)
    assert abs(int(images[0, 16, 16, 0]) - 200) < 5


def x_rays(**changed: np.ndarray) -> bytes:
    arrays = {}
    for part in ("train", "val", "test"):
        arrays[f"{part}_images"] = np.full((2, 28, 28), 7, np.uint8)
        arrays[f"{part}_labels"] = np.array([[0], [1]], np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **{**arrays, **changed})
    return buffer.getvalue()


def test_x_rays_are_read_with_their_division(tmp_path: Path) -> None:
    path = packed(tmp_path / "medical.tar.gz", {"medmnist/pneumoniamnist.npz": x_rays()})
    parts = medmnist.read(path)
    assert [len(part) for part in parts] == [2, 2, 2]
    assert parts.test.inputs.shape == (2, 28, 28, 1)
    assert parts.test.targets.tolist() == [0, 1]


def test_x_rays_by_themselves_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "pneumoniamnist.npz"
    path.write_bytes(x_rays())
    assert len(medmnist.read(path).train) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"val_images": np.zeros((3, 28, 28), np.uint8)},
        {"test_labels": np.array([_Command(), 1], object)},
    ],
)
def test_x_rays_that_do_not_fit_are_refused(tmp_path: Path, changed: dict[str, np.ndarray]) -> None:
    path = tmp_path / "pneumoniamnist.npz"
    path.write_bytes(x_rays(**changed))
    with pytest.raises(ArchiveError, match="damaged"):
        medmnist.read(path)


WITH_DATA = pytest.mark.skipif("FLOTILLA_DATA" not in os.environ, reason="FLOTILLA_DATA is unset")


@pytest.mark.data
@WITH_DATA
def test_the_real_x_rays_are_all_there() -> None:
    parts = medmnist.pneumonia()
    assert [len(part) for part in parts] == [4708, 524, 624]
    assert np.bincount(parts.test.targets).tolist() == [234, 390]


@pytest.mark.data
@WITH_DATA
def test_the_real_photos_are_of_ten_kinds() -> None:
    train, test = cifar.lossless()
    assert len(train) >= 8068
    assert len(test) >= 1017
    assert set(test.targets.tolist()) == set(range(10))
