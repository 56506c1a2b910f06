"""`flotilla up`: build, bring the cloud up, say where it is, and leave nothing behind.

While it runs, `build/local.json` says the same to scripts.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.moto_process import MotoProcess

if TYPE_CHECKING:
    from infra.local.launch import Launched

STATE = Path("build") / "local.json"
LOGS = Path("build") / "logs"
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class UpError(Exception):
    """The cloud cannot come up; the message says what to do."""


class _Stop(BaseException):
    """Somebody wants the cloud to stop.

    No KeyboardInterrupt, as Python ends with status 130 once one has passed through an `exec`, of
    which imports are full, even when it was caught.
    """


def run(root: Path, port: int, echo: Callable[[str], None] = print) -> None:
    """Serve the models of `root` on `port`, 0 for any free one, until told to stop.

    Ctrl-C, SIGTERM and a closed terminal stop it.  Raises UpError, FolderError, PackageError.
    """
    started = time.perf_counter()
    logs = root / LOGS
    with _stopped_by_signals() as stopping, _only_one(root):
        logs.mkdir(exist_ok=True)
        with MotoProcess.start(logs / "moto.log") as moto:
            # Imported here, as moto takes its second to start as well.
            from infra.local.launch import launch

            report = _until_closed(echo)
            with launch(root, port, moto, logs, report) as launched, _announced(launched, root):
                echo(_welcome(launched, time.perf_counter() - started))
                while not stopping:
                    signal.pause()


def _until_closed(echo: Callable[[str], None]) -> Callable[[str], None]:
    """`echo`, silent once nobody reads it, or a full disk: that is no reason to fail a request."""

    def say(line: str) -> None:
        with suppress(OSError):
            echo(line)

    return say


@contextmanager
def _stopped_by_signals() -> Iterator[list[int]]:
    """Turn every way of being asked to stop into one; once stopping, finish that.

    The signals that came are in the list as well, as an import may swallow the exception.
    """
    came: list[int] = []

    def stop(number: int, _: object) -> None:
        for each in _STOPPING:
            signal.signal(each, signal.SIG_IGN)
        came.append(number)
        raise _Stop

    before = {number: signal.signal(number, stop) for number in _STOPPING}
    try:
        yield came
    except _Stop:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    """Hold the build folder for this cloud.  Raises UpError when another one does."""
    (root / STATE.parent).mkdir(exist_ok=True)
    held = os.open(root / STATE.parent, os.O_RDONLY)
    try:
        if not _locked(held):
            raise UpError(_running_already(root / STATE))
        (root / STATE).unlink(missing_ok=True)  # of one that was killed
        yield
    finally:
        os.close(held)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _running_already(state: Path) -> str:
    try:
        running = json.loads(state.read_bytes())
    except (FileNotFoundError, ValueError):
        return "the local cloud is just being started, by another `flotilla up`"
    return (
        f"the local cloud is running already, at {running['url']}: "
        f"stop it with Ctrl-C there, or with `kill {running['pid']}`"
    )


@contextmanager
def _announced(launched: "Launched", root: Path) -> Iterator[None]:
    """Say in `build/local.json` where the cloud is, for as long as it is there."""
    state, cloud = root / STATE, launched.cloud
    document = {
        "url": cloud.url,
        "api_key": cloud.api_key,
        "s3_endpoint": cloud.s3_endpoint,
        "apigateway_endpoint": cloud.apigateway_endpoint,
        "keys_table": cloud.keys_table,
        "usage_table": cloud.usage_table,
        "uploads_bucket": cloud.uploads_bucket,
        "results_bucket": cloud.results_bucket,
        "artifacts_bucket": cloud.artifacts_bucket,
        "pid": os.getpid(),
    }
    partial = state.with_suffix(".partial")
    partial.write_text(json.dumps(document, indent=2) + "\n")
    partial.rename(state)
    try:
        yield
    finally:
        state.unlink(missing_ok=True)


def _welcome(launched: "Launched", took_s: float) -> str:
    cloud, served = launched.cloud, launched.served
    width = max((len(model.name) for model in served), default=0)
    models = [f"  {model.name:{width}}  {model.description}" for model in served]
    missing = [f"  {name}: {reason}" for name, reason in launched.missing.items()]
    return "\n".join(
        [
            f"Flotilla is up, after {took_s:.1f} s.",
            "",
            f"  playground  {cloud.url}/#key={cloud.api_key}",
            f"  API         {cloud.url}   x-api-key: {cloud.api_key}",
            f"  uploads     s3://{cloud.uploads_bucket}/in/MODEL/   endpoint {cloud.s3_endpoint}",
            f"  logs        {LOGS}/",
            "",
            "Models:" if models else "No models yet: make one with `flotilla new`.",
            *models,
            *(["Not built:", *missing] if missing else []),
            "",
            "Ctrl-C stops it.",
            "",
        ]
    )
