"""From JSON numbers to arrays, refusing whatever would be bent on the way."""

from collections.abc import Iterable, Sequence
from math import isfinite

import numpy as np

from serving.datatypes import NUMPY
from serving.errors import Unprocessable
from serving.types import Array, Json

# Which JSON values an element type takes: a bool is no number, and 1.5 is no integer.
_NUMBERS = {int, float}
_TAKES: dict[str, tuple[set[type], str]] = {
    "BOOL": ({bool}, "true or false"),
    "BYTES": ({str}, "strings"),
    "FP16": (_NUMBERS, "numbers"),
    "FP32": (_NUMBERS, "numbers"),
    "FP64": (_NUMBERS, "numbers"),
}
_INTEGERS = ({int}, "whole numbers")


def from_json(values: Sequence[Json], datatype: str, what: str) -> Array:
    """A flat list of JSON values as a one-dimensional array of `datatype`.

    Raises Unprocessable, naming `what`, on a value of another kind or one the type cannot hold.
    """
    kinds, words = _TAKES.get(datatype, _INTEGERS)
    if not kinds.issuperset(map(type, values)):
        wrong = next(value for value in values if type(value) not in kinds)
        raise Unprocessable(f"{what} holds {shown(wrong)}, expected {words} ({datatype})")
    try:
        with np.errstate(over="ignore"):
            array = np.array(values, dtype=NUMPY[datatype])
    except OverflowError:
        raise Unprocessable(f"{what} holds a number that {datatype} cannot hold") from None
    require_finite(array, what)
    return array


def require_finite(array: Array, what: str) -> None:
    """Raise Unprocessable when a floating-point array has NaN or Infinity in it."""
    if array.dtype.kind != "f" or isfinite(np.vdot(array, array)):
        return  # one number that is not finite would have shown; a sum may merely be too large
    if not np.isfinite(array).all():
        raise Unprocessable(f"{what} holds a number that is not finite as {array.dtype}")


def flatten(values: Json, what: str) -> list[Json]:
    """Row-major data, flat or nested evenly, as one flat list.  Raises Unprocessable."""
    if not isinstance(values, list):
        raise Unprocessable(f"{what} is {shown(values)}, expected a list")
    flat: list[Json] = values
    while flat and type(flat[0]) is list:
        width = len(flat[0])
        for row in flat:
            if type(row) is not list or len(row) != width:
                raise Unprocessable(f"{what} is nested unevenly, expected rows of equal length")
        flat = [value for row in flat for value in row]
    return flat


def shown(value: Json) -> str:
    """A value as an error message shows it: short, whatever it was."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def listed(names: Iterable[str]) -> str:
    """Names as an error message lists them."""
    return ", ".join(f"'{name}'" for name in names)
