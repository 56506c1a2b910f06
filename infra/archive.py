"""A package as Lambda takes it: compiled ahead, and zipped to the same bytes every time."""

import subprocess
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
_MODE = 0o100644 << 16
_LEVEL = 6  # 9 takes four times as long, for half a percent


def compile_ahead(folder: Path, python: str, seen_as: str, sources: bool = True) -> None:
    """Compile every module below `folder`, which its functions see as `seen_as`.

    The compiled files are used unchecked: an archive has no modification times to go by.  Without
    `sources` they take the modules' places.
    """
    compiling = [python, "-I", "-m", "compileall", "-q", "-f"]
    unchecked = ["--invalidation-mode", "unchecked-hash"]
    places = ["-s", str(folder), "-p", seen_as, str(folder)]
    beside = [] if sources else ["-b"]
    subprocess.run([*compiling, *unchecked, *beside, *places], check=True)
    if not sources:
        for compiled in folder.rglob("*.pyc"):
            compiled.with_suffix(".py").unlink()


def write(folder: Path, target: Path) -> None:
    """Zip a folder: sorted, without times and owners, every file readable by all."""
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = ZipInfo(path.relative_to(folder).as_posix(), _LONG_AGO)
                entry.external_attr = _MODE
                entry.compress_type = ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes(), compresslevel=_LEVEL)
