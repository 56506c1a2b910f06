"""From what Python programs have to what the API reads."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

JSON = "application/json"
# A file's ending -> its media type.
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": JSON,
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".png": "image/png",
    ".txt": "text/plain",
    ".wav": "audio/wav",
}
# How a file of this type begins, and the key of an instance that holds one in base64.
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": ("image/png", "image"),
    b"\xff\xd8\xff": ("image/jpeg", "image"),
    b"RIFF": ("audio/wav", "audio"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request; one that is not `repeatable` does something that must not be done twice."""

    method: str
    path: str
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True


def path(*segments: str) -> str:
    """An address below `/v1`; what names hold does not become part of the way."""
    return "/".join(["/v1", *(quote(segment, safe="") for segment in segments)])


def ask(operation: str, model: str, what: Any, headers: Mapping[str, str]) -> Call:
    """A question to a model: `predict` or `explain`.

    `what` is a text, the bytes of an image or a recording, a path to a file, one instance as a
    dictionary, or several: a list of any of these or of rows, or an array (numpy, pandas' `values`)
    of one row or more.  Raises TypeError, ValueError.
    """
    media_type, content = _body(what)
    headers = {"content-type": media_type, **headers}
    return Call("POST", path("models", model, operation), content, headers)


def job(model: str, document: dict[str, Any]) -> Call:
    """A request for a job.  Raises ValueError."""
    content = json.dumps(document, allow_nan=False).encode()
    headers = {"content-type": JSON}
    return Call("POST", path("models", model, "jobs"), content, headers, repeatable=False)


def embeddings(model: str, texts: str | list[str], dimensions: int | None) -> Call:
    """A request for vectors, as OpenAI has it."""
    asked: dict[str, Any] = {"model": model, "input": texts}
    if dimensions is not None:
        asked["dimensions"] = dimensions
    return Call("POST", "/v1/embeddings", json.dumps(asked).encode(), {"content-type": JSON})


def usage(first: str, last: str) -> Call:
    """A request for what was used between two days; an empty one is left out."""
    days = {"from": first, "to": last}
    return Call("GET", "/v1/usage", query={name: day for name, day in days.items() if day})


def media_type_of(path: Path) -> str:
    """What a file is, by its ending.  Raises ValueError."""
    found = MEDIA_TYPES.get(path.suffix.lower())
    if found is None:
        raise ValueError(f"{path}: ending {path.suffix!r}, expected one of {sorted(MEDIA_TYPES)}")
    return found


def instances(what: Any) -> list[Any]:
    """`what` as instances in JSON.  Raises TypeError, ValueError."""
    if hasattr(what, "tolist"):
        values = what.tolist()
        several = isinstance(values, list) and bool(values) and isinstance(values[0], list)
        return values if several else [values]
    if isinstance(what, list | tuple):
        return [_instance(each) for each in what]
    return [_instance(what)]


def _body(what: Any) -> tuple[str, bytes]:
    if isinstance(what, Path):
        return media_type_of(what), what.read_bytes()
    if isinstance(what, bytes):
        return _signature(what)[0], what
    return JSON, json.dumps({"instances": instances(what)}, allow_nan=False).encode()


def _instance(one: Any) -> Any:
    if isinstance(one, Path):
        one = one.read_bytes()
    if isinstance(one, bytes):
        return {_signature(one)[1]: b64encode(one).decode()}
    return one.tolist() if hasattr(one, "tolist") else one


def _signature(raw: bytes) -> tuple[str, str]:
    for beginning, found in _SIGNATURES.items():
        if raw.startswith(beginning):
            return found
    raise ValueError(f"bytes begin with {raw[:8]!r}, expected a PNG, a JPEG or a WAV")
