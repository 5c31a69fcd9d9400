"""Files: what is read when it is asked for, and what is passed over is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from photosearch.indexing.summary import Summary
from photosearch.library import Library
from tests.fakes import FakeDescriber
from tests.metadata.pictures import picture

_UNREAD = {
    ".jxl": ["a.jxl"], ".psd": ["a.psd", "b.PSD"], ".xcf": ["a.xcf"], ".svg": ["a.svg"],
    ".exr": ["deep/a.exr"],
}  # fmt: skip
_VIDEOS = ["a.mp4", "b.MOV", "deep/c.avi"]
_SILENT = ["notes.txt", "a.xmp", "photo.aae", "Thumbs.db", "readme.md"]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library.db")


def _index(library: Library, *paths: Path) -> Summary:
    return library.index([str(path) for path in paths], load=FakeDescriber, workers=0)


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    (folder / "photo.jpg").write_bytes(picture("jpeg", 1))
    for name in [*(each for names in _UNREAD.values() for each in names), *_VIDEOS, *_SILENT]:
        (folder / name).write_bytes(b"something else")
    return folder


@pytest.mark.parametrize("kind", [*_UNREAD, "video"], ids=lambda kind: f"files/counted/{kind}")
def test_what_is_passed_over_is_counted(kind: str, library: Library, tmp_path: Path) -> None:
    expected = len(_UNREAD.get(kind, _VIDEOS))
    summary = _index(library, _folder(tmp_path))
    assert summary.passed_over.get(kind) == expected
    assert library.stats()["passed_over"].get(kind) == expected


@pytest.mark.parametrize("run", [1, 2], ids=["files/counted/once", "files/counted/twice"])
def test_only_pictures_and_videos_are_counted(run: int, library: Library, tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    for _ in range(run):
        summary = _index(library, folder)
    assert sum(summary.passed_over.values()) == sum(map(len, _UNREAD.values())) + len(_VIDEOS)
    assert sum(library.stats()["passed_over"].values()) == sum(summary.passed_over.values())


@pytest.mark.parametrize(
    "name", ["photo", "photo.bin", "IMG_1.jpg_original"], ids=lambda name: f"files/asked/{name}"
)
def test_a_file_without_an_ending_is_read_when_asked(
    name: str, library: Library, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(picture("jpeg", 1))
    assert _index(library, path).captioned == 1
    assert _index(library, tmp_path).captioned == 0
