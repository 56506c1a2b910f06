"""Stripped libraries are smaller, and are what they were to the loader."""

import ctypes
import struct
from importlib.metadata import distribution
from pathlib import Path

import pytest

from infra import elf


@pytest.fixture(scope="module")
def library() -> Path:
    """A shared object that comes with its symbol table."""
    found = [file for file in distribution("tokenizers").files or () if file.suffix == ".so"]
    path = Path(str(found[0].locate()))
    if not path.read_bytes().startswith(b"\x7fELF"):
        pytest.skip("this system's shared objects are not ELF")
    return path


def loaded(image: bytes) -> list[bytes]:
    """What the loader maps into memory, header aside."""
    (at,) = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    segments = []
    for number in range(count):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", image, at + number * size)
        if kind == 1:
            segments.append(image[max(offset, 64) : offset + length])
    return segments


def test_what_is_loaded_stays_byte_for_byte(library: Path) -> None:
    content = library.read_bytes()
    stripped = elf.strip(content)
    assert len(stripped) < len(content) - 100_000
    assert loaded(stripped) == loaded(content)


def test_stripped_library_can_be_loaded(library: Path, tmp_path: Path) -> None:
    copy = tmp_path / library.name
    copy.write_bytes(elf.strip(library.read_bytes()))
    assert ctypes.PyDLL(str(copy)).PyInit_tokenizers


def test_stripping_again_changes_nothing(library: Path) -> None:
    once = elf.strip(library.read_bytes())
    assert elf.strip(once) == once


@pytest.mark.parametrize("content", [b"", b"import this\n", b"\xcf\xfa\xed\xfe macOS"])
def test_other_files_are_left_alone(content: bytes) -> None:
    assert elf.strip(content) == content
