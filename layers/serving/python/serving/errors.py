"""What can go wrong for a caller, each with its HTTP status and a code for programs.

Raised where the fault is seen, turned into a reply in one place (`serving.http`).  A message names
the thing, what it was and what was expected.  Whatever is not a `ServingError` is a bug: it is
logged with its traceback and answered as a 500 that tells the caller nothing but an id.
"""

from http import HTTPStatus
from typing import Self


class ServingError(Exception):
    """A request that cannot be answered, through no fault of ours unless the status says so."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal"


class BadRequest(ServingError):
    """The body cannot be parsed."""

    status = HTTPStatus.BAD_REQUEST
    code = "bad_request"


class Forbidden(ServingError):
    """We know who asks, and his key is not for this."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class NotFound(ServingError):
    """No such route, model or version."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class MethodNotAllowed(ServingError):
    """The route exists, with other methods: `allowed`, whose names RFC 9110 asks for."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"

    def __init__(self, message: str, allowed: str = "") -> None:
        super().__init__(message)
        self.allowed = allowed

    @classmethod
    def of(cls, method: str, path: str, taken: str) -> Self:
        """The refusal of a method; those that `path` takes have commas between them."""
        return cls(f"{path} takes {taken}, not {method}", f"{taken}, OPTIONS")


class NotAcceptable(ServingError):
    """The answer is wanted in a media type that there is none of."""

    status = HTTPStatus.NOT_ACCEPTABLE
    code = "not_acceptable"


class Conflict(ServingError):
    """The thing is in a state in which this cannot be done to it."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class TooLarge(ServingError):
    """The body, the batch or what the body unpacks to is over a limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class UnsupportedMediaType(ServingError):
    """The task does not read this media type."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"


class Unprocessable(ServingError):
    """The body is well formed, but not what the model's inputs promise."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "unprocessable"


class TooManyRequests(ServingError):
    """More is asked than can be answered at once; later it may be."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_requests"


class DeadlineExceeded(ServingError):
    """The model did not answer within the request's deadline."""

    status = HTTPStatus.GATEWAY_TIMEOUT
    code = "deadline_exceeded"


class ArtifactError(Exception):
    """An artifact is not what its lock or manifest promises; nothing of it may be run."""


class FolderError(Exception):
    """A model folder is malformed; the message names the file, the key and what was expected."""
