"""Variants beside the default one: further graphs of an artifact, which callers may pick.

Nothing is trained here.  The artifact keeps its default graph, examples and metrics; every other
variant comes with its figures on the same held-out rows, as the model's ladder has them.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from serving import artifact as artifacts
from serving import manifest as manifests
from serving.artifact import Artifact
from serving.manifest import FileEntry, Manifest, Variant
from training import artifact
from training.networks import ladder
from training.release import graphs
from training.release.graphs import GraphError


class VariantError(Exception):
    """A graph may not be a variant of this model; the artifact is as it was."""


def ship(folder: Path, home: Path, others: Mapping[str, bytes]) -> Artifact:
    """Put graphs into the artifact below `folder`, in place of its other variants.

    What is said of them comes from the ladder in `home`, the model's training folder.

    Raises VariantError for one that the ladder has not or does not let pass, or that has other
    inputs or outputs than the default.
    """
    held = artifacts.load_whole(folder / artifact.NAME)
    kept = held.manifest
    stale = {variant.file for variant in kept.variants.values()} - {manifests.GRAPH}
    files = {name: held.read(name) for name in kept.files if name not in stale}
    for name, graph in others.items():
        _require_fit(kept, name, graph)
        files[_file(name)] = graph
    manifest = replace(
        kept,
        files={
            name: FileEntry(sha256(content).hexdigest(), len(content))
            for name, content in files.items()
        },
        variants=_measured(home, kept, [kept.variant, *others]) if others else {},
    )
    files[manifests.NAME] = manifests.render(manifest)
    return artifact.put(folder / artifact.NAME, files)


def _require_fit(manifest: Manifest, name: str, graph: bytes) -> None:
    if name == manifest.variant:
        raise VariantError(f"variant '{name}' is the default one already")
    try:
        found = graphs.signature(graphs.parse(graph))
    except GraphError as error:
        raise VariantError(f"variant '{name}': {error}") from None
    if found != (manifest.inputs, manifest.outputs):
        raise VariantError(
            f"variant '{name}' has inputs and outputs {found}, "
            f"expected {(manifest.inputs, manifest.outputs)}"
        )


def _measured(home: Path, manifest: Manifest, names: list[str]) -> dict[str, Variant]:
    measured = ladder.read(home)
    passing = {rung.variant: rung for rung in measured.passing}
    for name in names:
        if name not in passing:
            raise VariantError(f"variant '{name}' is not among those that pass: {list(passing)}")
    return {
        name: Variant(
            manifests.GRAPH if name == manifest.variant else _file(name),
            {measured.score: passing[name].score},
            passing[name].one_ms,
        )
        for name in names
    }


def _file(variant: str) -> str:
    return f"model.{variant}.onnx"
