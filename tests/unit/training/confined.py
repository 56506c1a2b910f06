"""The child of `test_sandbox`: confines itself, tries what it is told to, and prints what came."""

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from serving.types import Json
from training.release import sandbox


def write() -> Json:
    """Write a file."""
    Path("written").write_text("something")
    return "written"


def connect() -> Json:
    """Reach the machine's own loopback, on a port that nobody listens on."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", 9))


def environment() -> Json:
    """Look at the environment."""
    return sorted(os.environ)


def allocate() -> Json:
    """Ask for a gibibyte."""
    return len(bytearray(1024 * sandbox.MIB))


def crash() -> Json:
    """Die as native code does."""
    os.abort()


def hang() -> Json:
    """Never come back."""
    while True:
        pass


ATTEMPTS: dict[str, Callable[[], Json]] = {
    attempt.__name__: attempt for attempt in (write, connect, environment, allocate, crash, hang)
}

if __name__ == "__main__":
    sandbox.confine(memory_mb=256, limit_s=5)
    print(json.dumps(ATTEMPTS[sys.argv[1]]()))
