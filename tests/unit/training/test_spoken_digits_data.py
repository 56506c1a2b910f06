"""The spoken digits: read from an archive as it is published, split as its authors say."""

import io
import tarfile
from pathlib import Path

import pytest

from training.datasets import spoken_digits
from training.datasets.archives import ArchiveError


def pack(path: Path, names: list[str]) -> Path:
    with tarfile.open(path, "w:xz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"free-spoken-digit-dataset/recordings/{name}")
            content = name.encode()
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_recordings_are_read_with_digit_speaker_and_take(tmp_path: Path) -> None:
    path = pack(tmp_path / "digits.tar.xz", ["7_theo_12.wav", "README.md", "3_lucas_4.wav"])
    found = spoken_digits.read(path)
    assert found.data.inputs.tolist() == [b"3_lucas_4.wav", b"7_theo_12.wav"]
    assert found.data.targets.tolist() == [3, 7]
    assert found.speakers.tolist() == ["lucas", "theo"]
    assert found.takes.tolist() == [4, 12]


def test_takes_0_to_4_are_held_out(tmp_path: Path) -> None:
    path = pack(tmp_path / "digits.tar.xz", [f"1_theo_{take}.wav" for take in range(10)])
    rows = spoken_digits.read(path).official_split()
    assert rows.held_out.tolist() == [0, 1, 2, 3, 4]
    assert rows.train.tolist() == [5, 6, 7, 8, 9]


def test_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"digits.tar.xz has no file named like"):
        spoken_digits.read(pack(tmp_path / "digits.tar.xz", ["digits.csv"]))
