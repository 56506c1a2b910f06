"""What a dataset is, wherever it comes from: inputs, targets, and what a reader must know of them.

Inputs are what a caller would send (rows of numbers in their own units, images as bytes), so that
everything between that and the answer is the model's own work.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from serving.types import Array, JsonObject


@dataclass(frozen=True, slots=True)
class Source:
    """Who made the data, and what one may do with them."""

    title: str
    licence: str
    citation: str
    url: str


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of a tabular dataset; the unit is empty where there is none."""

    name: str
    unit: str
    description: str


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Inputs (N, ...) and targets (N,): class numbers when there are labels, else values.

    `target` says what the values are.
    """

    source: Source
    inputs: Array
    targets: Array
    labels: tuple[str, ...] = ()
    features: tuple[Feature, ...] = ()
    target: Feature = Feature("class", "", "the class")

    def take(self, rows: Array) -> Dataset:
        """The same dataset with these rows only."""
        return replace(self, inputs=self.inputs[rows], targets=self.targets[rows])

    def __len__(self) -> int:
        return len(self.targets)

    def columns(self) -> dict[str, Array]:
        """The inputs (N, F), column by column, by feature name."""
        return {feature.name: self.inputs[:, i] for i, feature in enumerate(self.features)}

    def described_features(self) -> list[JsonObject]:
        """The features as a manifest's details state them, with the range of these rows."""
        columns = self.columns()
        return [
            {
                **asdict(feature),
                "minimum": float(columns[feature.name].min()),
                "maximum": float(columns[feature.name].max()),
            }
            for feature in self.features
        ]
