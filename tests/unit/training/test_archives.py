import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from training.datasets import archives
from training.datasets.archives import Archive, ArchiveError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that FLOTILLA_DATA names, with an empty cache beside it."""
    monkeypatch.setenv("FLOTILLA_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(content), kind, "/etc/passwd"
    return info


def packed(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


def archive_of(path: Path, url: str = "") -> Archive:
    return Archive(path.name, f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}", url)


def test_a_local_archive_is_found_before_anything_is_downloaded(place: Path) -> None:
    (place / "data.bin").write_bytes(b"rows")
    known = archive_of(place / "data.bin")
    elsewhere = Archive("other.bin", known.checksum, "https://nowhere.invalid/other.bin")
    assert archives.find(elsewhere, known) == place / "data.bin"


def test_a_wrong_checksum_is_refused_and_named(place: Path) -> None:
    (place / "data.bin").write_bytes(b"rows")
    with pytest.raises(ArchiveError, match=r"data\.bin has md5 .*, expected 00"):
        archives.find(Archive("data.bin", "md5:00"))


def test_what_is_nowhere_says_where_to_put_it(place: Path) -> None:
    with pytest.raises(ArchiveError, match=r"data\.bin is missing: set FLOTILLA_DATA"):
        archives.find(Archive("data.bin", "md5:00"))


def test_nothing_is_fetched_but_over_https(place: Path) -> None:
    with pytest.raises(ArchiveError, match="no https"):
        archives.find(Archive("data.bin", "md5:00", (place / "data.bin").as_uri()))


def test_a_failed_download_leaves_nothing_that_passes_for_data(place: Path) -> None:
    known = Archive("data.bin", "md5:00", "https://localhost:1/data.bin")
    with pytest.raises(ArchiveError, match="cannot be fetched"):
        archives.find(known)
    assert not (archives.cache() / "data.bin").exists()


def test_files_are_read_in_order_and_folders_left_out(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "a.tar.gz",
        (member("b", kind=tarfile.DIRTYPE), b""),
        (member("b/two.txt", b"2"), b"2"),
        (member("a.txt", b"1"), b"1"),
    )
    assert list(archives.files(path)) == [("b/two.txt", b"2"), ("a.txt", b"1")]


def test_extracting_writes_the_same_files(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar.gz", (member("b/two.txt", b"2"), b"2"))
    archives.extract(path, tmp_path / "out")
    assert (tmp_path / "out" / "b" / "two.txt").read_bytes() == b"2"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../up.txt", tarfile.REGTYPE),
        ("/etc/x", tarfile.REGTYPE),
        ("link", tarfile.SYMTYPE),
        ("hard", tarfile.LNKTYPE),
        ("pipe", tarfile.FIFOTYPE),
    ],
)
def test_whatever_could_lead_outside_is_refused(tmp_path: Path, name: str, kind: bytes) -> None:
    path = packed(tmp_path / "a.tar.gz", (member(name, kind=kind), b""))
    with pytest.raises(ArchiveError, match=name):
        archives.extract(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar.gz", (member("zeros", bytes(2000)), bytes(2000)))
    with pytest.raises(ArchiveError, match="more than 1000 bytes"):
        list(archives.files(path, largest_bytes=1000))
