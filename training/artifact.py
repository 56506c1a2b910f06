"""Write an artifact: a model's files and the manifest that names them.

The same draft always gives the same bytes, so the same digest: nothing in it is dated.  A folder is
written beside the old one, verified as serving would, and only then put in its place.
"""

import json
import shutil
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from serving import artifact as artifacts
from serving import manifest as manifests
from serving.artifact import Artifact
from serving.manifest import FileEntry, Manifest
from serving.types import Json, JsonObject
from training import evaluate, split
from training.datasets.dataset import Source
from training.door import Asked
from training.evaluate import Figures
from training.parity import Parity
from training.release import graphs
from training.split import Split

NAME = "artifact"
VARIANT = "fp32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """How a model was trained: enough to do it again and to judge it.

    `drawn` says where the split comes from when it is not one of `training.split`; `asked` what is
    asked of the written artifact over HTTP; `notes` are what only this model has to say: its
    hyperparameters, its figure on other splits.
    """

    source: Source
    rows: Split
    framework: str
    method: str
    seed: int
    parity: Parity
    drawn: str = ""
    asked: Asked | None = None
    notes: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a task wants to know of a model, how good it is, and how it answers.

    `files` are those that only some tasks need, by name: a tokenizer.
    """

    task: str
    details: JsonObject
    figures: Figures
    examples: list[JsonObject]
    baseline: JsonObject
    files: dict[str, bytes] = field(default_factory=dict)
    limits: JsonObject = field(default_factory=dict)
    variant: str = VARIANT


def write(folder: Path, model: str, graph: bytes, contents: Contents, lesson: Lesson) -> Artifact:
    """Write `artifact/` below a model's training folder, in place of what is there.

    Raises ArtifactError when serving would refuse it.
    """
    files = {
        manifests.GRAPH: graph,
        manifests.EXAMPLES: _json({"examples": contents.examples}),
        manifests.BASELINE: _json(contents.baseline),
        **contents.files,
    }
    files[manifests.NAME] = manifests.render(_manifest(model, files, contents, lesson))
    return put(folder / NAME, files)


def put(folder: Path, files: dict[str, bytes]) -> Artifact:
    """Put an artifact of these files, manifest and all, where another may be.

    Two renames: a reader meets the old artifact, none for an instant, or the new one.

    Raises ArtifactError when serving would refuse it, and then leaves the old one.
    """
    fresh, old = (folder.with_name(f".{folder.name}.{word}") for word in ("new", "old"))
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, content in files.items():
        (fresh / name).write_bytes(content)
    artifacts.load_whole(fresh)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return artifacts.load(folder)


def _manifest(model: str, files: dict[str, bytes], contents: Contents, lesson: Lesson) -> Manifest:
    inputs, outputs = graphs.signature(graphs.parse(files[manifests.GRAPH]))
    return Manifest(
        model=model,
        task=contents.task,
        variant=contents.variant,
        inputs=inputs,
        outputs=outputs,
        files={
            name: FileEntry(sha256(content).hexdigest(), len(content))
            for name, content in files.items()
        },
        details=contents.details,
        limits=contents.limits,
        metrics=evaluate.values(contents.figures),
        training=_record(lesson, contents.figures),
    )


def _record(lesson: Lesson, figures: Figures) -> JsonObject:
    return {
        "framework": lesson.framework,
        "method": lesson.method,
        "seed": lesson.seed,
        "data": lesson.source.title,
        "licence": lesson.source.licence,
        "citation": lesson.source.citation,
        "url": lesson.source.url,
        "split": {
            **({"drawn": lesson.drawn} if lesson.drawn else {"seed": split.SEED}),
            "train_rows": len(lesson.rows.train),
            "held_out_rows": len(lesson.rows.held_out),
        },
        "intervals_95": evaluate.intervals(figures),
        "parity": lesson.parity.record(),
        **({"door": asdict(lesson.asked)} if lesson.asked else {}),
        **lesson.notes,
    }


def _json(document: Json) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
