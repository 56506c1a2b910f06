"""The model card of an adopted graph: what its file says, and a place for what it does not."""

from collections.abc import Sequence

from serving.manifest import GRAPH, Manifest, TensorSpec


def render(manifest: Manifest, memory_mb: int, guessed: bool) -> str:
    """The card in Markdown; `guessed` is whether nobody said how much memory there should be."""
    training = manifest.training
    opsets = ", ".join(f"{domain} {version}" for domain, version in training["opsets"].items())
    size = manifest.files[GRAPH].size_bytes
    return f"""# {manifest.model}

The ONNX file `{training["source"]}`, served as it was given, over the Open Inference Protocol.

## Tensors

{_table("input", manifest.inputs)}

{_table("output", manifest.outputs)}

-1 is a free dimension.
`artifact/examples.json` holds bodies for `POST /v2/models/{manifest.model}/infer`.

## Origin

| what | value |
| --- | --- |
| made by | {training["framework"]} |
| SHA-256 of the file | `{training["source_sha256"]}` |
| size | {size:,} bytes, {training["nodes"]} nodes |
| operators of | {opsets} |
| memory of the function | {memory_mb} MB{", guessed from the size" if guessed else ""} |

## Data and licence

The file does not say what the model was trained on, how good it is on data it has not seen, or
under which licence it may be used.

## Limits

- The examples are seeded numbers with the graph's own answers.
  They show that it answers as it did when it came, and not that it is right.
- The baseline is empty, for the data that it was trained on are not known; so drift cannot be seen.
"""


def _table(kind: str, tensors: Sequence[TensorSpec]) -> str:
    rows = [f"| `{tensor.name}` | {tensor.datatype} | {list(tensor.shape)} |" for tensor in tensors]
    return "\n".join([f"| {kind} | datatype | shape |", "| --- | --- | --- |", *rows])
