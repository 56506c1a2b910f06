"""`flotilla call`: put one question to a running cloud, local or real.

FLOTILLA_URL and FLOTILLA_API_KEY name a cloud; without them it is the local one that is up.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

LOCAL_CLOUD = Path("build") / "local.json"
_JSON = "application/json"
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": _JSON,
    ".png": "image/png",
    ".txt": "text/plain",
    ".wav": "audio/wav",
}
_NUMBERS = re.compile(r"[-+.,\deE\s]+")
_LIMIT_S = 40  # API Gateway gives up after 29


class CallError(Exception):
    """The question was not put; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where models answer, and the key that they ask for."""

    url: str
    api_key: str


@dataclass(frozen=True, slots=True)
class Question:
    """A request's body, and which of a model's addresses it is for.

    `label` is the one to explain, or empty for the predicted one.
    """

    operation: str
    media_type: str
    body: bytes
    label: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and what came with it."""

    status: int
    text: str


def find_cloud(root: Path, environ: Mapping[str, str]) -> Cloud:
    """The cloud that the environment names, or the local one.  Raises CallError."""
    if url := environ.get("FLOTILLA_URL"):
        return Cloud(url.rstrip("/"), environ.get("FLOTILLA_API_KEY", ""))
    try:
        running = json.loads((root / LOCAL_CLOUD).read_bytes())
    except FileNotFoundError:
        raise CallError(
            "no cloud is up: start the local one with `flotilla up`, or set FLOTILLA_URL and "
            "FLOTILLA_API_KEY"
        ) from None
    return Cloud(running["url"].rstrip("/"), running["api_key"])


def read_question(text: str) -> Question:
    """What `text` asks: numbers separated by commas, JSON, a text, or after an @ a file's name.

    Raises CallError when there is no such file, or its suffix says nothing.
    """
    if text.startswith("@"):
        return _read_file(Path(text[1:]))
    if text.lstrip().startswith(("{", "[")):
        return _question(_JSON, text.encode())
    return _question("text/csv" if _NUMBERS.fullmatch(text) else "text/plain", text.encode())


def explained(question: Question, label: str) -> Question:
    """The same question, with attributions in its answer.

    Raises CallError for tensors, which are given back as they come.
    """
    if question.operation == "infer":
        raise CallError("tensors are not explained: ask with instances")
    return replace(question, operation="explain", label=label)


def ask(cloud: Cloud, model: str, question: Question) -> Answer:
    """Put the question, whatever the status of the answer.  Raises CallError without one."""
    version = "v2" if question.operation == "infer" else "v1"
    label = {"x-label": question.label} if question.label else {}
    request = Request(  # noqa: S310 - the address is the caller's own
        f"{cloud.url}/{version}/models/{model}/{question.operation}",
        data=question.body,
        headers={"content-type": question.media_type, "x-api-key": cloud.api_key, **label},
    )
    try:
        with urlopen(request, timeout=_LIMIT_S) as response:  # noqa: S310 - as above
            return Answer(response.status, response.read().decode())
    except HTTPError as error:
        return Answer(error.code, error.read().decode())
    except (URLError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        raise CallError(f"{cloud.url} does not answer ({reason}): is the cloud up?") from None


def _read_file(path: Path) -> Question:
    if path.suffix.lower() not in _MEDIA_TYPES:
        raise CallError(f"{path}: suffix {path.suffix!r}, expected one of {sorted(_MEDIA_TYPES)}")
    try:
        return _question(_MEDIA_TYPES[path.suffix.lower()], path.read_bytes())
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}") from None


def _question(media_type: str, body: bytes) -> Question:
    """JSON with `inputs` speaks the Open Inference Protocol; a bare list is the instances."""
    if media_type != _JSON:
        return Question("predict", media_type, body)
    try:
        document = json.loads(body)
    except ValueError as error:
        raise CallError(f"the request is not JSON: {error}") from None
    if isinstance(document, list):
        return Question("predict", media_type, json.dumps({"instances": document}).encode())
    is_tensors = isinstance(document, dict) and "inputs" in document
    return Question("infer" if is_tensors else "predict", media_type, body)
