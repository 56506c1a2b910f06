"""What the engine is asked in its own process, and the bare way to the same answer."""

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import numpy as np

from serving import fetch, hooks, lock
from serving.handler import Handler
from serving.manifest import EXAMPLES
from serving.prices import Meter
from serving.routes import Router
from serving.service import Service
from serving.telemetry import Telemetry
from tests.bench.engine import ROOT, Group, Step

# Built by `flotilla build`, or by whoever runs this.
PACKAGES = ROOT / "build" / "local" / "functions"
ROW = [5.1, 3.5, 1.4, 0.2]
TEXT = "The committee will publish its report on the harvest of last year before the end of May."
CONTEXT = SimpleNamespace(
    aws_request_id="bench",
    function_name="bench",
    memory_limit_in_mb="1024",
    invoked_function_arn="arn",
    get_remaining_time_in_millis=lambda: 28_000,
)


def groups() -> Iterator[Group]:
    """One after the other, so that only one model is loaded; those not built here are left out."""
    for model, build in _GROUPS.items():
        if (PACKAGES / model).is_dir():
            yield from build(Asked(model))


class Asked:
    """A packaged model with its handler; `run` is its session, bare: both use the same weights."""

    def __init__(self, model: str) -> None:
        package = PACKAGES / model
        locked = lock.read(package)
        self.folder = package / fetch.PACKAGED
        self.service = Service.load(
            self.folder,
            digest=locked.served,
            hooks=hooks.load(package),
            memory_mb=1024,
            tuning=locked.tuning,
        )
        self.name = self.service.name
        trace = "Root=1-0;Parent=0;Sampled=0"
        self.telemetry = Telemetry(self.name, "Bench", trace_id=lambda: trace)
        meter = Meter(1024, "x86_64")
        self.handler = Handler(Router(self.service), self.telemetry, meter, _no_uploads, _no_job)
        self._session = self.service.session._session
        self._outputs = [tensor.name for tensor in self.service.manifest.outputs]

    def run(self, tensors: dict[str, np.ndarray]) -> None:
        """Runs the graph, and nothing else."""
        self._session.run(self._outputs, tensors, None)

    def examples(self) -> list[dict[str, Any]]:
        """The artifact's own requests."""
        found: list[dict[str, Any]] = json.loads(self.service.artifact.read(EXAMPLES))["examples"]
        return found

    def example(self, example: dict[str, Any]) -> Step:
        """Asks one of them."""
        headers = {"Content-Type": example["media_type"]}
        if "body_base64" in example:
            body: bytes | str = base64.b64decode(example["body_base64"])
        else:
            body = (
                example["body"] if isinstance(example["body"], str) else json.dumps(example["body"])
            )
        return self._ask(example["operation"], body, headers)

    def native(self, instances: Any, status: int = 200) -> Step:
        """Asks the native protocol in JSON; `status` is what it is answered with."""
        return self._ask("predict", json.dumps({"instances": instances}), status=status)

    def raw(self, body: bytes, media_type: str) -> Step:
        """Asks the native protocol with a file."""
        return self._ask("predict", body, {"Content-Type": media_type})

    def infer(self, tensors: dict[str, np.ndarray]) -> Step:
        """Asks the Open Inference Protocol in JSON."""
        described = [
            {**_described(self.service, name, array), "data": array.reshape(-1).tolist()}
            for name, array in tensors.items()
        ]
        return self._ask("infer", json.dumps({"inputs": described}))

    def infer_binary(self, tensors: dict[str, np.ndarray]) -> Step:
        """Asks the Open Inference Protocol with binary tensors, there and back."""
        buffers = [array.tobytes() for array in tensors.values()]
        inputs = [
            {**_described(self.service, name, array), "parameters": {"binary_data_size": len(raw)}}
            for (name, array), raw in zip(tensors.items(), buffers, strict=True)
        ]
        document = {"inputs": inputs, "parameters": {"binary_data_output": True}}
        header = json.dumps(document).encode()
        length = {"Inference-Header-Content-Length": str(len(header))}
        return self._ask("infer", header + b"".join(buffers), length)

    def _ask(
        self,
        verb: str,
        body: bytes | str,
        headers: dict[str, str] | None = None,
        status: int = 200,
    ) -> Step:
        version = "v2" if verb == "infer" else "v1"
        event = {
            "httpMethod": "POST",
            "path": f"/{version}/models/{self.name}/{verb}",
            "headers": headers or {"Content-Type": "application/json"},
            "body": body if isinstance(body, str) else base64.b64encode(body).decode(),
            "isBase64Encoded": not isinstance(body, str),
        }
        if self.handler(event, CONTEXT)["statusCode"] != status:
            raise SystemExit(f"{self.name} does not answer {verb} with {status}")
        return partial(self.handler, event, CONTEXT)


def _iris(asked: Asked) -> Iterator[Group]:
    one, many = np.array([ROW], dtype=np.float32), np.array([ROW] * 32, dtype=np.float32)
    path = f"/v1/models/{asked.name}/predict"
    recorded = partial(asked.telemetry.record, CONTEXT, "http", path, 200, 0.0)
    yield Group("log line and metrics", _nothing, {"of them": (recorded, 15)})
    ways = {
        "native": (asked.native([ROW]), 60),
        "Open Inference": (asked.infer({"features": one}), 80),
    }
    yield Group("one row: session.run", partial(asked.run, {"features": one}), ways)
    ways = {
        "native": (asked.native([ROW] * 32), 200),
        "Open Inference": (asked.infer({"features": many}), 150),
    }
    yield Group("32 rows: session.run", partial(asked.run, {"features": many}), ways)


def _digits(asked: Asked) -> Iterator[Group]:
    from PIL import Image

    example = next(each for each in asked.examples() if "body_base64" in each)
    file = base64.b64decode(example["body_base64"])
    [tensor] = asked.service.manifest.inputs

    def bare() -> None:
        pixels = np.asarray(Image.open(BytesIO(file)).convert("L"), dtype=np.uint8)
        asked.run({tensor.name: pixels[None, :, :, None]})

    ways = {"native, the file": (asked.raw(file, example["media_type"]), 150)}
    yield Group("an image: decode, session.run", bare, ways)


def _long_text(asked: Asked) -> Iterator[Group]:
    bare, tokens = _encoder(asked)
    text = TEXT
    while tokens(text) < 512:
        text += " harvest"
    yield Group(
        "512 tokens: tokenise, session.run", bare([text]), {"native": (asked.native([text]), 200)}
    )


def _minilm(asked: Asked) -> Iterator[Group]:
    bare, _ = _encoder(asked)
    yield Group(
        "18 tokens: tokenise, session.run", bare([TEXT]), {"native": (asked.native([TEXT]), 200)}
    )
    texts = [f"{TEXT} {number}" for number in range(128)]
    ids = asked.service.task.decode(texts)
    tensors = {tensor.name: ids[tensor.name] for tensor in asked.service.manifest.inputs}
    ways = {
        "native": (asked.native(texts), 1.1),
        "Open Inference, binary": (asked.infer_binary(tensors), 1.1),
    }
    yield Group("128 texts: tokenise, session.run", bare(texts), ways, "ratio")


def _encoder(asked: Asked) -> tuple[Callable[[list[str]], Step], Callable[[str], int]]:
    """The bare way from texts to an answer, and how many tokens a text has."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(asked.folder / "tokenizer.json"))
    names = {tensor.name for tensor in asked.service.manifest.inputs}
    tokenizer.enable_padding()
    tokenizer.enable_truncation(512)

    def answer(texts: list[str]) -> None:
        encodings = tokenizer.encode_batch(texts)
        ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
        tensors = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(ids),
            "lengths": mask.sum(axis=1),
        }
        asked.run({name: tensors[name] for name in names})

    return lambda texts: partial(answer, texts), lambda text: len(tokenizer.encode(text).ids)


def _described(service: Service, name: str, array: np.ndarray) -> dict[str, Any]:
    datatypes = {tensor.name: tensor.datatype for tensor in service.manifest.inputs}
    return {"name": name, "shape": list(array.shape), "datatype": datatypes[name]}


def _nothing() -> None:
    pass


def _no_uploads() -> None:
    raise AssertionError("the bench has no uploads")


def _no_job(_: object) -> dict[str, object]:
    raise AssertionError("the bench has no jobs")


_GROUPS = {"iris": _iris, "digits": _digits, "imdb": _long_text, "minilm": _minilm}
