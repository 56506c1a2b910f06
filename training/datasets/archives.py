"""Archives of data: found in a local folder or downloaded, checked, and read without trusting them.

`FLOTILLA_DATA` names a folder to look in first; what is downloaded is kept in the user's cache.
Either way nothing is read before its checksum is right.  Members are read into memory, or extracted
as plain files only: no links, nothing outside the folder.
"""

import hashlib
import os
import tarfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rich.progress import DownloadColumn, Progress, TransferSpeedColumn

_CHUNK = 1 << 20
_TIMEOUT_S = 60
_LARGEST_BYTES = 4 << 30


class ArchiveError(Exception):
    """An archive is missing, damaged or unsafe; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of data: its name, its checksum as `sha256:...` or `md5:...`, and where it comes from.

    Without a URL it is only to be had in `FLOTILLA_DATA`: a copy packed anew.
    """

    name: str
    checksum: str
    url: str = ""


def find(*archives: Archive) -> Path:
    """The first of the archives that is at hand, else the first that can be downloaded.

    Raises ArchiveError when there is none, or its checksum is wrong.
    """
    for archive in archives:
        for folder in _folders():
            if (folder / archive.name).is_file():
                return _checked(folder / archive.name, archive)
    for archive in archives:
        if archive.url:
            return _download(archive)
    names = " or ".join(archive.name for archive in archives)
    raise ArchiveError(f"{names} is missing: set FLOTILLA_DATA to the folder that holds it")


def files(path: Path, largest_bytes: int = _LARGEST_BYTES) -> Iterator[tuple[str, bytes]]:
    """The plain files of a tar archive, in its order, with their contents.

    Raises ArchiveError at a link, a device, a name that leads outside, or too much data.
    """
    left = largest_bytes
    with tarfile.open(path, "r:*") as archive:
        for member in archive:
            _require_safe(path, member)
            left -= member.size
            if left < 0:
                raise ArchiveError(f"{path.name} holds more than {largest_bytes} bytes")
            content = archive.extractfile(member)
            if content is not None:
                yield member.name, content.read()


def extract(path: Path, folder: Path) -> None:
    """Extract a tar archive into `folder`, as `files` would read it."""
    for name, content in files(path):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def cache() -> Path:
    """Where downloads are kept, outside the repository."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "flotilla"


def _folders() -> list[Path]:
    named = os.environ.get("FLOTILLA_DATA")
    return [*([Path(named)] if named else []), cache()]


def _checked(path: Path, archive: Archive) -> Path:
    algorithm, _, expected = archive.checksum.partition(":")
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, algorithm).hexdigest()
    if actual != expected:
        raise ArchiveError(f"{path} has {algorithm} {actual}, expected {expected}: replace it")
    return path


def _download(archive: Archive) -> Path:
    """Fetch into the cache; an interrupted or wrong download never gets the final name."""
    if not archive.url.startswith("https://"):
        raise ArchiveError(f"{archive.url} is no https:// address")
    target = cache() / archive.name
    partial = target.with_name(f".{archive.name}.part")
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        _fetch(archive, partial)
    except OSError as error:
        raise ArchiveError(
            f"{archive.url} cannot be fetched ({error}): "
            f"set FLOTILLA_DATA to a folder that holds {archive.name}"
        ) from None
    _checked(partial, archive)
    return partial.replace(target)


def _fetch(archive: Archive, path: Path) -> None:
    columns = (*Progress.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
    with (
        urllib.request.urlopen(archive.url, timeout=_TIMEOUT_S) as reply,  # noqa: S310 - https only
        path.open("wb") as file,
        Progress(*columns, transient=True) as progress,
    ):
        length = reply.headers.get("Content-Length")
        task = progress.add_task(archive.name, total=int(length) if length else None)
        while chunk := reply.read(_CHUNK):
            file.write(chunk)
            progress.advance(task, len(chunk))


def _require_safe(path: Path, member: tarfile.TarInfo) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise ArchiveError(f"{path.name}: '{member.name}' leads outside the archive")
    if not (member.isfile() or member.isdir()):
        raise ArchiveError(f"{path.name}: '{member.name}' is neither a file nor a folder")
