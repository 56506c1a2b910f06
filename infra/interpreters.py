"""Find a Python of a given version: compiled files are of one version only."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_WHICH = "import sys; print('%d.%d' % sys.version_info[:2], sys.version.replace('\\n', ' '))"


def find(version: str) -> tuple[str, str] | None:
    """The path of a Python `version` (as "3.13") that works, and its full version; or None."""
    for candidate in _candidates(version):
        run = subprocess.run([candidate, "-I", "-c", _WHICH], capture_output=True, text=True)
        if run.returncode == 0 and run.stdout.startswith(f"{version} "):
            return candidate, run.stdout.partition(" ")[2].strip()
    return None


def _candidates(version: str) -> Iterator[str]:
    if version == "{}.{}".format(*sys.version_info):
        yield sys.executable
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")))
    if shutil.which("uv"):
        uv = ["uv", "python", "find", "--no-project", "--managed-python", version]
        found = subprocess.run(uv, capture_output=True, text=True)
        if found.returncode == 0:
            yield found.stdout.strip()
