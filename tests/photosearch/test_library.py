"""The library as a whole: where it is, what it remembers, and what it doesn't import."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photosearch import Library, LibraryError, Result
from photosearch.index import Describer
from photosearch.library import ENVIRONMENT, default_path


@dataclass(frozen=True)
class Says:
    """A caption."""

    text: str
    log_probability: float = -1.0
    tokens: int = 3


class Describer8:
    """A describer that tells light from dark."""

    name, fingerprint, image_size = "fake", "f1", 8

    def caption_pixels(self, pixels: np.ndarray) -> list[list[Says]]:
        words = ["a dark room" if one.mean() < 128 else "a bright room" for one in pixels]
        return [[Says(text), Says("a room")] for text in words]


def unneeded() -> Describer:
    raise AssertionError("nothing is to be captioned")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "Photos"
    folder.mkdir()
    Image.new("RGB", (20, 10), "black").save(folder / "night.png")
    Image.new("RGB", (20, 10), "white").save(folder / "day.png")
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library.db") as library:
        yield library


def names(results: list[Result]) -> list[str]:
    return [os.path.basename(result.path) for result in results]


# Where


def test_the_environment_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photos: Path
) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "mine.db"))
    assert ENVIRONMENT == "PHOTOSEARCH_DB"
    assert default_path() == Library().path == str(tmp_path / "mine.db")
    Library().index([photos], load=Describer8, workers=0)
    assert (tmp_path / "mine.db").exists()
    assert Library(tmp_path / "other.db").path == str(tmp_path / "other.db")


@pytest.mark.parametrize("value", [None, ""])
def test_without_it_the_file_is_in_the_user_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv(ENVIRONMENT, raising=False)
    else:
        monkeypatch.setenv(ENVIRONMENT, value)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = Path(default_path())
    assert path.is_absolute()
    assert path.parts[-2:] == ("photosearch", "photosearch.db")
    if sys.platform == "linux":
        assert path == tmp_path / "photosearch" / "photosearch.db"
    assert list(tmp_path.iterdir()) == []  # naming makes nothing


def test_the_default_library_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photos: Path
) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    Library().index([photos], load=Describer8, workers=0)
    with Library() as library:
        assert names(library.find("dark")) == ["night.png"]


@pytest.mark.parametrize("command", ["find", "stats", "export"])
def test_a_missing_library_is_an_error_that_helps(tmp_path: Path, command: str) -> None:
    path = tmp_path / "none.db"
    library = Library(path)
    commands: dict[str, Callable[[], object]] = {
        "find": lambda: library.find("dog"),
        "stats": library.stats,
        "export": lambda: library.export(tmp_path / "x.csv"),
    }
    with pytest.raises(LibraryError) as caught:
        commands[command]()
    message = str(caught.value)
    assert str(path) in message
    assert "photosearch index FOLDER" in message
    assert len(message.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_library(tmp_path: Path, photos: Path) -> None:
    with pytest.raises(LibraryError):
        Library(tmp_path).find("dog")
    with pytest.raises(LibraryError):
        Library(tmp_path).index([photos], load=unneeded)


# Index, find, stats


def test_index_and_find(library: Library, photos: Path) -> None:
    summary = library.index([photos], load=Describer8, workers=0)
    assert (summary.captioned, summary.reached) == (2, 1)
    (result,) = library.find("a dark place")
    assert result.path == str(photos / "night.png")
    assert (result.caption, result.marks) == ("a dark room", [(2, 6)])
    assert result.matches == {"caption": ["dark"]}
    assert names(library.find("room", limit=1)) == ["day.png"]
    assert sorted(names(library.find("room", limit=None))) == ["day.png", "night.png"]
    assert library.find("zebra") == []


def test_index_without_folders_takes_those_it_knows(library: Library, photos: Path) -> None:
    assert library.index(load=unneeded, workers=0).reached == 0
    library.index([photos], load=Describer8, workers=0)
    Image.new("RGB", (9, 9), "black").save(photos / "new.png")
    (photos / "day.png").unlink()
    summary = library.index(load=Describer8, workers=0)
    assert (summary.captioned, summary.unchanged, summary.hidden) == (1, 1, 1)
    assert sorted(names(library.find("dark"))) == ["new.png", "night.png"]


def test_index_of_one_folder_leaves_the_others(
    library: Library, photos: Path, tmp_path: Path
) -> None:
    other = tmp_path / "Other"
    other.mkdir()
    Image.new("RGB", (9, 9), "black").save(other / "x.png")
    library.index([photos], load=Describer8, workers=0)
    library.index([other], load=Describer8, workers=0)
    assert sorted(names(library.find("room"))) == ["day.png", "night.png", "x.png"]
    assert library.stats()["folders"] == [str(other), str(photos)]
    assert library.index(load=unneeded, workers=0).unchanged == 3


@pytest.mark.parametrize("typed", ["Photos", "./Photos/", "Photos/../Photos", "Photos//"])
def test_folders_may_be_relative(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.chdir(photos.parent)
    library.index([typed], load=Describer8, workers=0)
    (result,) = library.find("dark")
    assert result.path == str(photos / "night.png")
    assert library.stats()["folders"] == [str(photos)]
    assert names(library.find("night")) == ["night.png"]
    monkeypatch.chdir("/")
    assert library.index(load=unneeded, workers=0).unchanged == 2


def test_an_open_library_sees_what_is_indexed(library: Library, photos: Path) -> None:
    library.index([photos], load=Describer8, workers=0)
    assert len(library.find("room")) == 2
    Image.new("RGB", (9, 9), "black").save(photos / "new.png")
    library.index(load=Describer8, workers=0)
    assert len(library.find("room")) == 3
    with Library(library.path) as other:
        (photos / "new.png").unlink()
        other.index(load=unneeded, workers=0)
    assert len(library.find("room")) == 2


def test_a_closed_library_opens_again_and_is_one_file(library: Library, photos: Path) -> None:
    library.index([photos], load=Describer8, workers=0)
    for _ in range(2):
        assert len(library.find("room")) == 2
        library.close()
    library.close()
    copy = shutil.copy(library.path, photos.parent / "copy.db")  # without -wal and -shm
    with Library(copy) as other:
        assert len(other.find("room")) == 2


def test_stats(library: Library, photos: Path) -> None:
    (photos / "bad.png").write_bytes(b"bad")
    library.index([photos], load=Describer8, workers=0)
    (photos / "day.png").unlink()
    library.index(load=unneeded, workers=0)
    stats = library.stats()
    size = stats.pop("bytes")
    assert size >= os.path.getsize(library.path) > 0
    assert stats == {
        "path": library.path,
        "photos": 1,
        "missing": 1,
        "captions": 4,
        "failures": 1,
        "folders": [str(photos)],
        "models": {"fake": 2},
    }


def test_an_unknown_device_is_a_value_error(library: Library, photos: Path) -> None:
    """The describer's own errors pass, and what was there stays."""

    def load() -> Describer:
        raise ValueError("no such device")

    with pytest.raises(ValueError, match="no such device"):
        library.index([photos], load=load, workers=0)
    assert library.stats()["photos"] == 0
    assert library.index([photos], load=Describer8, workers=0).captioned == 2


# Imports


def imported(code: str, *arguments: str | Path) -> list[str]:
    """Run code; return what it prints, and which of the heavy packages it imported."""
    heavy = ["torch", "torchvision", "timm", "sqlite_utils", "captioner"]
    code += f"\nimport sys; print(*[name for name in {heavy} if name in sys.modules])"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_finding_imports_no_model_and_no_migrations(library: Library, photos: Path) -> None:
    library.index([photos], load=Describer8, workers=0)
    library.close()
    code = """import sys, photosearch
(result,) = photosearch.Library(sys.argv[1]).find("dark room at night", 1)
print(result.path.rpartition("/")[2])"""
    assert imported(code, library.path) == ["night.png"]


def test_indexing_nothing_new_imports_no_model(library: Library, photos: Path) -> None:
    library.index([photos], load=Describer8, workers=0)
    library.close()
    code = """import sys, photosearch
library = photosearch.Library(sys.argv[1])
print(library.index().unchanged, library.index(sys.argv[2:]).unchanged)"""
    assert imported(code, library.path, photos) == ["2", "2"]
