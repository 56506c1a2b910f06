"""Text to token ids: the first half of every text task."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from serving import arrays, csv_rows
from serving.artifact import Artifact
from serving.errors import ArtifactError, BadRequest, TooLarge, Unprocessable
from serving.limits import Limits
from serving.types import Array, Json, JsonObject, Tensors

if TYPE_CHECKING:
    from tokenizers import Tokenizer
else:  # the compiled module itself: the Python around it costs a start 17 ms
    from tokenizers.tokenizers import Tokenizer

CSV = "text/csv"
MEDIA_TYPES = ("text/plain", CSV)
TOKENIZER = "tokenizer.json"
_CHARACTERS_AT_ONCE = 200_000

# What a graph may take: ids, which of them are real, which sentence they are of, how many are real.
_INPUTS = {"input_ids", "attention_mask", "token_type_ids", "lengths"}


class Texts:
    """The tokenizer of an artifact, with this engine's own padding and truncation."""

    def __init__(self, artifact: Artifact, limits: Limits) -> None:
        """Read `tokenizer.json` and `details.text`.  Raises ArtifactError when they do not fit."""
        stated = artifact.manifest.details.get("text", {})
        names = {tensor.name for tensor in artifact.manifest.inputs}
        if "input_ids" not in names or names - _INPUTS:
            raise ArtifactError(
                f"a text graph has inputs {sorted(names)}, expected some of {_INPUTS}"
            )
        self._limits = limits
        self._max_tokens = min(
            int(stated.get("max_tokens", limits.text_tokens)), limits.text_tokens
        )
        self._pad_id = int(stated.get("pad_id", 0))
        self._names = names
        self._tokenizer = _load(artifact)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self._max_tokens)

    def instances(self, media_type: str, body: bytes) -> Iterable[Json]:
        """A plain body is one text; a CSV has one a row, in one column that may be headed `text`.

        Raises BadRequest when the body is not UTF-8, or no CSV.
        """
        if media_type == CSV:
            rows = (row[0] if len(row) == 1 else row for row in csv_rows.read(body))
            return (row for place, row in enumerate(rows) if place or row != "text")
        try:
            return [body.decode("utf-8-sig")]
        except UnicodeDecodeError as error:
            raise BadRequest(f"body is not UTF-8: byte {error.start} is wrong") from None

    def decode(self, instances: list[Json]) -> Tensors:
        """Instances, each a string or `{"text": ...}`, to INT64 (N, T), padded on the right.

        `tokens` (N,) tells how many the model reads of each, `truncated` (N,) which had more.
        """
        texts = [self._text(instance, index) for index, instance in enumerate(instances)]
        rows: list[list[int]] = []
        truncated: list[bool] = []
        for some in _groups(texts):
            encodings = self._tokenizer.encode_batch_fast(some)  # without the places in the text
            rows += [encoding.ids for encoding in encodings]
            truncated += [bool(encoding.overflowing) for encoding in encodings]
        tensors = self.tensors(rows)
        tensors["tokens"] = np.array([*map(len, rows)])
        tensors["truncated"] = np.array(truncated)
        return tensors

    def tensors(self, rows: list[list[int]]) -> Tensors:
        """Token ids, a row a text, as the inputs that the graph takes."""
        width = max(1, *map(len, rows))
        ids = _padded(rows, width, self._pad_id)
        tensors: Tensors = {"input_ids": ids}
        if "attention_mask" in self._names:
            tensors["attention_mask"] = _padded([[1] * max(1, len(row)) for row in rows], width, 0)
        if "token_type_ids" in self._names:
            tensors["token_type_ids"] = np.zeros(ids.shape, dtype=np.int64)
        if "lengths" in self._names:
            tensors["lengths"] = np.array([max(1, len(row)) for row in rows], dtype=np.int64)
        return tensors

    def tokens(self, instance: Json, index: int) -> tuple[str, list[int], list[tuple[int, int]]]:
        """An instance's text, the ids that the model reads of it, and where each stands in it.

        Places are (start, end) in characters, with nothing between them when the tokenizer has
        added the token.  Raises ServingError naming the instance.
        """
        text = self._text(instance, index)
        encoding = self._tokenizer.encode(text)
        return text, encoding.ids, encoding.offsets

    def schema(self) -> JsonObject:
        """The JSON Schema of one instance."""
        text = {"type": "string", "maxLength": self._limits.text_characters}
        return {
            "oneOf": [
                text,
                {
                    "type": "object",
                    "properties": {"text": text},
                    "required": ["text"],
                    "additionalProperties": False,
                },
            ]
        }

    def _text(self, instance: Json, index: int) -> str:
        wrapped = isinstance(instance, dict) and instance.keys() == {"text"}
        text = instance["text"] if wrapped else instance
        if not isinstance(text, str):
            shown = arrays.shown(instance)
            raise Unprocessable(f"instance {index} is {shown}, expected a text")
        if len(text) > self._limits.text_characters:
            most = self._limits.text_characters
            raise TooLarge(f"instance {index} has {len(text)} characters, expected at most {most}")
        return text


def with_truncated(schema: JsonObject) -> JsonObject:
    """The schema of an answer to a text, which says whether the text was longer than was read."""
    properties = {**schema["properties"], "truncated": {"type": "boolean"}}
    return {**schema, "properties": properties, "required": [*schema["required"], "truncated"]}


def _load(artifact: Artifact) -> Tokenizer:
    raw = artifact.read(TOKENIZER)
    try:
        return Tokenizer.from_str(raw.decode())
    except Exception as error:  # tokenizers raises bare Exception
        raise ArtifactError(f"{TOKENIZER} cannot be loaded: {error}") from None


def _groups(texts: list[str]) -> list[list[str]]:
    """Texts as they are to be cut into tokens together, which take 100 bytes a character there."""
    groups: list[list[str]] = [[]]
    characters = 0
    for text in texts:
        characters += len(text)
        if characters > _CHARACTERS_AT_ONCE and groups[-1]:
            groups.append([])
            characters = len(text)
        groups[-1].append(text)
    return groups


def _padded(rows: list[list[int]], width: int, filling: int) -> Array:
    """Rows of at most `width` numbers as INT64 (N, width), filled up on the right."""
    if min(map(len, rows)) == width:
        return np.array(rows, dtype=np.int64)
    padded = np.full((len(rows), width), filling, dtype=np.int64)
    for place, row in zip(padded, rows, strict=True):
        place[: len(row)] = row
    return padded
