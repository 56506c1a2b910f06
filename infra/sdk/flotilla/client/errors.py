"""What can go wrong, and what is known of it."""

import json
from typing import Any


class FlotillaError(Exception):
    """A question that got no useful answer."""


class NoAnswer(FlotillaError):
    """Nobody answered, or not in time; asking again may help."""


class Refused(FlotillaError):
    """An answer with a status of 400 or more, in the words of the API.

    `code` is for programs, `id` for whoever looks into the logs; either may be empty.
    """

    def __init__(self, status: int, text: str) -> None:
        """Read the body of an answer, whichever protocol's shape it has."""
        self.status = status
        self.text = text
        error = _error(text)
        self.code = str(error.get("code") or "")
        self.message = str(error.get("message") or text or "no reason was given")
        self.id = str(error.get("id") or "")
        super().__init__(f"{status} {self.code}: {self.message}".replace(" :", ":"))


def _error(text: str) -> dict[str, Any]:
    try:
        error = json.loads(text)["error"]
    except (ValueError, TypeError, KeyError):
        return {}
    return error if isinstance(error, dict) else {"message": error}
