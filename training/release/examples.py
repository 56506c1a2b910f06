"""Examples: requests with the answers that they must get, from the artifact's `examples.json`.

The answers were computed by the training framework, so whoever asks them checks parity as well.
"""

import base64
import json
import math
from dataclasses import dataclass

from serving.errors import ArtifactError
from serving.manifest import EXAMPLES
from serving.types import Json, JsonObject

TOLERANCE = 1e-5
_PATHS = {"predict": "/v1/models/{model}/predict", "infer": "/v2/models/{model}/infer"}


@dataclass(frozen=True, slots=True)
class Example:
    """A request and the keys of its reply that are known.

    `variant` is the one that it asks, where the answers are not the default's.
    """

    name: str
    path: str
    media_type: str
    body: bytes
    answer: JsonObject
    variant: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request."""
        chosen = {"x-variant": self.variant} if self.variant else {}
        return {"content-type": self.media_type, **chosen}


def parse(raw: bytes, model: str) -> list[Example]:
    """Read `examples.json` of `model`.  Raises ArtifactError."""
    try:
        entries = json.loads(raw)["examples"]
        examples = [_example(entry, model) for entry in entries]
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{EXAMPLES} of {model} is malformed: {error!r}") from None
    names = [example.name for example in examples]
    if not names or len(set(names)) != len(names):
        raise ArtifactError(
            f"{EXAMPLES} of {model} has names {names}, expected at least one, each once"
        )
    return examples


def differences(expected: Json, actual: Json, where: str = "answer") -> list[str]:
    """How `actual` differs from `expected`, a line each; empty when the example came true.

    Objects may have further keys, lists may not have further entries.  Numbers are equal within
    1e-5, absolute or relative, whichever is more; whole numbers and everything else exactly.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        missing = [f"{where}.{key} is missing" for key in expected if key not in actual]
        shared = [key for key in expected if key in actual]
        found = [differences(expected[key], actual[key], f"{where}.{key}") for key in shared]
        return [*missing, *(line for lines in found for line in lines)]
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return [f"{where} has {len(actual)} entries, expected {len(expected)}"]
        pairs = enumerate(zip(expected, actual, strict=True))
        found = [differences(left, right, f"{where}[{index}]") for index, (left, right) in pairs]
        return [line for lines in found for line in lines]
    return [] if _equal(expected, actual) else [f"{where} is {actual!r}, expected {expected!r}"]


def _equal(expected: Json, actual: Json) -> bool:
    kinds = {type(expected), type(actual)}
    if float in kinds and kinds <= {int, float}:
        return math.isclose(expected, actual, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return len(kinds) == 1 and bool(expected == actual)


def _example(entry: JsonObject, model: str) -> Example:
    if "body_base64" in entry:
        body = base64.b64decode(entry["body_base64"], validate=True)
    elif isinstance(entry["body"], str) and entry["media_type"] != "application/json":
        body = entry["body"].encode()
    else:
        body = json.dumps(entry["body"], allow_nan=False, separators=(",", ":")).encode()
    return Example(
        name=entry["name"],
        path=_PATHS[entry["operation"]].format(model=model),
        media_type=entry["media_type"],
        body=body,
        answer=entry["answer"],
        variant=entry.get("variant", ""),
    )
