"""Cut windows out of images and sum them up in cells: the same in numpy and as graph nodes.

A window has a start and a step along each axis, in pixels and fractions of them, for each image;
cell i is the sum over the area from start + i step to start + (i + 1) step.  Outside the image all
is 0.  As an image is rows times columns, that is two matrix products with weights of overlaps.

With a step of a whole number of 64ths (any length in 64 cells), and bytes for pixels, every sum is
exact: the first product in FP32, the second in FP64.  Whatever is decided by comparing such sums is
therefore decided alike everywhere.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from serving.types import Array
from training.export import DOUBLE, Graph

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Window(Generic[T]):
    """Where the cells lie along one axis: (N, 1, 1), or (1, 1, 1) for the same in every image."""

    start: T
    step: T


def whole(length: int, size: int) -> Window[Array]:
    """The window that holds all of an axis."""
    return Window(np.zeros((1, 1, 1)), np.full((1, 1, 1), length / size))


def sums(images: Array, rows: Window[Array], columns: Window[Array], size: int) -> Array:
    """Images (N, H, W) to cells (N, size, size), in FP64."""
    height, width = images.shape[1:]
    across = _overlaps(columns, width, size).transpose(0, 2, 1)
    return _overlaps(rows, height, size) @ images @ across


def add_whole(graph: Graph, images: str, axis: int, size: int) -> Window[str]:
    """Add the window that holds all of an axis of images (N, H, W)."""
    length = graph.add("Cast", graph.add("Shape", images, start=axis, end=axis + 1), to=DOUBLE)
    step = graph.add("Div", length, graph.number(size))
    one_each = graph.integers(1, 1, 1)
    start = graph.add("Reshape", graph.number(0), one_each)
    return Window(start, graph.add("Reshape", step, one_each))


def add_sums(graph: Graph, images: str, rows: Window[str], columns: Window[str], size: int) -> str:
    """Add the nodes that turn images (N, H, W), FP32 or FP64, into cells FP64 (N, size, size)."""
    down = graph.add("CastLike", _add_overlaps(graph, images, 1, rows, size), images)
    across = graph.add("Transpose", _add_overlaps(graph, images, 2, columns, size), perm=[0, 2, 1])
    strips = graph.add("Cast", graph.add("MatMul", down, images), to=DOUBLE)
    return graph.add("MatMul", strips, across)


def _overlaps(window: Window[Array], length: int, size: int) -> Array:
    """Entry (n, i, p): how much of cell i pixel p covers, in pixels."""
    first = window.start + np.arange(size)[:, np.newaxis] * window.step
    pixels = np.arange(length)
    overlap = np.minimum(first + window.step, pixels + 1) - np.maximum(first, pixels)
    return np.maximum(overlap, 0)


def _add_overlaps(graph: Graph, images: str, axis: int, window: Window[str], size: int) -> str:
    zero, one = graph.number(0), graph.number(1)
    cells = graph.add("Range", zero, graph.number(size), one)
    cells = graph.add("Unsqueeze", cells, graph.integers(1))
    length = graph.add("Squeeze", graph.add("Shape", images, start=axis, end=axis + 1))
    pixels = graph.add("Range", zero, graph.add("Cast", length, to=DOUBLE), one)
    first = graph.add("Add", window.start, graph.add("Mul", cells, window.step))
    last = graph.add("Add", first, window.step)
    end = graph.add("Min", last, graph.add("Add", pixels, one))
    overlap = graph.add("Sub", end, graph.add("Max", first, pixels))
    return graph.add("Max", overlap, zero)
