"""Run a module of ours on an untrusted graph: little memory, little time, no files, no network.

The child is a fresh interpreter that has no credentials and knows nothing of the shell it was
started from.  Whatever the graph does to it, the parent gets an answer or a reason.
"""

import ctypes
import json
import math
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from serving.types import Json

MIB = 1024 * 1024
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_OUT_OF_MEMORY = (
    "MemoryError",
    "bad_alloc",
    "Failed to allocate memory",
    "more memory than this function has",
)


class SandboxError(Exception):
    """The child gave no answer: it crashed, ran out of memory, or ran out of time."""


def run(module: str, arguments: Sequence[str], limit_s: float) -> Json:
    """Run `python -m module arguments` and return the JSON that it prints.

    Raises SandboxError saying what became of it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-B", "-m", module, *arguments],
                capture_output=True,
                check=False,
                cwd=scratch,
                env=_environment(scratch),
                stdin=subprocess.DEVNULL,
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired:
            raise SandboxError(f"no answer after {limit_s:g} s, it was killed") from None
    if done.returncode != 0:
        raise SandboxError(_reason(done.returncode, done.stderr.decode(errors="replace")))
    return json.loads(done.stdout)


def confine(memory_mb: int, limit_s: float, writing: bool = False) -> None:
    """Give up, for good, what an untrusted graph could abuse; called by the child itself.

    Nothing can be written to a file, unless `writing` is its purpose.  On Linux, address space is
    limited to `memory_mb`, and the network goes where the kernel lets an unprivileged process leave
    it.
    """
    cpu_s = math.ceil(limit_s * (os.cpu_count() or 1)) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    if not writing:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb * MIB, memory_mb * MIB))
        ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def one_line(error: BaseException) -> str:
    """An error's text on one line: the child's last line is the reason that the parent gives."""
    return " ".join(str(error).split()) or type(error).__name__


def is_out_of_memory(reason: str) -> bool:
    """Whether a reason is about memory, in the words of Python, C++, onnxruntime or ours."""
    return any(words in reason for words in _OUT_OF_MEMORY)


def _environment(scratch: str) -> dict[str, str]:
    return {
        "HOME": scratch,
        "TMPDIR": scratch,
        "PATH": os.defpath,
        "OPENBLAS_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
    }


def _reason(returncode: int, stderr: str) -> str:
    lines = stderr.strip().splitlines() or ["it said nothing"]
    if returncode < 0:
        return f"it was ended by {signal.Signals(-returncode).name}: {lines[-1]}"
    return lines[-1]
