"""`artifact.lock`: which published artifact a model folder serves."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from serving.errors import ArtifactError

NAME = "artifact.lock"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a graph is served best, as measured when it was published.

    `mapped` says whether its compiled form pays; without `prepacking` weights are used as they are
    stored; `threads` is the most that help.
    """

    mapped: bool = False
    prepacking: bool = True
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Lock:
    """A published artifact: version 1, 2, 3 ..., its manifest's SHA-256, its size, its metrics.

    `compiled` is the digest of its compiled form, in a package that has that.
    """

    version: int
    digest: str
    size_bytes: int
    metrics: dict[str, float]
    tuning: Tuning = field(default_factory=Tuning)
    compiled: str = ""

    @property
    def served(self) -> str:
        """The digest of what is served: of the compiled form, or else of the published one."""
        return self.compiled or self.digest


def read(folder: Path) -> Lock:
    """The lock of a model folder.  Raises ArtifactError when it is missing or malformed."""
    path = folder / NAME
    try:
        document = json.loads(path.read_bytes())
        tuning = Tuning(**document.pop("tuning", {}))
        lock = Lock(**document, tuning=tuning)
    except FileNotFoundError:
        raise ArtifactError(f"{path} is missing: run `flotilla publish {folder.name}`") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise ArtifactError(f"{path} is malformed: {error}") from None
    if not isinstance(lock.version, int) or lock.version < 1:
        raise ArtifactError(f"{path}: version is {lock.version!r}, expected 1, 2, 3 ...")
    for digest in (lock.digest, lock.served):
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ArtifactError(f"{path}: digest is {digest!r}, expected 64 hexadecimal digits")
    return lock


def render(lock: Lock) -> str:
    """The text of a lock; what is as it is without being said is left out."""
    document = asdict(lock)
    if lock.tuning == Tuning():
        del document["tuning"]
    if not lock.compiled:
        del document["compiled"]
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
