"""Named numbers: the rows of the tabular tasks, from JSON and from CSV."""

from collections.abc import Iterator

import numpy as np

from serving import arrays
from serving.errors import ArtifactError, Unprocessable
from serving.types import Array, Json, JsonObject

_NUMBERS = {int, float}


class Features:
    """The features of a model, in the order of its graph's input."""

    def __init__(self, details: JsonObject) -> None:
        """Read `features` of a manifest's details.  Raises ArtifactError."""
        try:
            self.described: list[JsonObject] = list(details["features"])
            self.names: list[str] = [feature["name"] for feature in self.described]
        except (KeyError, TypeError) as error:
            raise ArtifactError(f"manifest: details.features lacks {error}") from None

    def decode(self, instances: list[Json]) -> Array:
        """Instances, each a list in order or an object by name, to FP32 (N, F).

        Raises Unprocessable naming the instance and the feature.
        """
        rows = [
            instance if type(instance) is list else self._ordered(instance, index)
            for index, instance in enumerate(instances)
        ]
        width = len(self.names)
        for index, row in enumerate(rows):
            if len(row) != width:
                raise Unprocessable(f"instance {index} has {len(row)} features, expected {width}")
            if not _NUMBERS.issuperset(map(type, row)):
                self._refuse(row, index)
        try:
            with np.errstate(over="ignore"):
                features = np.array(rows, dtype=np.float32)
        except OverflowError:
            raise Unprocessable("an instance holds a number that FP32 cannot hold") from None
        arrays.require_finite(features, "an instance")
        return features.reshape(len(rows), width)

    def rows(self, body: bytes) -> Iterator[Json]:
        """The rows of a UTF-8 CSV: numbers where cells are numbers, in the features' order.

        A first line that names the features, in any order, is a header.  Raises BadRequest when it
        is no CSV, Unprocessable when the header names other features.
        """
        from serving import csv_rows

        order: list[int] = []
        for place, line in enumerate(csv_rows.read(body)):
            row = [_number(cell) for cell in line]
            if place == 0 and row and all(type(cell) is str for cell in row):
                order = self._header([cell.strip() for cell in line])
                continue
            yield [row[i] for i in order] if len(row) == len(order) else row

    def schema(self) -> JsonObject:
        """The JSON Schema of one instance."""
        numbers = {"type": "number"}
        width = len(self.names)
        return {
            "oneOf": [
                {"type": "array", "items": numbers, "minItems": width, "maxItems": width},
                {
                    "type": "object",
                    "properties": {name: numbers for name in self.names},
                    "required": self.names,
                    "additionalProperties": False,
                },
            ]
        }

    def _ordered(self, instance: Json, index: int) -> list[Json]:
        if not isinstance(instance, dict):
            shown = arrays.shown(instance)
            raise Unprocessable(f"instance {index} is {shown}, expected a list or an object")
        missing = [name for name in self.names if name not in instance]
        unknown = [name for name in instance if name not in self.names]
        if missing or unknown:
            wrong = {"lacks": missing, "has unknown": unknown}
            said = " and ".join(f"{how} {arrays.listed(it)}" for how, it in wrong.items() if it)
            raise Unprocessable(f"instance {index} {said}, expected {arrays.listed(self.names)}")
        return [instance[name] for name in self.names]

    def _refuse(self, row: list[Json], index: int) -> None:
        name, value = next(
            pair for pair in zip(self.names, row, strict=True) if type(pair[1]) not in _NUMBERS
        )
        shown = arrays.shown(value)
        raise Unprocessable(f"instance {index}: '{name}' is {shown}, expected a number")

    def _header(self, names: list[str]) -> list[int]:
        if sorted(names) != sorted(self.names):
            raise Unprocessable(
                f"the CSV's header is {arrays.listed(names)}, expected {arrays.listed(self.names)}"
            )
        return [names.index(name) for name in self.names]


def _number(cell: str) -> float | str:
    if "_" in cell:  # 1_000 is a number in Python alone
        return cell
    try:
        return float(cell)
    except ValueError:
        return cell
