"""What Lambda's own runtime brings along: `awslambdaric` and boto3, and nothing else of ours."""

import compileall
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

# Installed in Lambda's Python runtimes; a function finds these without packing them.
_BROUGHT = ("awslambdaric", "boto3")
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)[^;]*(;.*)?")


def link(folder: Path) -> Path:
    """Fill `folder` with links to the runtime's modules; gives the folder they really lie in.

    A sandbox cannot write byte code, so what only sandboxes import is compiled here.
    """
    folder.mkdir(parents=True)
    sources = {}
    for found in _closure():
        for name in {path.parts[0] for path in found.files or ()}:
            if not name.startswith((".", "__pycache__")) and not name.endswith(".dist-info"):
                sources[name] = Path(str(found.locate_file(name)))
    for name, source in sources.items():
        (folder / name).symlink_to(source)
    site_packages = sources["awslambdaric"].parent
    compileall.compile_dir(sources["awslambdaric"], quiet=2)
    return site_packages


def _closure() -> list[Distribution]:
    """The distributions of `_BROUGHT` and all that they require."""
    found: dict[str, Distribution] = {}
    waiting = list(_BROUGHT)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            if name in _BROUGHT:
                raise
            continue  # required on another platform only
        for requirement in found[name].requires or ():
            match = _REQUIREMENT.match(requirement)
            if match and "extra" not in (match[2] or ""):
                waiting.append(match[1].lower())
    return list(found.values())
