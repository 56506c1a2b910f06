"""What the machines compare: the square around the digit, in 8 x 8 cells of ink.

Wherever on the image the digit stands, however large, light or dark: the ink is what differs from
the ground, from 0 to 1.  `cells` is the reference in numpy, `add_cells` the same as graph nodes.
"""

import numpy as np

from serving.types import Array
from training.export import DOUBLE, FLOAT, Graph
from training.vision import resize
from training.vision.resize import Window

SIDE = 8
# The digit is looked for on a small copy, so that a photograph costs one pass over its pixels.
COPY = 64
# What has at least this share of the darkest ink belongs to the digit, less is dirt.
FAINTEST = 0.25


def cells(images: Array) -> Array:
    """Images UINT8 (N, H, W, 1) to cells FP32 (N, 64)."""
    height, width = images.shape[1:3]
    rows, columns = resize.whole(height, COPY), resize.whole(width, COPY)
    copy = resize.sums(images[..., 0], rows, columns, COPY)
    ink = _ink(copy, rows.step * columns.step)
    drawn = ink > FAINTEST
    (top, bottom), (left, right) = _extent(drawn.any(axis=2)), _extent(drawn.any(axis=1))
    # The copy may have squeezed one axis: `side` counts in its rows.
    aspect = columns.step / rows.step
    side = np.maximum(bottom - top, (right - left) * aspect)
    rows, columns = _centred(top, bottom, side), _centred(left, right, side / aspect)
    square = resize.sums(ink, rows, columns, SIDE) / (rows.step * columns.step)
    return square.reshape(len(images), -1).astype(np.float32)


def add_cells(graph: Graph, image: str) -> str:
    """Add what `cells` does to UINT8 (N, H, W, 1)."""
    grey = graph.add("Cast", graph.add("Squeeze", image, graph.integers(3)), to=FLOAT)
    rows, columns = (resize.add_whole(graph, grey, axis, COPY) for axis in (1, 2))
    copy = resize.add_sums(graph, grey, rows, columns, COPY)
    ink = _add_ink(graph, copy, graph.add("Mul", rows.step, columns.step))
    drawn = graph.add("Cast", graph.add("Greater", ink, graph.number(FAINTEST)), to=FLOAT)
    rows, columns = _add_windows(graph, drawn, graph.add("Div", columns.step, rows.step))
    square = resize.add_sums(graph, ink, rows, columns, SIDE)
    mean = graph.add("Div", square, graph.add("Mul", rows.step, columns.step))
    return graph.add("Reshape", graph.add("Cast", mean, to=FLOAT), graph.integers(-1, SIDE * SIDE))


def _ink(copy: Array, level: Array) -> Array:
    """The share of the strongest ink, dark or light, whichever there is less of.

    `level` is one level of grey, in the copy's sums: less contrast than that is none.
    """
    low, high = (edge(axis=(1, 2), keepdims=True) for edge in (copy.min, copy.max))
    is_light = 2 * copy.mean(axis=(1, 2), keepdims=True) > low + high
    return np.where(is_light, high - copy, copy - low) / np.maximum(high - low, level)


def _extent(drawn: Array) -> tuple[Array, Array]:
    """The first of (N, COPY) and the one after the last, each (N, 1, 1); all where none is."""
    last = drawn.shape[1] - drawn[:, ::-1].argmax(axis=1)
    return drawn.argmax(axis=1).reshape(-1, 1, 1), last.reshape(-1, 1, 1)


def _centred(first: Array, last: Array, length: Array) -> Window[Array]:
    return Window((first + last - length) / 2, length / SIDE)


def _add_ink(graph: Graph, copy: str, level: str) -> str:
    both = graph.integers(1, 2)
    low, high, mean = (graph.add(f"Reduce{what}", copy, both) for what in ("Min", "Max", "Mean"))
    is_light = graph.add("Greater", graph.add("Add", mean, mean), graph.add("Add", low, high))
    dark_ink, light_ink = graph.add("Sub", high, copy), graph.add("Sub", copy, low)
    contrast = graph.add("Max", graph.add("Sub", high, low), level)
    return graph.add("Div", graph.add("Where", is_light, dark_ink, light_ink), contrast)


def _add_windows(graph: Graph, drawn: str, aspect: str) -> tuple[Window[str], Window[str]]:
    top, bottom = _add_extent(graph, drawn, along=1, across=2)
    left, right = _add_extent(graph, drawn, along=2, across=1)
    height, width = graph.add("Sub", bottom, top), graph.add("Sub", right, left)
    side = graph.add("Max", height, graph.add("Mul", width, aspect))
    rows = _add_centred(graph, top, bottom, side)
    return rows, _add_centred(graph, left, right, graph.add("Div", side, aspect))


def _add_extent(graph: Graph, drawn: str, along: int, across: int) -> tuple[str, str]:
    any_drawn = graph.add("ReduceMax", drawn, graph.integers(across))
    ends = [graph.add("ArgMax", any_drawn, axis=along, select_last_index=last) for last in (0, 1)]
    first, last = (graph.add("Cast", end, to=DOUBLE) for end in ends)
    return first, graph.add("Add", last, graph.number(1))


def _add_centred(graph: Graph, first: str, last: str, length: str) -> Window[str]:
    twice = graph.add("Sub", graph.add("Add", first, last), length)
    start = graph.add("Div", twice, graph.number(2))
    return Window(start, graph.add("Div", length, graph.number(SIDE)))
