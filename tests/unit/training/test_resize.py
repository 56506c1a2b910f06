"""Windows into images: sums of areas, the same in numpy and in the graph."""

import numpy as np
import pytest
from PIL import Image

from serving.types import Array
from training import parity
from training.export import FLOAT, Graph
from training.vision import resize

RNG = np.random.default_rng(2)


def bytes_of(height: int, width: int, count: int = 3) -> Array:
    return RNG.integers(0, 256, (count, height, width)).astype(np.uint8)


def shrink(images: Array, size: int) -> Array:
    """The whole image in cells."""
    rows, columns = (resize.whole(length, size) for length in images.shape[1:])
    return resize.sums(images, rows, columns, size)


def graph_of(size: int) -> bytes:
    graph = Graph("resize")
    images = graph.add("Cast", graph.input("images", "UINT8", ("N", "H", "W")), to=FLOAT)
    rows, columns = (resize.add_whole(graph, images, axis, size) for axis in (1, 2))
    cells = resize.add_sums(graph, images, rows, columns, size)
    graph.add("Identity", cells, output="cells")
    graph.output("cells", "FP64", ("N", size, size))
    return graph.finish()


def test_cells_of_whole_pixels_are_block_sums() -> None:
    images = bytes_of(32, 16)
    blocks = images.reshape(3, 8, 4, 8, 2).sum(axis=(2, 4), dtype=float)
    assert shrink(images, 8).tolist() == blocks.tolist()


def test_cells_are_what_pillow_reduces_to() -> None:
    image = bytes_of(48, 48, count=1)
    reduced = np.asarray(Image.fromarray(image[0]).reduce(6), dtype=float)
    assert np.abs(shrink(image, 8)[0] / 36 - reduced).max() <= 0.5


def test_enlarging_repeats_pixels() -> None:
    images = bytes_of(4, 4)
    repeated = images.repeat(2, axis=1).repeat(2, axis=2) / 4
    assert shrink(images, 8).tolist() == repeated.tolist()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 13), (64, 64), (97, 31), (300, 200)])
def test_nothing_is_lost_at_any_size(height: int, width: int) -> None:
    images = bytes_of(height, width)
    total = images.sum(axis=(1, 2), dtype=float)
    assert shrink(images, 64).sum(axis=(1, 2)).tolist() == total.tolist()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 13), (64, 64), (97, 31), (300, 200)])
def test_graph_gives_the_very_same_sums(height: int, width: int) -> None:
    images = bytes_of(height, width)
    assert parity.run(graph_of(64), images, 2).tolist() == shrink(images, 64).tolist()


def test_windows_differ_between_images_and_end_at_the_edge() -> None:
    images = np.ones((2, 6, 6), dtype=np.uint8)
    starts, steps = np.array([-2.0, 3.5]).reshape(2, 1, 1), np.full((2, 1, 1), 2.0)
    whole = resize.whole(6, 1)
    sums = resize.sums(images, resize.Window(starts, steps), whole, 2)
    # Cells -2..0, 0..2 of the first; 3.5..5.5, 5.5..7.5 of the second, cut off at 6.
    assert sums[:, :, 0].tolist() == [[0, 12], [12, 3]]
