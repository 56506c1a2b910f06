"""Stripped libraries are smaller, and are what they were to the loader."""

import ctypes
import struct
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from infra import elf


def library(name: str, ending: str) -> Path:
    found = [file for file in distribution(name).files or () if file.name.endswith(ending)]
    path = Path(str(found[0].locate()))
    if not path.read_bytes().startswith(b"\x7fELF"):
        pytest.skip("this system's shared objects are not ELF")
    return path


@pytest.fixture(scope="module")
def symbols() -> Path:
    """A shared object that comes with its symbol table."""
    return library("tokenizers", ".abi3.so")


@pytest.fixture(scope="module")
def patched() -> Path:
    """A shared object that auditwheel has patched, with gaps between its segments."""
    (found,) = {path for path in library("pillow", ".so").parent.glob("_imaging.*.so")}
    return found


def loaded(image: bytes) -> dict[int, bytes]:
    """What the loader maps, by address, the headers aside, for they name places in the file."""
    (at,) = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    blank = bytearray(image)
    blank[:64], blank[at : at + size * count] = bytes(64), bytes(size * count)
    segments = {}
    for number in range(count):
        kind, _, offset, address, _, length = struct.unpack_from(
            "<IIQQQQ", image, at + number * size
        )
        assert offset % 4096 == address % 4096 or kind != 1
        segments[number, address] = bytes(blank[offset : offset + length])
    return segments


@pytest.mark.parametrize("name", ["symbols", "patched"])
def test_what_is_loaded_stays_byte_for_byte(name: str, request: pytest.FixtureRequest) -> None:
    content = request.getfixturevalue(name).read_bytes()
    stripped = elf.strip(content)
    assert len(stripped) < len(content) - 100_000
    assert loaded(stripped) == loaded(content)


def test_stripped_library_can_be_loaded(symbols: Path, tmp_path: Path) -> None:
    copy = tmp_path / symbols.name
    copy.write_bytes(elf.strip(symbols.read_bytes()))
    assert ctypes.PyDLL(str(copy)).PyInit_tokenizers


def test_a_library_without_its_gaps_can_be_loaded(patched: Path, tmp_path: Path) -> None:
    copy = tmp_path / patched.name
    copy.write_bytes(elf.strip(patched.read_bytes()))
    assert copy.stat().st_size < 1_000_000
    code = f"import PIL.Image, ctypes; assert ctypes.PyDLL({str(copy)!r}).PyInit__imaging"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_stripping_again_changes_nothing(symbols: Path, patched: Path) -> None:
    for path in (symbols, patched):
        once = elf.strip(path.read_bytes())
        assert elf.strip(once) == once


@pytest.mark.parametrize("content", [b"", b"import this\n", b"\xcf\xfa\xed\xfe macOS"])
def test_other_files_are_left_alone(content: bytes) -> None:
    assert elf.strip(content) == content


def test_other_machines_are_left_alone(symbols: Path) -> None:
    content = bytearray(symbols.read_bytes())
    struct.pack_into("<H", content, 18, 243)  # RISC-V
    assert elf.strip(bytes(content)) == content
