"""What an artifact must pass before it is published.

The stages go from looking to running: what a graph says is read first, then native code loads it,
then it answers its own examples, the last two in a sandbox.  The first stage that fails is the last
one done, so a graph that is refused on sight is never run.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

from serving import artifact as artifacts
from serving.artifact import Artifact
from serving.errors import ArtifactError
from serving.folder import ModelFolder
from serving.lock import Lock
from serving.manifest import BASELINE, EXAMPLES, TensorSpec
from training.release import examples, graphs, metrics, probe, sandbox, trial
from training.release.graphs import GraphError
from training.release.sandbox import SandboxError

# For each of the two runs in the sandbox, all examples together.
LIMIT_S = 120.0

_SHOWN_DIFFERENCES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, whether it is as it must be, and what was seen."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of a check, in the order they were made."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether every finding is as it must be."""
        return all(finding.passed for finding in self.findings)

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The findings that are not."""
        return tuple(finding for finding in self.findings if not finding.passed)


def check(
    path: Path,
    folder: ModelFolder,
    current: Lock | None = None,
    tolerance: float = metrics.TOLERANCE,
    limit_s: float = LIMIT_S,
) -> Report:
    """Check the artifact in `path` for a model folder, against the version it is to follow.

    `limit_s` bounds each of the two runs in the sandbox, all examples together.
    """
    try:
        artifact = _load(path, folder)
    except ArtifactError as error:
        return Report((Finding("artifact", False, str(error)),))
    findings = [Finding("artifact", True, f"digest {artifact.digest}")]
    stages: list[Callable[[], list[Finding]]] = [
        lambda: _read_graphs(artifact),
        lambda: _load_graphs(artifact, folder, limit_s),
        lambda: _ask_examples(artifact, folder, limit_s),
        lambda: _ask_others(artifact, folder, limit_s),
        lambda: _compare_metrics(artifact, current, tolerance),
    ]
    for stage in stages:
        findings += stage()
        if not all(finding.passed for finding in findings):
            break
    return Report(tuple(findings))


def _load(path: Path, folder: ModelFolder) -> Artifact:
    artifact = artifacts.load_whole(path)
    manifest = artifact.manifest
    for what, found, expected in (
        ("model", manifest.model, folder.name),
        ("task", manifest.task, folder.task),
    ):
        if found != expected:
            raise ArtifactError(f"{path}: {what} is {found!r}, expected {expected!r}")
    for name in (EXAMPLES, BASELINE):
        if name not in manifest.files:
            raise ArtifactError(f"{path} has no {name}")
    examples.parse(artifact.read(EXAMPLES), manifest.model)
    return artifact


def _read_graphs(artifact: Artifact) -> list[Finding]:
    return [
        replace(finding, name=_of_variant(artifact, variant, finding.name))
        for variant in artifact.manifest.graphs
        for finding in _read_graph(artifact.graph(variant))
    ]


def _read_graph(graph: bytes) -> list[Finding]:
    try:
        model = graphs.parse(graph)
        signature = graphs.signature(model)
    except GraphError as error:
        return [Finding("graph", False, str(error))]
    return [
        Finding("graph", True, f"inputs {_names(signature[0])}, outputs {_names(signature[1])}"),
        _finding("versions", graphs.version_problems(model), "supported"),
        _finding("operators", graphs.operator_problems(model), "all allowed"),
        _finding("external data", graphs.external_data_problems(model), "none"),
    ]


def _load_graphs(artifact: Artifact, folder: ModelFolder, limit_s: float) -> list[Finding]:
    return [
        replace(finding, name=_of_variant(artifact, variant, finding.name))
        for variant, file in artifact.manifest.graphs.items()
        for finding in _load_graph(artifact, file, folder, limit_s)
    ]


def _load_graph(
    artifact: Artifact, file: str, folder: ModelFolder, limit_s: float
) -> list[Finding]:
    try:
        found = probe.signature(artifact.folder / file, folder.memory_mb, limit_s)
    except SandboxError as error:
        return [Finding("structure", False, _with_memory(str(error), folder))]
    manifest = artifact.manifest
    problems = [
        f"the graph has {what} {_described(real)}, its manifest says {_described(stated)}"
        for what, real, stated in (
            ("inputs", found.inputs, manifest.inputs),
            ("outputs", found.outputs, manifest.outputs),
        )
        if real != stated
    ]
    return [
        Finding("structure", True, "well-formed"),
        _finding("tensors", problems, "as in the manifest"),
    ]


def _ask_examples(artifact: Artifact, folder: ModelFolder, limit_s: float) -> list[Finding]:
    asked = examples.parse(artifact.read(EXAMPLES), artifact.manifest.model)
    try:
        replies = trial.replies(artifact.folder, folder.path, folder.memory_mb, limit_s)
    except SandboxError as error:
        return [Finding("examples", False, _with_memory(str(error), folder))]
    return [
        _finding(
            f"example {example.name}",
            [_with_memory(reply.error, folder)]
            if reply.status != HTTPStatus.OK
            else examples.differences(example.answer, reply.document),
            "comes true",
        )
        for example, reply in zip(asked, replies, strict=True)
    ]


def _ask_others(artifact: Artifact, folder: ModelFolder, limit_s: float) -> list[Finding]:
    """Every other variant must answer every example; how well, its figures say."""
    findings = []
    for variant in artifact.manifest.graphs:
        if variant == artifact.manifest.variant:
            continue
        try:
            replies = trial.replies(
                artifact.folder, folder.path, folder.memory_mb, limit_s, variant
            )
            problems = [
                f"{reply.name}: {_with_memory(reply.error, folder)}"
                for reply in replies
                if reply.status != HTTPStatus.OK
            ]
        except SandboxError as error:
            problems = [_with_memory(str(error), folder)]
        findings.append(_finding(f"{variant} examples", problems, "answered"))
    return findings


def _compare_metrics(artifact: Artifact, current: Lock | None, tolerance: float) -> list[Finding]:
    if current is None:
        return [Finding("metrics", True, "no version to compare with")]
    problems = metrics.worse(artifact.manifest.metrics, current, tolerance)
    return [_finding("metrics", problems, f"no worse than version {current.version}")]


def _of_variant(artifact: Artifact, variant: str, finding: str) -> str:
    return finding if variant == artifact.manifest.variant else f"{variant} {finding}"


def _with_memory(reason: str, folder: ModelFolder) -> str:
    if sandbox.is_out_of_memory(reason):
        return f"{reason} (memory_mb is {folder.memory_mb})"
    return reason


def _finding(name: str, problems: list[str], otherwise: str) -> Finding:
    if not problems:
        return Finding(name, True, otherwise)
    shown = "; ".join(problems[:_SHOWN_DIFFERENCES])
    more = len(problems) - _SHOWN_DIFFERENCES
    return Finding(name, False, f"{shown}; and {more} more" if more > 0 else shown)


def _names(tensors: tuple[TensorSpec, ...]) -> list[str]:
    return [tensor.name for tensor in tensors]


def _described(tensors: tuple[TensorSpec, ...]) -> str:
    described = [f"{tensor.name} {tensor.datatype} {list(tensor.shape)}" for tensor in tensors]
    return ", ".join(described) or "none"
