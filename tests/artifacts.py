"""Small artifacts for tests, with graphs that can be worked out by hand."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import BPE, WordLevel
from tokenizers.pre_tokenizers import ByteLevel, Whitespace

from serving import manifest as manifests
from serving.manifest import FileEntry, Manifest, TensorSpec, Variant
from serving.types import JsonObject

OPSET = 21
FEATURES = ["a", "b", "c"]
LABELS = ["low", "high"]


def tensor(name: str, datatype: str, shape: list[int | str]) -> onnx.ValueInfoProto:
    """A graph input or output; a string is a free dimension."""
    kinds = {
        "FP32": TensorProto.FLOAT,
        "FP16": TensorProto.FLOAT16,
        "FP64": TensorProto.DOUBLE,
        "INT8": TensorProto.INT8,
        "INT16": TensorProto.INT16,
        "INT32": TensorProto.INT32,
        "INT64": TensorProto.INT64,
        "UINT8": TensorProto.UINT8,
        "UINT16": TensorProto.UINT16,
        "UINT32": TensorProto.UINT32,
        "UINT64": TensorProto.UINT64,
        "BOOL": TensorProto.BOOL,
        "BYTES": TensorProto.STRING,
    }
    return helper.make_tensor_value_info(name, kinds[datatype], shape)


def graph(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: dict[str, NDArray[np.generic]] | None = None,
) -> bytes:
    """A serialised ONNX model."""
    initializers = [
        numpy_helper.from_array(value, name) for name, value in (constants or {}).items()
    ]
    built = helper.make_graph(nodes, "tiny", inputs, outputs, initializers)
    model = helper.make_model(built, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    return bytes(model.SerializeToString())


def write(
    folder: Path,
    task: str,
    onnx_bytes: bytes,
    inputs: list[TensorSpec],
    outputs: list[TensorSpec],
    details: JsonObject | None = None,
    limits: JsonObject | None = None,
    name: str = "tiny",
    extra: dict[str, bytes] | None = None,
    others: dict[str, bytes] | None = None,
) -> Path:
    """An artifact folder, with the graphs of `others` as variants beside `fp32`; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    examples = json.dumps({"examples": []}).encode()
    files = {"model.onnx": onnx_bytes, "examples.json": examples, **(extra or {})}
    files |= {f"model.{variant}.onnx": content for variant, content in (others or {}).items()}
    variants = {"fp32": Variant("model.onnx", {"accuracy": 0.9}, 0.2)} if others else {}
    for variant in others or {}:
        variants[variant] = Variant(f"model.{variant}.onnx", {"accuracy": 0.89}, 0.1)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    manifest = Manifest(
        model=name,
        task=task,
        variant="fp32",
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        files={
            file: FileEntry(sha256(content).hexdigest(), len(content))
            for file, content in files.items()
        },
        details=details or {},
        limits=limits or {},
        variants=variants,
    )
    (folder / manifests.NAME).write_bytes(manifests.render(manifest))
    return folder


def linear(a: float, b: float, c: float) -> bytes:
    """A graph of `high` with probability sigmoid of the three features times these weights."""
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    weights = np.array([[0, a], [0, b], [0, c]], dtype=np.float32)
    return graph(
        nodes,
        [tensor("features", "FP32", ["n", 3])],
        [tensor("probabilities", "FP32", ["n", 2])],
        {"weights": weights},
    )


def classifier(
    folder: Path,
    limits: JsonObject | None = None,
    others: dict[str, bytes] | None = None,
    means: list[float] | None = None,
) -> Path:
    """Rows of three features; `high` with probability sigmoid(a + 2 b - c).

    With `means` it has a baseline, which says that they are the features'.
    """
    return write(
        folder,
        "tabular_classification",
        linear(1, 2, -1),
        [TensorSpec("features", "FP32", (-1, 3))],
        [TensorSpec("probabilities", "FP32", (-1, 2))],
        {"features": [{"name": name} for name in FEATURES], "labels": LABELS},
        limits,
        extra={"baseline.json": baseline(means)} if means is not None else {},
        others=others,
    )


def baseline(means: list[float]) -> bytes:
    """A baseline.json that knows of each feature its mean and nothing else."""
    sketches = {name: {"mean": mean} for name, mean in zip(FEATURES, means, strict=False)}
    return json.dumps({"features": sketches}).encode()


def regressor(folder: Path) -> Path:
    """Rows of two features; the value is log(a) + b, so that it can fail to be finite."""
    nodes = [
        helper.make_node("Split", ["features"], ["a", "b"], axis=1, num_outputs=2),
        helper.make_node("Log", ["a"], ["log_a"]),
        helper.make_node("Add", ["log_a", "b"], ["value"]),
    ]
    onnx_bytes = graph(
        nodes, [tensor("features", "FP32", ["n", 2])], [tensor("value", "FP32", ["n", 1])]
    )
    return write(
        folder,
        "tabular_regression",
        onnx_bytes,
        [TensorSpec("features", "FP32", (-1, 2))],
        [TensorSpec("value", "FP32", (-1, 1))],
        {"features": [{"name": "a"}, {"name": "b"}], "target": {"name": "y", "unit": "m"}},
    )


def bent_surface(folder: Path, features: int = 12) -> Path:
    """Rows of features that each bend what the others do: a small untrained network."""
    generator = np.random.default_rng(4)
    nodes = [
        helper.make_node("MatMul", ["features", "first"], ["inner"]),
        helper.make_node("Tanh", ["inner"], ["bent"]),
        helper.make_node("MatMul", ["bent", "second"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    onnx_bytes = graph(
        nodes,
        [tensor("features", "FP32", ["n", features])],
        [tensor("probabilities", "FP32", ["n", 2])],
        {
            "first": generator.normal(size=(features, 8)).astype(np.float32),
            "second": generator.normal(size=(8, 2)).astype(np.float32),
        },
    )
    return write(
        folder,
        "tabular_classification",
        onnx_bytes,
        [TensorSpec("features", "FP32", (-1, features))],
        [TensorSpec("probabilities", "FP32", (-1, 2))],
        {"features": [{"name": f"f{index}"} for index in range(features)], "labels": LABELS},
    )


def weighted_sum(folder: Path, weights: NDArray[np.float32]) -> Path:
    """A regression whose value is the sum of its features times `weights` (F, 1)."""
    features = len(weights)
    onnx_bytes = graph(
        [helper.make_node("MatMul", ["features", "weights"], ["value"])],
        [tensor("features", "FP32", ["n", features])],
        [tensor("value", "FP32", ["n", 1])],
        {"weights": weights},
    )
    return write(
        folder,
        "tabular_regression",
        onnx_bytes,
        [TensorSpec("features", "FP32", (-1, features))],
        [TensorSpec("value", "FP32", (-1, 1))],
        {"features": [{"name": f"f{index}"} for index in range(features)], "target": {}},
    )


def brightness(folder: Path, channels: int = 1) -> Path:
    """Images; `bright` with the mean brightness of all pixels as its probability."""
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Div", ["column", "white"], ["bright"]),
        helper.make_node("Sub", ["one", "bright"], ["dark"]),
        helper.make_node("Concat", ["dark", "bright"], ["probabilities"], axis=1),
    ]
    onnx_bytes = graph(
        nodes,
        [tensor("image", "UINT8", ["n", "h", "w", channels])],
        [tensor("probabilities", "FP32", ["n", 2])],
        {
            "axes": np.array([1, 2, 3], dtype=np.int64),
            "last": np.array([1], dtype=np.int64),
            "white": np.array(255, dtype=np.float32),
            "one": np.array(1, dtype=np.float32),
        },
    )
    return write(
        folder,
        "image_classification",
        onnx_bytes,
        [TensorSpec("image", "UINT8", (-1, -1, -1, channels))],
        [TensorSpec("probabilities", "FP32", (-1, 2))],
        {"labels": ["dark", "bright"], "image": {"channels": channels}},
    )


def identity(folder: Path, datatype: str, name: str = "x") -> Path:
    """A tensors model that gives back its input of shape (n, 2) as `y`."""
    onnx_bytes = graph(
        [helper.make_node("Identity", [name], ["y"])],
        [tensor(name, datatype, ["n", 2])],
        [tensor("y", datatype, ["n", 2])],
    )
    spec = (-1, 2)
    return write(
        folder,
        "tensors",
        onnx_bytes,
        [TensorSpec(name, datatype, spec)],
        [TensorSpec("y", datatype, spec)],
    )


def endless(folder: Path) -> Path:
    """A tensors model whose loop goes on for as long as its input `n` says."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["still_going"]),
            helper.make_node("Add", ["total", "one"], ["next_total"]),
        ],
        "body",
        [
            tensor("step", "INT64", []),
            tensor("going", "BOOL", []),
            tensor("total", "INT64", [1]),
        ],
        [tensor("still_going", "BOOL", []), tensor("next_total", "INT64", [1])],
    )
    nodes = [
        helper.make_node("Squeeze", ["n"], ["steps"]),
        helper.make_node("Loop", ["steps", "", "zero"], ["total"], body=body),
    ]
    onnx_bytes = graph(
        nodes,
        [tensor("n", "INT64", [1])],
        [tensor("total", "INT64", [1])],
        {"one": np.array([1], dtype=np.int64), "zero": np.array([0], dtype=np.int64)},
    )
    return write(
        folder,
        "tensors",
        onnx_bytes,
        [TensorSpec("n", "INT64", (1,))],
        [TensorSpec("total", "INT64", (1,))],
    )


def greedy(folder: Path) -> Path:
    """A tensors model that fills as many numbers as its input `n` says."""
    nodes = [
        helper.make_node("ConstantOfShape", ["n"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["total"], keepdims=0),
    ]
    onnx_bytes = graph(nodes, [tensor("n", "INT64", [1])], [tensor("total", "FP32", [])])
    return write(
        folder,
        "tensors",
        onnx_bytes,
        [TensorSpec("n", "INT64", (1,))],
        [TensorSpec("total", "FP32", ())],
    )


def picky(folder: Path) -> Path:
    """A tensors model that says it takes any length, and takes only even ones."""
    onnx_bytes = graph(
        [helper.make_node("Reshape", ["x", "pairs"], ["y"])],
        [tensor("x", "FP32", ["n"])],
        [tensor("y", "FP32", ["m", 2])],
        {"pairs": np.array([-1, 2], dtype=np.int64)},
    )
    return write(
        folder,
        "tensors",
        onnx_bytes,
        [TensorSpec("x", "FP32", (-1,))],
        [TensorSpec("y", "FP32", (-1, 2))],
    )


def word_tokenizer() -> bytes:
    """A tokenizer.json that knows five words, and bakes in padding and truncation of its own."""
    words = {"[pad]": 0, "[unk]": 1, "good": 2, "bad": 3, "花": 4}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[unk]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.enable_padding(length=99)
    tokenizer.enable_truncation(max_length=2)
    return tokenizer.to_str().encode()


def byte_tokenizer() -> bytes:
    """A tokenizer.json whose tokens are the bytes of a text, "a" and "b" and others."""
    words = {"[pad]": 0, "[unk]": 1, "a": 2, "b": 3}
    tokenizer = Tokenizer(BPE(words, [], unk_token="[unk]"))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    return tokenizer.to_str().encode()


TOKEN_WEIGHTS = np.array([[0, 0], [0, 0], [0, 1], [1, 0], [0, 2]], dtype=np.float32)


def sentiment(
    folder: Path,
    with_lengths: bool = False,
    tokenizer: bytes | None = None,
    limits: JsonObject | None = None,
) -> Path:
    """Texts; the logits are the sums of the real tokens' weights, `good` against `bad`."""
    mask = "lengths" if with_lengths else "attention_mask"
    nodes = [
        helper.make_node("Gather", ["weights", "input_ids"], ["each"]),
        helper.make_node("ReduceSum", ["each", "axis"], ["sums"], keepdims=0),
        helper.make_node("Cast", [mask], ["as_float"], to=TensorProto.FLOAT),
        helper.make_node(
            "ReduceSum", ["as_float", "rest"], ["counts"], keepdims=0, noop_with_empty_axes=1
        ),
        helper.make_node("Mul", ["counts", "nothing"], ["zero"]),
        helper.make_node("Unsqueeze", ["zero", "axis"], ["column"]),
        helper.make_node("Add", ["sums", "column"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    second = ["n"] if with_lengths else ["n", "t"]
    onnx_bytes = graph(
        nodes,
        [tensor("input_ids", "INT64", ["n", "t"]), tensor(mask, "INT64", second)],
        [tensor("probabilities", "FP32", ["n", 2])],
        {
            "weights": TOKEN_WEIGHTS,
            "axis": np.array([1], dtype=np.int64),
            "rest": np.array([] if with_lengths else [1], dtype=np.int64),
            "nothing": np.array(0, dtype=np.float32),
        },
    )
    return write(
        folder,
        "text_classification",
        onnx_bytes,
        [
            TensorSpec("input_ids", "INT64", (-1, -1)),
            TensorSpec(mask, "INT64", (-1,) if with_lengths else (-1, -1)),
        ],
        [TensorSpec("probabilities", "FP32", (-1, 2))],
        {"labels": ["bad", "good"], "text": {"max_tokens": 4}},
        limits,
        extra={"tokenizer.json": word_tokenizer() if tokenizer is None else tokenizer},
    )


def token_counts(folder: Path) -> Path:
    """An embedding that is the text's ids, padded with 7 to the batch's longest."""
    onnx_bytes = graph(
        [helper.make_node("Cast", ["input_ids"], ["embedding"], to=TensorProto.FLOAT)],
        [tensor("input_ids", "INT64", ["n", "t"])],
        [tensor("embedding", "FP32", ["n", "t"])],
    )
    return write(
        folder,
        "embedding",
        onnx_bytes,
        [TensorSpec("input_ids", "INT64", (-1, -1))],
        [TensorSpec("embedding", "FP32", (-1, -1))],
        {"text": {"max_tokens": 4, "pad_id": 7}},
        extra={"tokenizer.json": word_tokenizer()},
    )


def directions(folder: Path) -> Path:
    """An embedding of three dimensions: how often `good`, `bad`, `花` is in a text, to length 1."""
    nodes = [
        helper.make_node("Gather", ["axes", "input_ids"], ["each"]),
        helper.make_node("ReduceSum", ["each", "tokens"], ["sums"], keepdims=0),
        helper.make_node("LpNormalization", ["sums"], ["embedding"], axis=1, p=2),
    ]
    onnx_bytes = graph(
        nodes,
        [tensor("input_ids", "INT64", ["n", "t"])],
        [tensor("embedding", "FP32", ["n", 3])],
        {
            "axes": np.eye(3, 5, k=2, dtype=np.float32).T.copy(),
            "tokens": np.array([1], dtype=np.int64),
        },
    )
    return write(
        folder,
        "embedding",
        onnx_bytes,
        [TensorSpec("input_ids", "INT64", (-1, -1))],
        [TensorSpec("embedding", "FP32", (-1, 3))],
        {"text": {"max_tokens": 4}},
        extra={"tokenizer.json": word_tokenizer()},
    )


def loudness(folder: Path, seconds: float = 0) -> Path:
    """Recordings at 8 kHz; `loud` with the mean of the squared samples as its probability."""
    nodes = [
        helper.make_node("ReduceSumSquare", ["waveform", "axis"], ["power"], keepdims=1),
        helper.make_node("Shape", ["waveform"], ["length"], start=1),
        helper.make_node("Cast", ["length"], ["samples"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["power", "samples"], ["loud"]),
        helper.make_node("Sub", ["one", "loud"], ["quiet"]),
        helper.make_node("Concat", ["quiet", "loud"], ["probabilities"], axis=1),
    ]
    onnx_bytes = graph(
        nodes,
        [tensor("waveform", "FP32", ["n", "t"])],
        [tensor("probabilities", "FP32", ["n", 2])],
        {"axis": np.array([1], dtype=np.int64), "one": np.array(1, dtype=np.float32)},
    )
    return write(
        folder,
        "audio_classification",
        onnx_bytes,
        [TensorSpec("waveform", "FP32", (-1, -1))],
        [TensorSpec("probabilities", "FP32", (-1, 2))],
        {"labels": ["quiet", "loud"], "audio": {"sample_rate": 8000, "seconds": seconds}},
    )


def persistence(
    folder: Path,
    covariate: bool = False,
    name: str = "holiday",
    limits: JsonObject | None = None,
) -> Path:
    """Two series of three hours; two hours on, each is its last value (plus the covariate)."""
    nodes = [
        helper.make_node("Slice", ["context", "last", "end", "time"], ["latest"]),
        helper.make_node("Tile", ["latest", "twice"], ["flat"]),
        helper.make_node("Add", ["flat", "future" if covariate else "zeros"], ["mean"]),
        helper.make_node("Unsqueeze", ["mean", "deepest"], ["centre"]),
        helper.make_node("Add", ["centre", "spread"], ["quantiles"]),
    ]
    inputs = [tensor("context", "FP32", ["n", 3, 2])]
    specs = [TensorSpec("context", "FP32", (-1, 3, 2))]
    if covariate:
        inputs.append(tensor("future", "FP32", ["n", 2, 1]))
        specs.append(TensorSpec("future", "FP32", (-1, 2, 1)))
    onnx_bytes = graph(
        nodes,
        inputs,
        [tensor("mean", "FP32", ["n", 2, 2]), tensor("quantiles", "FP32", ["n", 2, 2, 2])],
        {
            "last": np.array([-1], dtype=np.int64),
            "end": np.array([9], dtype=np.int64),
            "time": np.array([1], dtype=np.int64),
            "twice": np.array([1, 2, 1], dtype=np.int64),
            "zeros": np.zeros((1, 2, 1), dtype=np.float32),
            "deepest": np.array([3], dtype=np.int64),
            "spread": np.array([-1, 1], dtype=np.float32),
        },
    )
    return write(
        folder,
        "forecasting",
        onnx_bytes,
        specs,
        [
            TensorSpec("mean", "FP32", (-1, 2, 2)),
            TensorSpec("quantiles", "FP32", (-1, 2, 2, 2)),
        ],
        {
            "series": [{"name": "load"}, {"name": "heat"}],
            "covariates": [{"name": name}] if covariate else [],
            "frequency": "1h",
            "context": 3,
            "horizon": 2,
            "quantiles": [0.1, 0.9],
        },
        limits,
    )
