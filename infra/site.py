"""The package of the catalog: its modules, what it says of the models, and every page's files.

Rendering loads each model's task, so it is done only when something that it depends on has changed.
"""

import gzip
import importlib.metadata
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import serving
from infra import packing
from infra.exhibit import Exhibit
from infra.figures import billed_ms
from infra.packing import Contents, Plan
from infra.trim import PackageError
from serving import folder, lock
from serving.artifact import Artifact
from serving.folder import ModelFolder
from serving.lock import Lock
from serving.prices import Meter
from serving.types import JsonObject

# Model folder, lock and artifact of each model that is served.
Models = Sequence[tuple[ModelFolder, Lock, Artifact]]

_STATIC = "functions/catalog/static/"
_SWAGGER = "flask-openapi3-swagger"
_SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")
# Longer requests are left out of what the playground offers.
_LONGEST_BYTES = 40_000


def plan(service: Contents, models: Models) -> Plan:
    """The package of these modules and static files.  Raises PackageError without Swagger UI."""
    digest = sha256(packing.plan(service).inputs.encode())
    for model, _, _ in models:
        digest.update((model.path / folder.NAME).read_bytes())
        digest.update((model.path / lock.NAME).read_bytes())
    for source in _sources():
        digest.update(source.read_bytes())
    digest.update(_version(_SWAGGER).encode())
    return Plan(digest.hexdigest(), lambda: _render(service, models))


def describe(exhibit: Exhibit) -> JsonObject:
    """What `catalog.json` says of a model; latency and price are of one instance, about."""
    manifest = exhibit.artifact.manifest
    latency_ms = _latency_ms(exhibit)
    memory_mb = exhibit.folder.memory_mb
    billed = 1 if latency_ms is None else billed_ms(latency_ms, memory_mb)
    meter = Meter(memory_mb, exhibit.folder.architecture)
    return {
        "name": exhibit.name,
        "description": exhibit.folder.description,
        "task": exhibit.folder.task,
        "version": exhibit.version,
        "variant": manifest.variant,
        "variants": list(manifest.graphs),
        "digest": exhibit.lock.digest,
        "metrics": exhibit.lock.metrics,
        "size_bytes": exhibit.lock.size_bytes,
        "memory_mb": memory_mb,
        "latency_ms": latency_ms,
        "answer_usd": meter.answer_usd(billed, through_gateway=True),
        "media_types": list(exhibit.task.media_types),
        "limits": {name: getattr(exhibit.limits, name) for name in exhibit.limits.__slots__},
        "details": manifest.details,
        "instance_schema": exhibit.task.schema(),
    }


def _render(service: Contents, models: Models) -> Contents:
    from infra.openapi import document  # with what the tasks need, which only a new package needs

    exhibits = [Exhibit.of(*model) for model in models]
    version = _version("flotilla")
    catalog = {"version": version, "models": [describe(exhibit) for exhibit in exhibits]}
    static = {name.removeprefix(_STATIC): raw for name, raw in _raw(service, static=True).items()}
    static |= {f"assets/{name}": raw for name, raw in _swagger().items()}
    files = _addressed(static) | {
        "catalog.json": _json(catalog),
        "openapi.json": _json(document.render(exhibits, version)),
    }
    files |= {f"examples/{each.name}.json": _json(_examples(each)) for each in exhibits}
    packed = {f"{_STATIC}{name}.gz": gzip.compress(raw, mtime=0) for name, raw in files.items()}
    return {
        **_raw(service, static=False),
        **packed,
        "functions/catalog/catalog.json": _json(catalog),
    }


def _raw(service: Contents, *, static: bool) -> dict[str, bytes]:
    """The service's files that are served as they are, or the others."""
    return {
        name: content if isinstance(content, bytes) else content.read_bytes()
        for name, content in service.items()
        if name.startswith(_STATIC) == static
    }


def _addressed(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files with the assets moved below a digest of them all; pages name them without it."""
    assets = {name: raw for name, raw in files.items() if name.startswith("assets/")}
    digest = sha256()
    for name, raw in sorted(assets.items()):
        digest.update(f"{name} {len(raw)}\n".encode() + raw)
    below = f"assets/{digest.hexdigest()[:12]}/"
    moved = {below + name.removeprefix("assets/"): raw for name, raw in assets.items()}
    pages = {name: raw for name, raw in files.items() if name not in assets}
    return moved | {
        name: raw.replace(b'"assets/', f'"{below}'.encode()) for name, raw in pages.items()
    }


def _examples(exhibit: Exhibit) -> list[JsonObject]:
    """The requests in natural words, without their answers: the page asks for those."""
    kept = ("name", "media_type", "body", "body_base64")
    shown = (
        {key: example[key] for key in kept if key in example}
        for example in exhibit.examples
        if example["operation"] == "predict"
    )
    return [example for example in shown if len(_json(example)) <= _LONGEST_BYTES]


def _latency_ms(exhibit: Exhibit) -> float | None:
    """What the shipped variant took for one instance when its variants were measured."""
    if measured := exhibit.artifact.manifest.variants.get(exhibit.artifact.manifest.variant):
        return measured.latency_ms
    ladder = exhibit.artifact.manifest.training.get("tables", {}).get("Ladder", {})
    columns = ladder.get("columns", [])
    if "p50 of 1, ms" not in columns:
        return None
    rows = {row[0]: row[columns.index("p50 of 1, ms")] for row in ladder["rows"]}
    found: float | None = rows.get(exhibit.artifact.manifest.variant)
    return found


def _swagger() -> dict[str, bytes]:
    """Swagger UI's files, from the distribution that carries them."""
    found = {}
    for path in importlib.metadata.files(_SWAGGER) or ():
        if path.name in _SWAGGER_FILES:
            found[path.name] = path.read_binary()
    if len(found) < len(_SWAGGER_FILES):
        raise PackageError(f"{_SWAGGER} has {sorted(found)}, expected {list(_SWAGGER_FILES)}")
    return found


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        raise PackageError(f"{distribution} is not installed: run `make setup-local`") from None


def _sources() -> list[Path]:
    """The modules that decide what is rendered."""
    rooms = (Path(__file__).parent, Path(serving.__file__).parent)
    return sorted(source for room in rooms for source in room.rglob("*.py"))


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
