"""The one table of limits; every door checks it before anything is decoded.

A manifest may change some of them for its model (`"limits": {"batch": 32}`); `GET /v2/models/M`
shows what holds.
"""

from dataclasses import dataclass, fields, replace
from math import inf

from serving.errors import ArtifactError
from serving.json_types import JsonObject

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may be.  Lambda's payload of 6 MB holds 4.5 MB of binary in base64."""

    body_bytes: int = 4_500_000
    batch: int = 128
    nesting: int = 32
    text_characters: int = 10_000
    text_tokens: int = 512
    image_pixels: int = 25_000_000
    image_side: int = 8_192
    audio_seconds: int = 30
    audio_batch_seconds: int = 300
    forecast_values: int = 300_000
    upload_bytes: int = 64 * MIB
    deadline_s: float = 25.0
    explain_batch: int = 8
    explain_tokens: int = 1_024


def with_overrides(overrides: JsonObject) -> Limits:
    """The default limits, with a manifest's own figures in place.  Raises ArtifactError."""
    kinds = {field.name: field.type for field in fields(Limits)}
    for name, value in overrides.items():
        if name not in kinds:
            raise ArtifactError(f"limit '{name}' is unknown, expected one of {sorted(kinds)}")
        if type(value) not in (int, kinds[name]) or not 0 < value < inf:
            words = "whole number" if kinds[name] is int else "number"
            raise ArtifactError(f"limit '{name}' is {value!r}, expected a positive {words}")
    return replace(Limits(), **overrides)
