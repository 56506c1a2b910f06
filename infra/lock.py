"""`make lock`: compile the dependency groups of pyproject into hashed pins, with uv.

Constraints point outwards, so what answers requests has the same version in every environment.
PyPI's torch for Linux asks for CUDA's libraries, gigabytes that a machine without a GPU never uses:
their pins are cut out into a file of their own, and torch's CPU wheel is let in by its hash.
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
SERVE = "layers/runtime/requirements.txt"
LOCAL = "infra/requirements.txt"
DEV = "tests/requirements.txt"
TRAIN = "training/requirements.txt"
CUDA = "training/requirements-cuda.txt"
# group -> what it is compiled into, and the pins that it must agree with
_FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "serve": (SERVE, ()),
    "local": (LOCAL, (SERVE,)),
    "dev": (DEV, (LOCAL,)),
    "train": (TRAIN, (DEV, CUDA)),
}
_COMPILE = (
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-header", "--no-annotate"),
)
_PIN = re.compile(r"^\S.*?(?=^\S|\Z)", re.DOTALL | re.MULTILINE)
_OF_CUDA = re.compile(r"nvidia-|cuda-|triton==")
# torch 2.13.0+cpu for Python 3.11 on Linux, x86_64; other versions have other wheels
_TORCH = "torch==2.13.0 "
_CPU_WHEEL = "sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"


class LockError(Exception):
    """The pins are not as they must be; the message says what to change."""


def main() -> None:
    """Compile every group."""
    for group, (target, constraints) in _FILES.items():
        options = [option for name in constraints for option in ("-c", name)]
        command = [*_COMPILE, "--group", group, *options, "-o", target]
        subprocess.run(command, cwd=ROOT, check=True)
    plain, cuda = split((ROOT / TRAIN).read_text())
    (ROOT / TRAIN).write_text(plain)
    (ROOT / CUDA).write_text(cuda)


def split(pins: str) -> tuple[str, str]:
    """The pins for any machine, with torch's CPU wheel among them, and those that CUDA needs.

    Raises LockError when the CPU wheel of the pinned torch is not known here.
    """
    entries = _PIN.findall(pins)
    cuda = [entry for entry in entries if _OF_CUDA.match(entry)]
    plain = [_let_cpu_in(entry) for entry in entries if entry not in cuda]
    return "".join(plain), "".join(cuda)


def _let_cpu_in(entry: str) -> str:
    if not entry.startswith("torch=="):
        return entry
    if not entry.startswith(_TORCH):
        raise LockError(f"{entry.split()[0]} is pinned, expected {_TORCH}: put its CPU wheel here")
    return entry if _CPU_WHEEL in entry else f"{entry.rstrip()} \\\n    --hash={_CPU_WHEEL}\n"


if __name__ == "__main__":
    main()
