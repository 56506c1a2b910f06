"""What a model saw and answered before it went live, as sketches to hold live traffic against.

A sketch is a few quantiles and a histogram whose inner edges are the deciles; its first and last
bin are open, so that a value beyond everything seen before is counted too.  Features are those of
the training rows, answers those to the held-out rows: a model is surer of rows it was trained on.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from serving.types import Array, JsonObject

_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_DECILES = np.linspace(0.1, 0.9, 9)
_WHITE = 255


def classification(
    features: Mapping[str, Array], probabilities: Array, labels: Sequence[str]
) -> JsonObject:
    """The baseline of a classifier: per feature, and per label how often and how surely."""
    shares = np.bincount(probabilities.argmax(axis=1), minlength=len(labels)) / len(probabilities)
    return {
        "features": {name: sketch(values) for name, values in features.items()},
        "labels": {
            label: {"share": _short(share), "probability": sketch(column)}
            for label, share, column in zip(labels, shares, probabilities.T, strict=True)
        },
    }


def regression(features: Mapping[str, Array], values: Array) -> JsonObject:
    """The baseline of a regression: per feature, and of the answers (N,)."""
    return {
        "features": {name: sketch(column) for name, column in features.items()},
        "value": sketch(values),
    }


def image_features(images: Array) -> dict[str, Array]:
    """What is sketched of images UINT8 (N, H, W, C): mean and spread of 0 to 1, and the size."""
    bright = images.reshape(len(images), -1) / _WHITE
    height, width = images.shape[1:3]
    return {
        "brightness": bright.mean(axis=1),
        "contrast": bright.std(axis=1),
        "height": np.full(len(images), height),
        "width": np.full(len(images), width),
    }


def sketch(values: Array) -> JsonObject:
    """Sketch the numbers (N,): bin i holds the share in (edge i-1, edge i]."""
    edges = np.unique([_short(edge) for edge in np.quantile(values, _DECILES)])
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return {
        "rows": len(values),
        "mean": _short(values.mean()),
        "standard_deviation": _short(values.std()),
        "minimum": _short(values.min()),
        "maximum": _short(values.max()),
        "quantiles": {str(q): _short(np.quantile(values, q)) for q in _QUANTILES},
        "edges": edges.tolist(),
        "shares": [_short(count / len(values)) for count in counts],
    }


def _short(number: float) -> float:
    return float(f"{number:.6g}")
