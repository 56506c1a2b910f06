"""Where a fleet answers, and the key that it asks for."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from flotilla.client.errors import FlotillaError

# What `flotilla up` writes while it runs, below the repository's root.
LOCAL_CLOUD = Path("build") / "local.json"


@dataclass(frozen=True, slots=True)
class Cloud:
    """An address without a slash at its end, and an API key."""

    url: str
    api_key: str = field(repr=False)


def at(url: str, api_key: str) -> Cloud:
    """The cloud at an address.  Raises FlotillaError when it or the key can be none."""
    url, api_key = url.strip().rstrip("/"), api_key.strip()
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise FlotillaError(f"the cloud's address is {url!r}: {error}") from None
    if found.scheme not in ("http", "https") or not found.host:
        raise FlotillaError(
            f"the cloud's address is {url!r}, expected one that begins with https:// or http://"
        )
    if not (api_key.isascii() and api_key.isprintable()):  # httpx would show it
        raise FlotillaError("the API key holds characters that no key has")
    return Cloud(url, api_key)


def find(root: Path = Path(), environ: Mapping[str, str] = os.environ) -> Cloud:
    """The cloud that FLOTILLA_URL and FLOTILLA_API_KEY name, or the local one that is up.

    Raises FlotillaError when there is neither, or what tells of one is damaged.
    """
    if url := environ.get("FLOTILLA_URL"):
        return at(url, environ.get("FLOTILLA_API_KEY", ""))
    try:
        running = json.loads((root / LOCAL_CLOUD).read_bytes())
    except FileNotFoundError:
        raise FlotillaError(
            "no cloud is up: start the local one with `flotilla up`, or set FLOTILLA_URL and "
            "FLOTILLA_API_KEY"
        ) from None
    except ValueError:
        raise FlotillaError(
            f"{root / LOCAL_CLOUD} is damaged: start the local cloud anew with `flotilla up`"
        ) from None
    return at(running["url"], running["api_key"])
