"""What the catalog says about the files that it serves: for whom, how long, what they may do."""

import gzip
from pathlib import Path

import pytest

from functions.catalog import pages

PAGE = b"<!doctype html>"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "index.html.gz"
    path.write_bytes(gzip.compress(PAGE))
    return path


def test_files_are_found_by_the_paths_that_callers_use(tmp_path: Path) -> None:
    (tmp_path / "assets" / "0123").mkdir(parents=True)
    for name in ("index.html", "docs.html", "catalog.json", "assets/0123/app.js"):
        (tmp_path / f"{name}.gz").write_bytes(b"")
    assert set(pages.find(tmp_path)) == {"/", "/docs", "/catalog.json", "/assets/0123/app.js"}


@pytest.mark.parametrize(
    ("takes", "takes_not"), [("br, gzip", "br"), ("GZIP;q=0.1", "gzip;q=0"), ("*", "")]
)
def test_a_file_is_gzipped_for_whoever_takes_that(file: Path, takes: str, takes_not: str) -> None:
    packed = pages.answer("/", file, {"accept-encoding": takes})
    plain = pages.answer("/", file, {"accept-encoding": takes_not})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.body) == plain.body == PAGE
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert plain.media_type == "text/html; charset=utf-8"


def test_who_has_it_already_is_told_so(file: Path) -> None:
    tag = pages.answer("/", file, {}).headers["ETag"]
    again = pages.answer("/", file, {"if-none-match": tag})
    assert (again.status, again.body) == (304, b"")
    assert pages.answer("/", file, {"if-none-match": 'W/"0"'}).status == 200


def test_assets_are_kept_and_pages_are_asked_for_again(file: Path) -> None:
    assert "immutable" in pages.answer("/assets/0123/a.js", file, {}).headers["Cache-Control"]
    assert pages.answer("/", file, {}).headers["Cache-Control"] == "no-cache"


def test_nothing_runs_that_does_not_come_from_here(file: Path) -> None:
    headers = pages.answer("/", file, {}).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "://" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
