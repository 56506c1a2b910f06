"""What holds for every file of the repository: sizes, lengths, and links that lead somewhere."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_BYTES = 10_000_000
ALL_BYTES = 60_000_000
MODULE_LINES = 300
FUNCTION_LINES = 40
_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


@cache
def tracked() -> list[Path]:
    """The files that git knows and that are there."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is no git repository")
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def modules() -> list[Path]:
    rooms = ("layers", "infra", "functions")
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in rooms
    ]


def test_no_file_is_too_large_for_git() -> None:
    sizes = {path: path.stat().st_size for path in tracked()}
    assert {path: size for path, size in sizes.items() if size > FILE_BYTES} == {}
    assert sum(sizes.values()) <= ALL_BYTES


def test_modules_and_functions_are_short() -> None:
    long = []
    for path in modules():
        text = path.read_text()
        if text.count("\n") > MODULE_LINES:
            long.append(str(path))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long.append(f"{path}: {node.name} has {lines} lines")
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in modules() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert [path for path in silent if path.name != "__init__.py"] == []


def test_links_in_documents_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in tracked()
        if path.suffix == ".md"
        for link in _LINK.findall(path.read_text())
        if not (path.parent / link).exists()
    ]
    assert broken == []
