"""The Lambda entry point: reads the environment and loads the model, in the init phase.

Nothing else reads the environment, and nothing here waits for the first request.
"""

import gc
import os
from functools import cache
from pathlib import Path

import serving.lean_imports  # noqa: F401 - before whatever imports numpy
from serving import artifact, fetch, handover, hooks, lock, manifest, snapshot
from serving.handler import Handler, UploadDoor
from serving.handover import Handover
from serving.prices import Meter, Prices
from serving.routes import Router
from serving.service import Service
from serving.telemetry import Telemetry

_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def build() -> Handler:
    """The handler of the model in this function's package.

    Raises ArtifactError when the artifact is not the one of its lock.
    """
    root = Path(os.environ["LAMBDA_TASK_ROOT"])
    name = os.environ["FLOTILLA_MODEL"]
    memory_mb = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
    locked = lock.read(root)
    folder = fetch.locate(root, name, locked, os.environ["FLOTILLA_ARTIFACTS_BUCKET"], os.environ)
    service = Service.load(
        folder,
        version=str(locked.version),
        digest=locked.served,
        hooks=hooks.load(root),
        memory_mb=memory_mb,
        tuning=locked.tuning,
    )
    telemetry, meter = Telemetry.from_environment(os.environ), _meter(memory_mb)

    @cache
    def open_uploads() -> UploadDoor:
        from serving import store, uploads

        results = store.connect(os.environ["FLOTILLA_RESULTS_BUCKET"])
        return uploads.Uploads(service, results, telemetry, meter)

    connect_jobs = cache(handover.connect)

    def renew() -> None:
        open_uploads.cache_clear()
        connect_jobs.cache_clear()

    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == snapshot.INITIALIZATION:
        examples = artifact.load(folder, locked.served).read(manifest.EXAMPLES)
        snapshot.register(Router(service), examples, renew)
    traced = os.environ.get("FLOTILLA_TRACING") == "true"
    hand_over = Handover(os.environ["FLOTILLA_JOBS_FUNCTION"], connect_jobs)
    router = _traced(service) if traced else Router(service)
    return Handler(router, telemetry, meter, open_uploads, hand_over)


def _traced(service: Service) -> Router:
    from serving.tracing import TracedRouter

    return TracedRouter(service)


def _meter(memory_mb: int) -> Meter:
    prices = Prices.with_overrides(os.environ.get("FLOTILLA_PRICES", ""))
    return Meter(memory_mb, _ARCHITECTURES[os.uname().machine], prices)


handler = build()
# What init has made lives as long as the sandbox: the collector need not look at it again.
gc.freeze()
gc.enable()
