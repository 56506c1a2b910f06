"""The trial: an artifact answers its own examples, by the serving engine, in a sandbox.

`replies` is for everybody; it starts this very module as the confined child that does the work.
"""

import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic

from serving import hooks
from serving.errors import ArtifactError, FolderError, ServingError
from serving.http import Request, error_reply
from serving.manifest import EXAMPLES
from serving.routes import Router
from serving.service import Service
from serving.types import Json, JsonObject
from training.release import examples, sandbox
from training.release.examples import Example


@dataclass(frozen=True, slots=True)
class Reply:
    """What an example was answered: HTTP status and JSON document.

    `cause` is what lies behind an error, which callers are not told.
    """

    name: str
    status: int
    document: Json
    cause: str = ""

    @property
    def error(self) -> str:
        """An answer that is an error, in one line."""
        cause = f" ({self.cause})" if self.cause else ""
        return f"status {self.status}: {json.dumps(self.document, ensure_ascii=False)}{cause}"


def replies(
    artifact: Path, folder: Path, memory_mb: int, limit_s: float, variant: str = ""
) -> list[Reply]:
    """Ask a variant, or the default one, the artifact's examples, with its folder's hooks.

    Raises SandboxError when it cannot be loaded, or the graph breaks out of memory or time.
    """
    places = [str(artifact.resolve()), str(folder.resolve())]
    arguments = [*places, str(memory_mb), str(limit_s), variant]
    entries = sandbox.run("training.release.trial", arguments, limit_s)
    return [Reply(**entry) for entry in entries]


def main(artifact: str, folder: str, memory_mb: str, limit_s: str, variant: str) -> None:
    """Be the child: answer every example and print the replies as JSON."""
    sandbox.confine(int(memory_mb), float(limit_s))
    try:
        service = Service.load(
            Path(artifact), hooks=hooks.load(Path(folder)), memory_mb=int(memory_mb)
        )
        asked = examples.parse((Path(artifact) / EXAMPLES).read_bytes(), service.name)
        if variant:
            asked = [replace(example, variant=variant) for example in asked]
    except (ArtifactError, FolderError) as error:
        sys.exit(sandbox.one_line(error))
    router = Router(service)
    print(json.dumps([answer(router, example) for example in asked]))


def answer(router: Router, example: Example) -> JsonObject:
    """Ask one example and give the reply as JSON."""
    request = Request(
        method="POST",
        path=example.path,
        headers=example.headers,
        body=example.body,
        deadline=monotonic() + router.service.limits.deadline_s,
    )
    cause = ""
    try:
        response = router.respond(request, usage=lambda _: {})
    except ServingError as error:
        response = error_reply(error, request.path, request.id)
        cause = sandbox.one_line(error.__cause__) if error.__cause__ else ""
    document = json.loads(response.body)
    reply = Reply(example.name, int(response.status), document, cause)
    return asdict(reply)


if __name__ == "__main__":
    main(*sys.argv[1:])
