"""Scratch space: a folder per running cloud, and the removal of what a killed one left behind."""

import os
import re
import shutil
import tempfile
from pathlib import Path

_PREFIX = "flotilla-"
_OWNER = re.compile(rf"{_PREFIX}(\d+)-")


def make() -> Path:
    """A new folder that names its owner, this process; those of dead owners are removed."""
    parent = Path(tempfile.gettempdir())
    for folder in parent.glob(f"{_PREFIX}*"):
        owner = _OWNER.match(folder.name)
        if owner and not _alive(int(owner[1])):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so it lives
        return True
    return True
