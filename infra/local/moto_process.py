"""Start and stop the process of `moto_server`; light to import, so that it can be started first."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import Self


class MotoProcess:
    """A moto server: it leaves when its standard input closes, however that comes about.

    Its port is open from the start; who calls before moto is up just waits a moment.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self._process = process

    @classmethod
    def start(cls, log: Path) -> Self:
        """Start it, and do not wait."""
        with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "infra.local.moto_server", str(listener.fileno())],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
            return cls(process, listener.getsockname()[1])

    def stop(self) -> None:
        """Stop it and wait until it is gone; twice does no harm."""
        self._process.kill()
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
