"""What the digit machines compare, wherever the digit stands, and the same in the graph."""

import numpy as np
import pytest

from serving.types import Array
from training import parity
from training.datasets import bundled
from training.digits.cells import SIDE, add_cells, cells
from training.export import Graph

# Twenty digits of 8 x 8 pixels, made 32 x 32.
DIGITS = bundled.digits().inputs[:20].repeat(4, axis=1).repeat(4, axis=2)


def padded(images: Array, top: int, left: int, bottom: int, right: int) -> Array:
    return np.pad(images, ((0, 0), (top, bottom), (left, right), (0, 0)))


def graph_of_cells() -> bytes:
    graph = Graph("cells")
    rows = add_cells(graph, graph.input("image", "UINT8", ("N", "H", "W", 1)))
    graph.add("Identity", rows, output="cells")
    graph.output("cells", "FP32", ("N", SIDE * SIDE))
    return graph.finish()


@pytest.mark.parametrize(
    "images",
    [
        DIGITS,
        DIGITS[:, ::4, ::4],
        255 - DIGITS,
        padded(DIGITS, 7, 50, 90, 3),
        DIGITS // 2 + 100,
        np.random.default_rng(0).integers(0, 256, (5, 33, 71, 1)).astype(np.uint8),
        np.zeros((2, 9, 5, 1), dtype=np.uint8),
        np.full((1, 1, 1, 1), 200, dtype=np.uint8),
    ],
    ids=["32", "8", "dark", "off-centre", "pale", "noise", "empty", "one-pixel"],
)
def test_graph_gives_the_same_cells(images: Array) -> None:
    found = parity.run(graph_of_cells(), images, 3)
    np.testing.assert_allclose(found, cells(images), atol=1e-6)


def test_ink_fills_the_square_from_nothing_to_all() -> None:
    found = cells(DIGITS)
    assert found.shape == (20, 64)
    assert found.min() == 0
    assert (found.max(axis=1) > 0.9).all()


def test_dark_on_light_is_the_same_digit() -> None:
    np.testing.assert_allclose(cells(255 - DIGITS), cells(DIGITS), atol=1e-6)


def test_pale_ink_is_the_same_digit() -> None:
    half = DIGITS // 2
    np.testing.assert_allclose(cells(half + 100), cells(half * 2), atol=1e-6)


def test_margins_do_not_move_the_digit() -> None:
    # To 128 x 128: the copy then has pixels of the digit's own size.
    np.testing.assert_allclose(cells(padded(DIGITS, 64, 32, 32, 64)), cells(DIGITS), atol=1e-6)


def test_a_tall_image_keeps_the_digits_proportions() -> None:
    np.testing.assert_allclose(cells(padded(DIGITS, 96, 0, 0, 0)), cells(DIGITS), atol=1e-6)


def test_an_empty_image_has_no_ink() -> None:
    assert not cells(np.full((1, 20, 30, 1), 90, dtype=np.uint8)).any()
