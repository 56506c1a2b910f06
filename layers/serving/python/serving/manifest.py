"""The manifest: what an artifact promises about itself.

A manifest names every other file of its artifact with size and SHA-256, so the SHA-256 of
`manifest.json` names the whole artifact.
"""

import json
from dataclasses import dataclass, field

from serving import digests
from serving.datatypes import NUMPY
from serving.errors import ArtifactError
from serving.types import Json, JsonObject

SCHEMA = 1
NAME = "manifest.json"
GRAPH = "model.onnx"
EXAMPLES = "examples.json"
BASELINE = "baseline.json"
WEIGHTS = "model.weights"


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A graph input or output; -1 stands for a free dimension, the first one is the batch."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the artifact: hexadecimal SHA-256 and size."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several graphs: its file, its held-out metrics, its median time for one row."""

    file: str
    metrics: dict[str, float]
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Compiled:
    """Says that an artifact is the compiled form of the one of digest `source`.

    Its `model.onnx` is optimised by this version of onnxruntime, and keeps its large constants in
    `model.weights`.
    """

    source: str
    onnxruntime: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The parsed `manifest.json`.

    `variant` names the graph in `model.onnx`, which answers unless a request picks another of
    `variants`; where there is no other, `variants` is empty.
    `details` belongs to the task (labels, features, units): the task's `build` checks it.
    `metrics` maps a metric's name to its value on held-out data; `training` says how it was made.
    """

    model: str
    task: str
    variant: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    files: dict[str, FileEntry]
    details: JsonObject = field(default_factory=dict)
    limits: JsonObject = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    training: JsonObject = field(default_factory=dict)
    variants: dict[str, Variant] = field(default_factory=dict)
    compiled: Compiled | None = None

    @property
    def graphs(self) -> dict[str, str]:
        """The file of each variant's graph, the default's first."""
        others = {name: variant.file for name, variant in self.variants.items()}
        return {self.variant: GRAPH} | others


def parse(raw: bytes) -> Manifest:
    """Read `manifest.json`.  Raises ArtifactError naming the key that is missing or wrong."""
    try:
        document = json.loads(raw)
    except ValueError as error:
        raise ArtifactError(f"{NAME} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ArtifactError(f"{NAME} is a {type(document).__name__}, expected an object")
    if document.get("schema") != SCHEMA:
        raise ArtifactError(f"{NAME} has schema {document.get('schema')!r}, expected {SCHEMA}")
    files = _files(document)
    return Manifest(
        model=_take(document, "model", str),
        task=_take(document, "task", str),
        variant=_take(document, "variant", str),
        inputs=_tensors(document, "inputs"),
        outputs=_tensors(document, "outputs"),
        files=files,
        details=_take(document, "details", dict),
        limits=_take(document, "limits", dict),
        metrics=_take(document, "metrics", dict),
        training=_take(document, "training", dict),
        variants=_variants(document, files),
        compiled=_compiled(document, files),
    )


def render(manifest: Manifest) -> bytes:
    """Write a manifest; the same manifest always gives the same bytes, so the same digest."""
    document = {
        "schema": SCHEMA,
        "model": manifest.model,
        "task": manifest.task,
        "variant": manifest.variant,
        **_variants_json(manifest),
        **_compiled_json(manifest),
        "inputs": [_tensor_json(tensor) for tensor in manifest.inputs],
        "outputs": [_tensor_json(tensor) for tensor in manifest.outputs],
        "files": {
            name: {"sha256": entry.sha256, "size_bytes": entry.size_bytes}
            for name, entry in sorted(manifest.files.items())
        },
        "details": manifest.details,
        "limits": manifest.limits,
        "metrics": manifest.metrics,
        "training": manifest.training,
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def digest(raw: bytes) -> str:
    """The digest that names an artifact: SHA-256 of its manifest, hexadecimal."""
    return digests.sha256(raw)


def _take(document: Json, key: str, kind: type) -> Json:
    if not isinstance(document, dict):
        raise ArtifactError(f"{NAME}: {document!r} has no '{key}', expected an object")
    value = document.get(key)
    if not isinstance(value, kind):
        was = "missing" if key not in document else f"a {type(value).__name__}"
        raise ArtifactError(f"{NAME}: '{key}' is {was}, expected a {kind.__name__}")
    return value


def _tensors(document: JsonObject, key: str) -> tuple[TensorSpec, ...]:
    return tuple(map(_tensor, _take(document, key, list)))


def _tensor(entry: Json) -> TensorSpec:
    datatype = _take(entry, "datatype", str)
    if datatype not in NUMPY:
        raise ArtifactError(f"{NAME}: datatype {datatype!r}, expected one of {sorted(NUMPY)}")
    shape = _take(entry, "shape", list)
    if not all(isinstance(size, int) and size >= -1 for size in shape):
        raise ArtifactError(f"{NAME}: shape {shape!r}, expected whole numbers of at least -1")
    return TensorSpec(_take(entry, "name", str), datatype, tuple(shape))


def _tensor_json(tensor: TensorSpec) -> JsonObject:
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}


def _files(document: JsonObject) -> dict[str, FileEntry]:
    files = {
        name: FileEntry(_take(entry, "sha256", str), _take(entry, "size_bytes", int))
        for name, entry in _take(document, "files", dict).items()
    }
    for name in files:
        if name == NAME or "/" in name or "\\" in name or name.startswith("."):
            raise ArtifactError(f"{NAME}: file {name!r}, expected a plain name beside it")
    if GRAPH not in files:
        raise ArtifactError(f"{NAME}: 'files' has no {GRAPH}")
    return files


def _variants(document: JsonObject, files: dict[str, FileEntry]) -> dict[str, Variant]:
    if "variants" not in document:
        return {}
    default = document["variant"]
    variants = {
        name: Variant(
            _take(entry, "file", str),
            _take(entry, "metrics", dict),
            _take(entry, "latency_ms", float),
        )
        for name, entry in _take(document, "variants", dict).items()
    }
    for name, variant in variants.items():
        if variant.file not in files:
            raise ArtifactError(f"{NAME}: variant {name!r} is in {variant.file!r}, no such file")
        if (name == default) != (variant.file == GRAPH):
            raise ArtifactError(
                f"{NAME}: variant {name!r} is in {variant.file!r}, expected "
                f"{default!r} and no other in {GRAPH}"
            )
    if default not in variants:
        raise ArtifactError(f"{NAME}: 'variants' are {sorted(variants)}, expected {default!r} too")
    return variants


def _variants_json(manifest: Manifest) -> JsonObject:
    """Nothing for an artifact of one graph."""
    if not manifest.variants:
        return {}
    return {
        "variants": {
            name: {
                "file": variant.file,
                "metrics": variant.metrics,
                "latency_ms": variant.latency_ms,
            }
            for name, variant in manifest.variants.items()
        }
    }


def _compiled(document: JsonObject, files: dict[str, FileEntry]) -> Compiled | None:
    if "compiled" not in document:
        return None
    if WEIGHTS not in files:
        raise ArtifactError(f"{NAME}: 'files' has no {WEIGHTS}, though it is compiled")
    entry = _take(document, "compiled", dict)
    return Compiled(_take(entry, "source", str), _take(entry, "onnxruntime", str))


def _compiled_json(manifest: Manifest) -> JsonObject:
    if manifest.compiled is None:
        return {}
    source, version = manifest.compiled.source, manifest.compiled.onnxruntime
    return {"compiled": {"source": source, "onnxruntime": version}}
