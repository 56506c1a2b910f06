"""Adopt somebody's ONNX file: make an artifact of a graph and nothing else.

What the graph says is read first; then it is loaded, and asked seeded questions, in a sandbox.  Its
answers become the artifact's examples, so that from now on it has to answer the same.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from infra import questions
from serving import manifest
from serving.limits import MIB, Limits
from serving.manifest import BASELINE, EXAMPLES, GRAPH, FileEntry, Manifest
from serving.types import Json, JsonObject
from training.release import graphs, probe, sandbox, trial
from training.release.graphs import GraphError
from training.release.probe import Signature
from training.release.sandbox import SandboxError
from training.release.trial import Reply

TASK = "tensors"
LIMIT_S = 60.0
# Lambda's /tmp, to which an artifact is fetched that is too large for a package.
LARGEST_BYTES = 500 * MIB
# Lambda's limit of 6 MB for a response, less what its envelope takes.
LARGEST_ANSWER_BYTES = 5_900_000
# onnxruntime holds a graph several times while it loads it: the file, its tensors, repacked ones.
_COPIES_IN_MEMORY = 4
_SMALLEST_MEMORY_MB = 512
_SHOWN_PROBLEMS = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a graph is adopted: its model's two folders, and the memory its sandboxes get."""

    functions: Path
    artifact: Path
    memory_mb: int
    limit_s: float = LIMIT_S

    @property
    def model(self) -> str:
        """The model's name, taken from its folder."""
        return self.functions.name


def read(path: Path) -> bytes:
    """Read an ONNX file whose graph may be loaded.  Raises GraphError, naming what may not."""
    if not path.is_file():
        raise GraphError("there is no such file")
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise GraphError(f"it has {size // MIB} MB, expected at most {LARGEST_BYTES // MIB} MB")
    raw = path.read_bytes()
    model = graphs.parse(raw)
    problems = [
        *graphs.external_data_problems(model),
        *graphs.version_problems(model),
        *graphs.operator_problems(model),
    ]
    if problems:
        raise GraphError("; ".join(problems[:_SHOWN_PROBLEMS]))
    inputs, _ = graphs.signature(model)
    if not inputs:
        raise GraphError("it has no inputs, so there is nothing to ask it")
    return raw


def memory_for(raw: bytes) -> int:
    """How much memory a function needs that serves this graph, in MB and generously."""
    wanted = _SMALLEST_MEMORY_MB + _COPIES_IN_MEMORY * len(raw) // MIB
    return -(-wanted // 128) * 128 if len(raw) > MIB else _SMALLEST_MEMORY_MB


def write_artifact(place: Place, raw: bytes, source: str) -> Manifest:
    """Load and ask the graph, and write the artifact.  Raises GraphError when it does not answer.

    `source` is the name of the file that the graph came in.
    """
    place.artifact.mkdir(parents=True)
    (place.artifact / GRAPH).write_bytes(raw)
    try:
        signature = probe.signature(place.artifact / GRAPH, place.memory_mb, place.limit_s)
        draft = _Draft(place, raw, source, signature)
        return draft.write(_answered(draft))
    except SandboxError as error:
        raise GraphError(_with_hint(str(error), place.memory_mb)) from None


@dataclass(frozen=True, slots=True)
class _Draft:
    """An artifact that is rewritten with one question after the other until the graph answers."""

    place: Place
    raw: bytes
    source: str
    signature: Signature

    def write(self, examples: list[JsonObject]) -> Manifest:
        files = {
            GRAPH: self.raw,
            EXAMPLES: _json({"examples": examples}),
            BASELINE: _json({"features": {}}),
        }
        promised = Manifest(
            model=self.place.model,
            task=TASK,
            variant="as_given",
            inputs=self.signature.inputs,
            outputs=self.signature.outputs,
            files={
                name: FileEntry(sha256(content).hexdigest(), len(content))
                for name, content in files.items()
            },
            limits=_limits(self.signature),
            training=_record(self.raw, self.source),
        )
        for name, content in {**files, manifest.NAME: manifest.render(promised)}.items():
            (self.place.artifact / name).write_bytes(content)
        return promised

    def ask(self, examples: list[JsonObject]) -> list[Reply]:
        self.write(examples)
        place = self.place
        return trial.replies(place.artifact, place.functions, place.memory_mb, place.limit_s)


def _answered(draft: _Draft) -> list[JsonObject]:
    """The examples that the graph answers: one row, and two where it takes batches."""
    inputs = draft.signature.inputs
    for attempt in questions.attempts(inputs):
        examples = questions.examples(inputs, attempt)
        replies = draft.ask(examples)
        first = replies[0]
        if first.status == HTTPStatus.OK:
            return _with_answers(examples, replies)
        if first.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            break
    raise GraphError(f"it gives no answer: {_with_hint(first.error, draft.place.memory_mb)}")


def _with_answers(examples: list[JsonObject], replies: list[Reply]) -> list[JsonObject]:
    """The examples with an answer that a function may give; the first one must have one."""
    answered = []
    for example, reply in zip(examples, replies, strict=True):
        answer = {"outputs": reply.document.get("outputs")}
        size = len(json.dumps(answer))
        if reply.status == HTTPStatus.OK and size <= LARGEST_ANSWER_BYTES:
            answered.append({**example, "answer": answer})
        elif example is examples[0]:
            raise GraphError(
                f"its answer is {size} bytes of JSON, a function may answer {LARGEST_ANSWER_BYTES}"
            )
    return answered


def _with_hint(reason: str, memory_mb: int) -> str:
    if sandbox.is_out_of_memory(reason):
        return f"{reason}; it had {memory_mb} MB, --memory-mb gives it more"
    return reason


def _limits(signature: Signature) -> JsonObject:
    """A fixed first axis is no batch, so it may be longer than one."""
    longest = max((tensor.shape[0] for tensor in signature.inputs if tensor.shape), default=0)
    return {"batch": longest} if longest > Limits().batch else {}


def _record(raw: bytes, source: str) -> JsonObject:
    model = graphs.parse(raw)
    framework = f"{model.producer_name} {model.producer_version}".strip()
    return {
        "framework": framework or "not stated in the file",
        "source": source,
        "source_sha256": sha256(raw).hexdigest(),
        "ir_version": model.ir_version,
        "opsets": {opset.domain or "ai.onnx": opset.version for opset in model.opset_import},
        "nodes": len(model.graph.node),
    }


def _json(document: Json) -> bytes:
    return (json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n").encode()
