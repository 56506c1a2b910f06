"""`flotilla call`: put one question to a running cloud, local or real, by `flotilla.client`.

FLOTILLA_URL and FLOTILLA_API_KEY name a cloud; without them it is the local one that is up.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from flotilla.client import Flotilla, FlotillaError, NoAnswer, Refused, Retries, clouds, questions
from flotilla.client.clouds import Cloud
from flotilla.client.questions import JSON, Call

_NUMBERS = re.compile(r"[-+.,\deE\s]+")
_LIMIT_S = 40  # API Gateway gives up after 29


class CallError(Exception):
    """The question was not put; the message says what to do."""


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
    try:
        return clouds.find(root, environ)
    except FlotillaError as error:
        raise CallError(str(error)) from None


def read_question(text: str) -> Question:
    """What `text` asks: numbers separated by commas, JSON, a text, or after an @ a file's name.

    Raises CallError when there is no such file, its suffix says nothing, or the @ was forgotten.
    """
    if text.startswith("@"):
        return _read_file(Path(text[1:]))
    # Not Path.is_file, which fails on a text that is too long for a name.
    if text.lower().endswith(tuple(questions.MEDIA_TYPES)) and os.path.isfile(text):
        raise CallError(f"{text} is a file: write @{text} to send what is in it")
    if text.lstrip().startswith(("{", "[")):
        return _question(JSON, text.encode())
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
    call = Call(
        "POST",
        f"/{version}/models/{model}/{question.operation}",
        question.body,
        {"content-type": question.media_type, **label},
    )
    once = Retries(most=0)  # whoever asks by hand sees at once what is the matter
    try:
        with Flotilla(cloud.url, cloud.api_key, timeout_s=_LIMIT_S, retries=once) as fleet:
            return Answer(200, json.dumps(fleet.call(call)))
    except Refused as refusal:
        return Answer(refusal.status, refusal.text)
    except NoAnswer as silence:
        raise CallError(f"{cloud.url} does not answer: is the cloud up? ({silence})") from None
    except FlotillaError as error:
        raise CallError(str(error)) from None


def _read_file(path: Path) -> Question:
    try:
        return _question(questions.media_type_of(path), path.read_bytes())
    except ValueError as error:
        raise CallError(str(error)) from None
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}") from None


def _question(media_type: str, body: bytes) -> Question:
    """JSON with `inputs` speaks the Open Inference Protocol; a bare list is the instances."""
    if media_type != JSON:
        return Question("predict", media_type, body)
    try:
        document = json.loads(body)
    except ValueError as error:
        raise CallError(f"the request is not JSON: {error}") from None
    if isinstance(document, list):
        return Question("predict", media_type, json.dumps({"instances": document}).encode())
    is_tensors = isinstance(document, dict) and "inputs" in document
    return Question("infer" if is_tensors else "predict", media_type, body)
