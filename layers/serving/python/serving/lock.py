"""`artifact.lock`: which published artifact a model folder serves."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from serving.errors import ArtifactError

NAME = "artifact.lock"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Lock:
    """A published artifact: version 1, 2, 3 ..., its manifest's SHA-256, its size, its metrics."""

    version: int
    digest: str
    size_bytes: int
    metrics: dict[str, float]


def read(folder: Path) -> Lock:
    """The lock of a model folder.  Raises ArtifactError when it is missing or malformed."""
    path = folder / NAME
    try:
        document = json.loads(path.read_bytes())
        lock = Lock(**document)
    except FileNotFoundError:
        raise ArtifactError(f"{path} is missing: run `flotilla publish {folder.name}`") from None
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{path} is malformed: {error}") from None
    if not isinstance(lock.version, int) or lock.version < 1:
        raise ArtifactError(f"{path}: version is {lock.version!r}, expected 1, 2, 3 ...")
    if not isinstance(lock.digest, str) or not _DIGEST.fullmatch(lock.digest):
        raise ArtifactError(f"{path}: digest is {lock.digest!r}, expected 64 hexadecimal digits")
    return lock


def render(lock: Lock) -> str:
    """The text of a lock."""
    return json.dumps(asdict(lock), indent=2, sort_keys=True) + "\n"
