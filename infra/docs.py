"""Write the generated parts of the documents: `make docs`, and a test says that they are current.

A part lies between `<!-- generated: NAME -->` and `<!-- end -->` in a Markdown file.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from typer.core import TyperGroup
from typer.main import get_group

from infra import figures
from infra.cli import app
from infra.resources.gateway import PLANS
from serving import folder, lock
from serving.lock import Lock

ROOT = Path(__file__).parents[1]
FILES = ("README.md",)
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_HEADLINES = ("accuracy", "r2")


def main() -> None:
    """Write every generated part anew."""
    for name in FILES:
        path = ROOT / name
        path.write_text(renewed(path.read_text(), ROOT))


def renewed(text: str, root: Path) -> str:
    """The text with its generated parts as they should be.  Raises KeyError for an unknown one."""
    return _PART.sub(lambda part: f"{part[1]}{_PARTS[part[2]](root)}{part[3]}", text)


def models(root: Path) -> str:
    """A table of the models: what each does, and how well on held-out data."""
    rows = ["| model | what it does | task | held-out | size |", "|---|---|---|---|---|"]
    for model in folder.discover(root / "functions"):
        link = f"[{model.name}](training/{model.name}/README.md)"
        published = (model.path / lock.NAME).exists()
        figure, size = _figures(lock.read(model.path)) if published else ("not published", "")
        rows.append(f"| {link} | {model.description} | {model.task} | {figure} | {size} |")
    return "\n".join(rows) + "\n"


def commands(_: Path) -> str:
    """A table of the commands: the first line of each one's help."""
    rows = ["| command | what it does |", "|---|---|"]
    return "\n".join([*rows, *_rows(get_group(app), "flotilla")]) + "\n"


def plans(_: Path) -> str:
    """A table of the plans that a key may be on."""
    rows = ["| plan | requests a second | at once | a month |", "|---|---|---|---|"]
    for name, plan in PLANS.items():
        throttle, quota = plan["Throttle"], plan["Quota"]
        figures = (throttle["RateLimit"], throttle["BurstLimit"], quota["Limit"])
        rows.append(f"| `{name}` | " + " | ".join(f"{figure:,}" for figure in figures) + " |")
    return "\n".join(rows) + "\n"


def _rows(group: TyperGroup, before: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _rows(command, f"{before} {name}")
            continue
        arguments = "".join(
            f" {parameter.metavar or str(parameter.name).upper()}"
            for parameter in command.params
            if parameter.param_type_name == "argument"
        )
        said = (command.help or "").partition("\n")[0]
        yield f"| `{before} {name}{arguments}` | {said} |"


def _figures(locked: Lock) -> tuple[str, str]:
    """How good a model is, and how large."""
    names = [name for name in _HEADLINES if name in locked.metrics]
    figures = ", ".join(f"{name} {locked.metrics[name]:.3f}" for name in names[:1])
    return figures, f"{locked.size_bytes / 1000:.0f} kB"


_PARTS: dict[str, Callable[[Path], str]] = {
    "commands": commands,
    "plans": plans,
    "costs": figures.costs,
    "models": models,
    "starts": figures.starts,
}

if __name__ == "__main__":
    main()
