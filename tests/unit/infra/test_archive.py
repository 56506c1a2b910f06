"""Zips are the same bytes for the same files, and what is compiled is used unchecked."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from infra import archive

UNCHECKED_HASH = 0b01


def folder(path: Path, names: list[str]) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(f"NAME = {name!r}\n")
    return path


def test_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    names = ["b.py", "a/c.py", "a/b/d.py"]
    first = folder(tmp_path / "first", names)
    second = folder(tmp_path / "second", names[::-1])
    os.utime(second / "b.py", (0, 0))
    (second / "b.py").chmod(0o600)
    for source in (first, second):
        archive.write(source, source.with_suffix(".zip"))
    zipped = first.with_suffix(".zip")
    assert zipped.read_bytes() == second.with_suffix(".zip").read_bytes()
    with ZipFile(zipped) as opened:
        assert opened.namelist() == sorted(names)
        assert {entry.external_attr >> 16 for entry in opened.infolist()} == {0o100644}


def test_other_files_give_other_bytes(tmp_path: Path) -> None:
    first, second = folder(tmp_path / "first", ["a.py"]), folder(tmp_path / "second", ["b.py"])
    for source in (first, second):
        archive.write(source, source.with_suffix(".zip"))
    assert first.with_suffix(".zip").read_bytes() != second.with_suffix(".zip").read_bytes()


def test_compiled_modules_are_used_unchecked_and_name_their_place(tmp_path: Path) -> None:
    source = folder(tmp_path / "here", ["module.py"])
    archive.compile_ahead(source, sys.executable, "/opt/python")
    (compiled,) = source.rglob("*.pyc")
    assert compiled.read_bytes()[4] == UNCHECKED_HASH
    assert b"/opt/python/module.py" in compiled.read_bytes()
    (source / "module.py").write_text("NAME = 'changed since'\n")
    seen = subprocess.run(
        [sys.executable, "-S", "-c", "import module; print(module.NAME)"],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout == "module.py\n"


def test_compiled_modules_can_take_the_places_of_their_sources(tmp_path: Path) -> None:
    source = folder(tmp_path / "here", ["module.py", "package/__init__.py", "package/inner.py"])
    archive.compile_ahead(source, sys.executable, "/opt/python", sources=False)
    assert sorted(path.name for path in source.rglob("*.*")) == [
        "__init__.pyc",
        "inner.pyc",
        "module.pyc",
    ]
    seen = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            "import module, package.inner as m; print(module.NAME, m.NAME)",
        ],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout == "module.py package/inner.py\n"


def test_compiling_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    compiled = []
    for name in ("first", "second"):
        source = folder(tmp_path / name, ["module.py"])
        (source / "module.py").write_text("COLOURS = x in {'red', 'green', 'blue', 'white'}\n")
        archive.compile_ahead(source, sys.executable, "/opt/python")
        compiled += [path.read_bytes() for path in source.rglob("*.pyc")]
    assert len(compiled) == 2
    assert compiled[0] == compiled[1]
