"""Requests that show what a model takes, with the answers that the training framework gives.

They become the artifact's `examples.json`: documentation, and a parity check wherever they are
asked again.  Answers are written as FP32 would show them, for that is what a graph answers in.
"""

import base64
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from serving.types import Array, Json, JsonObject

ROWS = 8
Predictions = list[JsonObject]
Tensor = tuple[str, str, Array]


class Answered(NamedTuple):
    """What a framework answers: the output tensor (N, C), by its name, and the predictions."""

    name: str
    tensor: Array
    predictions: Predictions


def classified(probabilities: Array, labels: Sequence[str]) -> Answered:
    """The answer of a classifier."""
    predictions = []
    for row in probabilities:
        scores = [_fp32(score) for score in row]
        winner = int(row.argmax())
        predictions.append(
            {
                "label": labels[winner],
                "score": scores[winner],
                "scores": dict(zip(labels, scores, strict=True)),
            }
        )
    return Answered("probabilities", probabilities, predictions)


def valued(values: Array, unit: str) -> Answered:
    """The answer of a regression, of values (N, 1)."""
    predictions = [{"value": _fp32(value), "unit": unit} for value in values[:, 0]]
    return Answered("value", values, predictions)


def embedded(vectors: Array) -> Answered:
    """The answer of an encoder, of vectors (N, D)."""
    predictions: Predictions = [{"embedding": [_fp32(number) for number in row]} for row in vectors]
    return Answered("embedding", vectors, predictions)


def spread(targets: Array, count: int) -> Array:
    """Row numbers evenly spread over the targets' range, so that every class gets its turn."""
    order = np.argsort(targets, kind="stable")
    return order[np.linspace(0, len(order) - 1, count).astype(int)]


def tabular(
    names: Sequence[str], rows: Array, answer: Callable[[Array], Answered]
) -> list[JsonObject]:
    """Ask rows (ROWS, F) in every way that a tabular model reads."""
    numbers = rows.tolist()
    by_name = dict(zip(names, numbers[1], strict=True))
    backwards = [list(reversed(names)), *(list(reversed(row)) for row in numbers[5:7])]
    first, second, batch, plain, headed, last = (
        answer(rows[part]) for part in ([0], [1], [2, 3, 4], [5], [5, 6], [6, 7])
    )
    return [
        _native("one_row", {"instances": numbers[:1]}, first),
        _native("one_row_by_name", {"instances": [by_name]}, second),
        _native("three_rows", {"instances": numbers[2:5]}, batch),
        _native("csv", _csv(numbers[5:6]), plain, "text/csv"),
        _native("csv_with_header_in_another_order", _csv(backwards), headed, "text/csv"),
        _infer("open_inference_protocol", ("features", "FP32", rows[[6, 7]]), last),
    ]


def pictures(
    named: Sequence[tuple[str, Array]], pair: Array, answer: Callable[[Array], Answered]
) -> list[JsonObject]:
    """Ask pictures UINT8 (H, W, C) as PNG files, and a pair (2, H, W, C) in one request."""
    files = [
        file(name, "image/png", png(picture), answer(picture[np.newaxis]))
        for name, picture in named
    ]
    both = answer(pair)
    instances = [{"image": _base64(png(picture))} for picture in pair]
    return [
        *files,
        _native("two_in_json", {"instances": instances}, both),
        _infer("open_inference_protocol", ("image", "UINT8", pair), both),
    ]


def file(name: str, media_type: str, content: bytes, answered: Answered) -> JsonObject:
    """Ask a file as it is."""
    return {
        "name": name,
        "operation": "predict",
        "media_type": media_type,
        "body_base64": _base64(content),
        "answer": {"predictions": answered.predictions},
    }


def texts(
    named: Sequence[tuple[str, str]], answer: Callable[[Sequence[str]], Answered]
) -> list[JsonObject]:
    """Ask texts, each alone as plain text, then the first two at once.

    No text may be longer than the model reads.
    """
    alone = [_native(name, text, answer([text]), "text/plain") for name, text in named]
    pair = [text for _, text in named[:2]]
    instances: list[Json] = [pair[0], {"text": pair[1]}]
    return [*alone, _native("two_in_json", {"instances": instances}, answer(pair))]


def recordings(
    files: Sequence[bytes], clips: Array, answer: Callable[[Array], Answered]
) -> list[JsonObject]:
    """Ask WAV files, each alone and the first two at once, and the last clip (N, T) as a tensor."""
    alone = [
        {
            "name": f"recording_{number + 1}",
            "operation": "predict",
            "media_type": "audio/wav",
            "body_base64": _base64(content),
            "answer": {"predictions": answer(clips[number : number + 1]).predictions},
        }
        for number, content in enumerate(files)
    ]
    instances = [{"audio": _base64(content)} for content in files[:2]]
    both = _native("two_in_json", {"instances": instances}, answer(clips[:2]))
    tensor = _infer("open_inference_protocol", ("waveform", "FP32", clips[-1:]), answer(clips[-1:]))
    return [*alone, both, tensor]


def tensors(given: Sequence[Tensor], answered: Answered) -> JsonObject:
    """Ask tensors by the Open Inference Protocol."""
    example = _infer("open_inference_protocol", given[0], answered)
    inputs = [_tensor_json(tensor, tensor[2].ravel().tolist()) for tensor in given]
    return {**example, "body": {"inputs": inputs}}


def _native(
    name: str, body: Json, answered: Answered, media_type: str = "application/json"
) -> JsonObject:
    return {
        "name": name,
        "operation": "predict",
        "media_type": media_type,
        "body": body,
        "answer": {"predictions": answered.predictions},
    }


def _infer(name: str, tensor: Tensor, answered: Answered) -> JsonObject:
    output = [_fp32(number) for number in answered.tensor.ravel()]
    return {
        "name": name,
        "operation": "infer",
        "media_type": "application/json",
        "body": {"inputs": [_tensor_json(tensor, tensor[2].ravel().tolist())]},
        "answer": {"outputs": [_tensor_json((answered.name, "FP32", answered.tensor), output)]},
    }


def _tensor_json(tensor: Tensor, data: list[float]) -> JsonObject:
    name, datatype, array = tensor
    return {"name": name, "datatype": datatype, "shape": list(array.shape), "data": data}


def _fp32(number: float) -> float:
    """The shortest decimal that FP32 reads back as this number."""
    return float(str(np.float32(number)))


def _csv(rows: Sequence[Sequence[object]]) -> str:
    return "".join(",".join(str(cell) for cell in row) + "\n" for row in rows)


def png(picture: Array) -> bytes:
    """A picture UINT8 (H, W, C) as a PNG file."""
    buffer = BytesIO()
    Image.fromarray(picture.squeeze()).save(buffer, format="PNG")
    return buffer.getvalue()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
