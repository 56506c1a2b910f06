"""The two layers: third-party wheels, trimmed, and our engine."""

import importlib.metadata
import shutil
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import Distribution
from pathlib import Path
from tempfile import TemporaryDirectory

from infra import packing, trim
from infra.packing import Contents, Plan, Platform
from infra.trim import PackageError

LAMBDA_PYTHON = "3.13"
_NEWEST_GLIBC = 28  # of Lambda's Amazon Linux 2023 it is 34; no wheel of ours asks for more
_FOLDER = Path("layers") / "runtime"


def plans(platform: Platform, root: Path, build: Path) -> dict[str, Plan]:
    """Both layers.  Raises PackageError when the trimming rules and the pins disagree."""
    return {"runtime": _runtime(platform, root, build), "serving": _serving(root)}


def _runtime(platform: Platform, root: Path, build: Path) -> Plan:
    """The third parties: from this environment for the laptop, from the index for Lambda."""
    requirements = root / _FOLDER / "requirements.txt"
    pins = trim.pins(requirements)
    rules = trim.read(root / _FOLDER / "trim.toml", pins)

    def contents() -> Contents:
        kept = {name: pins[name] for name in sorted(rules.keep)}
        if platform.zipped:
            found: Iterable[Distribution] = _fetched(requirements, build / "wheels", kept)
        else:
            found = _installed(kept)
        return {f"python/{name}": path for name, path in trim.files(found, rules)}

    sources = (requirements, root / _FOLDER / "trim.toml", Path(__file__), Path(trim.__file__))
    digest = sha256(b"\n".join(source.read_bytes() for source in sources))
    return Plan(digest.hexdigest(), contents, sources=False)


def _serving(root: Path) -> Plan:
    """The layer of the engine: its folder on disk, as it is."""
    folder = root / "layers" / "serving"
    return packing.plan(
        {
            path.relative_to(folder).as_posix(): path
            for path in sorted((folder / "python").rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
    )


def _installed(kept: dict[str, str]) -> list[Distribution]:
    """The distributions of this environment.  Raises PackageError when one is not as pinned."""
    found = []
    for name, version in kept.items():
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            raise PackageError(f"{name} is not installed: run `make setup-local`") from None
        if distribution.version != version:
            raise PackageError(
                f"{name} {distribution.version} is installed, {version} is pinned: "
                "run `make setup-local`"
            )
        found.append(distribution)
    return found


def _fetched(requirements: Path, cache: Path, kept: dict[str, str]) -> list[Distribution]:
    """The distributions for Lambda, fetched once per set of pins.  Raises PackageError."""
    folder = cache / sha256(requirements.read_bytes()).hexdigest()[:16]
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        for stale in cache.glob("[0-9a-f]*"):
            shutil.rmtree(stale, ignore_errors=True)
        _fetch(requirements, folder)
    found = importlib.metadata.distributions(path=[str(folder)])
    return [distribution for distribution in found if _normal(distribution.name) in kept]


def _fetch(requirements: Path, folder: Path) -> None:
    """Fetch into `folder`, all or nothing; whoever is second of two at once finds it there."""
    with TemporaryDirectory(dir=folder.parent, prefix="new-") as new:
        wheels = Path(new) / "wheels"
        command = [*_installer(), "--target", str(wheels), "-r", str(requirements)]
        if subprocess.run(command).returncode:
            raise PackageError(f"`{' '.join(command)}` failed, see above")
        try:
            wheels.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise


def _installer() -> list[str]:
    """uv when it is there, pip when not; both take wheels of Lambda's platform only."""
    exact = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--quiet"]
    if shutil.which("uv"):
        target = ["--python-platform", f"x86_64-manylinux_2_{_NEWEST_GLIBC}"]
        return ["uv", "pip", "install", "--python-version", LAMBDA_PYTHON, *target, *exact]
    tags = [f"manylinux_2_{minor}" for minor in range(_NEWEST_GLIBC, 4, -1)]
    tags += ["manylinux2014", "manylinux2010", "manylinux1"]
    target = [option for tag in tags for option in ("--platform", f"{tag}_x86_64")]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-compile"]
    return [*pip, "--implementation", "cp", "--python-version", LAMBDA_PYTHON, *target, *exact]


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
