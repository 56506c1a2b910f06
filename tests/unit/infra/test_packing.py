"""Packages are made once per inputs, and a failed try leaves the one there was."""

import sys
from pathlib import Path

import pytest

from infra import packing
from infra.packing import Contents, Package, Plan, Platform

LOCAL = Platform("local", sys.executable, sys.version, zipped=False)
ZIPPED = Platform("lambda", None, "", zipped=True)


def make(folder: Path, contents: Contents, platform: Platform = LOCAL) -> Package:
    return packing.make(folder, packing.plan(contents), platform, "/var/task")


def test_contents_are_written_and_compiled(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text("X = 1\n")
    package = make(tmp_path / "made", {"a/b.py": source, "facts.json": b"{}"})
    assert (tmp_path / "made" / "a" / "b.py").read_text() == "X = 1\n"
    assert len(list((tmp_path / "made").rglob("*.pyc"))) == 1
    assert package.size_bytes == sum(
        path.stat().st_size for path in (tmp_path / "made").rglob("*") if path.is_file()
    )


def test_the_same_inputs_are_not_made_again(tmp_path: Path) -> None:
    first = make(tmp_path / "made", {"a.txt": b"1"})
    (tmp_path / "made" / "mark").touch()
    assert make(tmp_path / "made", {"a.txt": b"1"}) == first
    assert (tmp_path / "made" / "mark").exists()


@pytest.mark.parametrize(
    "contents", [{"a.txt": b"2"}, {"b.txt": b"1"}, {"a.txt": b"1", "b.txt": b""}]
)
def test_other_contents_are_made_anew(tmp_path: Path, contents: Contents) -> None:
    make(tmp_path / "made", {"a.txt": b"1"})
    make(tmp_path / "made", contents)
    assert {path.name for path in (tmp_path / "made").iterdir()} == set(contents)


def test_without_a_python_nothing_is_compiled(tmp_path: Path) -> None:
    make(tmp_path / "made", {"a.py": b"X = 1"}, ZIPPED)
    assert [path.name for path in (tmp_path / "made").rglob("*")] == ["a.py"]


def test_another_python_is_another_package(tmp_path: Path) -> None:
    first = make(tmp_path / "made", {"a.txt": b"1"})
    other = Platform("local", sys.executable, "3.99", zipped=False)
    assert make(tmp_path / "made", {"a.txt": b"1"}, other).inputs != first.inputs


def test_a_zip_that_was_lost_is_made_again(tmp_path: Path) -> None:
    first = make(tmp_path / "made", {"a.txt": b"1"}, ZIPPED)
    (tmp_path / "made.zip").unlink()
    assert make(tmp_path / "made", {"a.txt": b"1"}, ZIPPED) == first
    assert (tmp_path / "made.zip").stat().st_size == first.zip_bytes


def test_a_failure_leaves_the_package_there_was_and_is_made_good(tmp_path: Path) -> None:
    def fail() -> Contents:
        raise OSError("no space left")

    make(tmp_path / "made", {"a.txt": b"1"})
    with pytest.raises(OSError, match="no space"):
        packing.make(tmp_path / "made", Plan("other", fail), LOCAL, "/var/task")
    assert (tmp_path / "made" / "a.txt").read_bytes() == b"1"
    make(tmp_path / "made", {"a.txt": b"2"})
    assert (tmp_path / "made" / "a.txt").read_bytes() == b"2"


def test_packages_without_a_source_are_removed(tmp_path: Path) -> None:
    for name in ("kept", "gone"):
        make(tmp_path / name, {"a.txt": b"1"}, ZIPPED)
    packing.remove_others(tmp_path, {"kept"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "kept.json", "kept.zip"]
