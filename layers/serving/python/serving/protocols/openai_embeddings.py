"""OpenAI's embeddings: `POST /v1/embeddings`, so that its clients work unchanged.

Reference: OpenAI API reference, "Create embeddings".
"""

from base64 import b64encode
from time import perf_counter

import numpy as np

from serving import arrays, strict_json
from serving.errors import NotFound, Unprocessable
from serving.http import Request, Response, reply
from serving.prices import Usage
from serving.protocols import native
from serving.service import Service
from serving.types import Array, Json, JsonObject

_KEYS = ("input", "model", "dimensions", "encoding_format", "user", "variant")
_FORMATS = ("float", "base64")


def create(service: Service, request: Request, usage: Usage) -> Response:
    """Answer with a vector for each text, in order.  Raises ServingError.

    Beside what OpenAI has, a text that was longer than the model reads carries `truncated`, the
    body may name a `variant`, and `usage` says what the answer took and cost.
    """
    started = perf_counter()
    document = strict_json.loads(request.body, service.limits.nesting)
    texts = _texts(document, service.name)
    as_base64 = _format(document) == "base64"
    chosen = service.choose(document.get("variant", request.headers.get(native.VARIANT_HEADER)))
    chosen.require_batch(len(texts))
    inputs = chosen.task.decode(texts)
    vectors = chosen.infer(inputs, request.deadline)["embedding"]
    arrays.require_finite(vectors, "the model's answer")
    vectors = _shortened(vectors, document.get("dimensions"))
    tokens = int(inputs["tokens"].sum())
    spent = usage((perf_counter() - started) * 1000)
    return reply(
        {
            "object": "list",
            "data": [
                _entry(index, vector, truncated, as_base64)
                for index, (vector, truncated) in enumerate(
                    zip(vectors, inputs["truncated"].tolist(), strict=True)
                )
            ],
            "model": service.name,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens, **spent},
        }
    )


def _texts(document: Json, model: str) -> list[Json]:
    """`input` as a list of texts.  Raises ServingError for a body that is not understood."""
    if not isinstance(document, dict):
        raise Unprocessable(f"the body is {arrays.shown(document)}, expected an object")
    if unknown := sorted(document.keys() - set(_KEYS)):
        raise Unprocessable(f"the body has unknown keys {unknown}, expected {arrays.listed(_KEYS)}")
    if document.get("model") != model:
        named = arrays.shown(document.get("model"))
        raise NotFound(f"model {named} is not served here, expected '{model}'")
    given = document.get("input")
    texts = given if isinstance(given, list) else [given]
    if any(type(text) is int or isinstance(text, list) for text in texts):
        raise Unprocessable(
            "'input' holds tokens, expected a text or a list of texts: tokens are those of one "
            "model's tokenizer, and this model's differs from OpenAI's"
        )
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise Unprocessable(f"'input' holds {arrays.shown(text)} at {index}, expected a text")
    return texts


def _format(document: JsonObject) -> str:
    stated = document.get("encoding_format", "float")
    if stated not in _FORMATS:
        shown = arrays.shown(stated)
        raise Unprocessable(f"'encoding_format' is {shown}, expected {arrays.listed(_FORMATS)}")
    return str(stated)


def _shortened(vectors: Array, dimensions: Json) -> Array:
    """The first so many of each vector's dimensions, of length 1 again."""
    if dimensions is None:
        return vectors
    width = vectors.shape[1]
    if type(dimensions) is not int or not 1 <= dimensions <= width:
        shown = arrays.shown(dimensions)
        raise Unprocessable(f"'dimensions' is {shown}, expected 1 to {width}")
    kept: Array = vectors[:, :dimensions]
    lengths = np.linalg.norm(kept, axis=1, keepdims=True)
    return kept / np.where(lengths > 0, lengths, 1)


def _entry(index: int, vector: Array, truncated: bool, as_base64: bool) -> JsonObject:
    written = b64encode(vector.astype("<f4").tobytes()).decode() if as_base64 else vector
    cut = {"truncated": True} if truncated else {}
    return {"object": "embedding", "index": index, "embedding": written, **cut}
