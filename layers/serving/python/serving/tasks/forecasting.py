"""How series go on: a mean and quantiles for the hours to come.

Graph: `context` FP32 (N, L, C) in the series' own units and, when there are covariates, `future`
FP32 (N, H, K); outputs `mean` FP32 (N, H, C) and `quantiles` FP32 (N, H, C, Q), in the same units.
"""

import numpy as np

from serving import arrays
from serving.artifact import Artifact
from serving.errors import ArtifactError, TooLarge, Unprocessable, UnsupportedMediaType
from serving.limits import Limits
from serving.manifest import Manifest
from serving.tasks import require_outputs
from serving.types import Array, Json, JsonObject, Tensors


class Forecasting:
    """The recent past of each series in, its next steps out."""

    media_types = ()

    def __init__(self, manifest: Manifest, limits: Limits) -> None:
        require_outputs(manifest, ["mean", "quantiles"])
        self._most_values = limits.forecast_values
        details = manifest.details
        try:
            self._series = [str(series["name"]) for series in details["series"]]
            self._covariates = [str(known["name"]) for known in details.get("covariates", [])]
            self._context, self._horizon = int(details["context"]), int(details["horizon"])
            self._quantiles = [str(quantile) for quantile in details["quantiles"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(f"manifest: details of a forecast lack {error}") from None
        expected = ["context", "future"] if self._covariates else ["context"]
        found = [tensor.name for tensor in manifest.inputs]
        if found != expected:
            raise ArtifactError(f"a forecasting graph has inputs {found}, expected {expected}")

    def instances(self, media_type: str, body: bytes) -> list[Json]:
        raise UnsupportedMediaType(f"a forecast is asked for in JSON, not in '{media_type}'")

    def decode(self, instances: list[Json]) -> Tensors:
        """Instances to the graph's inputs, and `horizon` (N,): the steps that each asks for."""
        for index, instance in enumerate(instances):
            self._require_keys(instance, index)
        steps = [self._steps(instance, index) for index, instance in enumerate(instances)]
        values = sum(steps) * len(self._series) * (1 + len(self._quantiles))
        if values > self._most_values:
            raise TooLarge(
                f"the forecasts have {values} values together, expected at most "
                f"{self._most_values}: ask for fewer instances at once, or a shorter horizon"
            )
        tensors: Tensors = {
            "context": self._columns(instances, "context", self._series, self._context),
            "horizon": np.array(steps),
        }
        if self._covariates:
            tensors["future"] = self._columns(instances, "future", self._covariates, self._horizon)
        return tensors

    def encode(self, outputs: Tensors) -> list[Json]:
        means, quantiles = outputs["mean"], outputs["quantiles"]
        arrays.require_finite(means, "the model's answer")
        arrays.require_finite(quantiles, "the model's answer")
        return [
            {
                "mean": self._by_series(mean[:steps]),
                "quantiles": {
                    name: {
                        quantile: band[:steps, column, at].tolist()
                        for at, quantile in enumerate(self._quantiles)
                    }
                    for column, name in enumerate(self._series)
                },
            }
            for mean, band, steps in zip(means, quantiles, outputs["horizon"].tolist(), strict=True)
        ]

    def schema(self) -> JsonObject:
        properties = {
            "context": _columns_schema(self._series, self._context),
            "horizon": {"type": "integer", "minimum": 1, "maximum": self._horizon},
        }
        required = ["context"]
        if self._covariates:
            properties["future"] = _columns_schema(self._covariates, self._horizon)
            required.append("future")
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def prediction_schema(self) -> JsonObject:
        steps = {
            "type": "array",
            "items": {"type": "number"},
            "minItems": 1,
            "maxItems": self._horizon,
        }
        mean = _object_schema(dict.fromkeys(self._series, steps))
        bands = _object_schema(dict.fromkeys(self._quantiles, steps))
        quantiles = _object_schema(dict.fromkeys(self._series, bands))
        return _object_schema({"mean": mean, "quantiles": quantiles})

    def _require_keys(self, instance: Json, index: int) -> None:
        needed = {"context", "future"} if self._covariates else {"context"}
        keys = set(instance) if isinstance(instance, dict) else set()
        if not needed <= keys <= needed | {"horizon"}:
            raise Unprocessable(
                f"instance {index} has {arrays.listed(sorted(keys)) or 'no keys'}, expected "
                f"{arrays.listed(sorted(needed))} and, if wanted, 'horizon'"
            )

    def _steps(self, instance: JsonObject, index: int) -> int:
        steps = instance.get("horizon", self._horizon)
        if type(steps) is not int or not 1 <= steps <= self._horizon:
            shown = arrays.shown(steps)
            raise Unprocessable(
                f"instance {index}: 'horizon' is {shown}, expected 1 to {self._horizon}"
            )
        return steps

    def _columns(self, instances: list[Json], key: str, names: list[str], length: int) -> Array:
        """One block of all instances, FP32 (N, length, len(names))."""
        for index, instance in enumerate(instances):
            _require_names(instance[key], names, f"instance {index}: '{key}'")
        columns = [
            _column(instance[key], name, length, f"instance {index}: '{key}'")
            for index, instance in enumerate(instances)
            for name in names
        ]
        return np.stack(columns).reshape(len(instances), len(names), length).transpose(0, 2, 1)

    def _by_series(self, steps: Array) -> JsonObject:
        return dict(zip(self._series, steps.T.tolist(), strict=True))


def build(artifact: Artifact, limits: Limits) -> Forecasting:
    """The task of one model.  Raises ArtifactError when the manifest does not fit it."""
    return Forecasting(artifact.manifest, limits)


def _require_names(block: Json, names: list[str], what: str) -> None:
    if not isinstance(block, dict) or block.keys() != set(names):
        was = arrays.listed(block) if isinstance(block, dict) else arrays.shown(block)
        raise Unprocessable(f"{what} has {was or 'nothing'}, expected {arrays.listed(names)}")


def _column(block: JsonObject, name: str, length: int, what: str) -> Array:
    values = block[name]
    if not isinstance(values, list) or len(values) != length:
        was = f"{len(values)} values" if isinstance(values, list) else arrays.shown(values)
        raise Unprocessable(f"{what}: '{name}' has {was}, expected {length}")
    return arrays.from_json(values, "FP32", f"{what}: '{name}'")


def _columns_schema(names: list[str], length: int) -> JsonObject:
    numbers = {
        "type": "array",
        "items": {"type": "number"},
        "minItems": length,
        "maxItems": length,
    }
    return _object_schema(dict.fromkeys(names, numbers)) | {"additionalProperties": False}


def _object_schema(properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "required": list(properties)}
