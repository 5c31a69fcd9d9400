"""The library as a whole: where it is, what it remembers, and what it doesn't import."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from captioner.describe.describer import Describer
from captioner.describe.description import PARTS, Caption, Description
from captioner.describe.quantise import quantise
from captioner.describe.sentence_encoder import SentenceEncoder
from photosearch import Library, LibraryError, Result
from photosearch.errors import MissingModelError, ModelError, UsageError
from photosearch.location import ENVIRONMENT, default_path
from photosearch.search.results import Nothing
from photosearch.store import database
from photosearch.store.library_model import remember


@dataclass
class Describer8:
    """A describer that tells light from dark, by words alone."""

    name: str = "fake"
    fingerprints: Mapping[str, str] = field(
        default_factory=lambda: {part: f"{part} 1" for part in PARTS}
    )
    image_size: int = 8
    batch_size: int = 32
    embeds: bool = False  # makes vectors: north is dark, east is bright

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> list[Description]:
        return [self._describe(one.mean() < 128) for one in pixels]

    def _describe(self, dark: bool) -> Description:
        text = "a dark room" if dark else "a bright room"
        vector = quantise(NORTH if dark else EAST).tobytes() if self.embeds else None
        return Description([Caption(text, -1.0, 3), Caption("a room", -1.0, 3)], [], vector)


def Seer() -> Describer:
    """Give a describer that makes vectors too."""
    return Describer8(embeds=True)


NORTH, EAST = np.eye(2, 8, dtype=np.float32)


@dataclass
class Compass:
    """A sentence encoder that knows two directions."""

    fingerprint: str = "vectors 1"
    background: np.ndarray = field(
        default_factory=lambda: quantise(np.random.default_rng(1).normal(0, 0.1, (50, 8)))
    )
    background_hubness: np.ndarray = field(default_factory=lambda: np.zeros(50, np.float32))
    ranking: Mapping[str, float] = field(default_factory=lambda: {"min_score": 0.1})
    background_words: None = None

    def pieces(self, word: str) -> int:
        return 1

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        return np.stack([NORTH if "gloomy" in text else EAST for text in sentences])


def compass(**values: Any) -> SentenceEncoder:
    return cast(SentenceEncoder, Compass(**values))


def unneeded() -> Describer:
    raise AssertionError("nothing is to be captioned")


def no_encoder() -> SentenceEncoder:
    raise AssertionError("there are no vectors")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "Photos"
    folder.mkdir()
    Image.new("RGB", (20, 10), "black").save(folder / "night.png")
    Image.new("RGB", (20, 10), "white").save(folder / "day.png")
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library.db", load_encoder=no_encoder) as library:
        yield library


def names(results: Sequence[Result]) -> list[str]:
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


@pytest.mark.parametrize("command", ["find", "stats", "export", "edit", "searcher"])
def test_a_missing_library_is_an_error_that_helps(tmp_path: Path, command: str) -> None:
    path = tmp_path / "none.db"
    library = Library(path)
    commands: dict[str, Callable[[], object]] = {
        "find": lambda: library.find("dog"),
        "stats": library.stats,
        "export": lambda: library.export(tmp_path / "x.csv"),
        "edit": lambda: library.edit(tmp_path / "x.jpg", "a dog"),
        "searcher": library.searcher,
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


# Meaning


@pytest.fixture
def seeing(tmp_path: Path, photos: Path) -> Iterator[Library]:
    """A library of photos that have vectors."""
    with Library(tmp_path / "library.db", load_encoder=compass) as library:
        library.index([photos], load=Seer, workers=0)
        yield library


def test_photos_are_found_by_what_they_show(seeing: Library) -> None:
    assert names(seeing.find("gloomy")) == ["night.png"]
    assert names(seeing.find("sunny")) == ["day.png"]
    assert seeing.find("gloomy", ranker="bm25+") == seeing.find("gloomy", ranker="fts5") == []
    assert names(seeing.find("gloomy room", min_score=0)) == ["night.png", "day.png"]


def test_the_encoder_is_loaded_once_and_only_for_vectors(tmp_path: Path, photos: Path) -> None:
    loads: list[int] = []

    def load() -> SentenceEncoder:
        loads.append(1)
        return compass()

    with Library(tmp_path / "library.db", load_encoder=load) as library:
        library.index([photos], load=Describer8, workers=0)
        assert names(library.find("dark")) == ["night.png"]
        assert loads == []
        library.index(load=Seer, workers=0, force=True)
        for _ in range(2):
            assert names(library.find("gloomy")) == ["night.png"]
            library.close()
        library.edit(photos / "day.png", "my desk")
        assert names(library.find("gloomy")) == ["night.png"]
        assert loads == [1]


@pytest.mark.parametrize("name", ["night.png", "day.png"])
def test_a_photo_is_like_others_and_not_found_itself(
    seeing: Library, photos: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        shutil.copy(photos / "night.png", photos / f"night {number}.png")
        shutil.copy(photos / "day.png", photos / f"day {number}.png")
    seeing.index(load=Seer, workers=0)
    alike = [f"{name[:-4]} {number}.png" for number in range(3)]
    monkeypatch.chdir(photos)
    for like in (photos / name, name, f"../Photos/{name}"):
        assert sorted(names(seeing.find(like=like))) == alike
    assert len(seeing.find(like=name, limit=None, min_score=0)) == 7
    for limit in (0, 1, 2):
        assert len(seeing.find(like=name, limit=limit)) == limit
    assert seeing.find(like=name, limit=-1) == []


def test_hits_count_the_photos_that_words_alone_can_find(
    seeing: Library, photos: Path, tmp_path: Path
) -> None:
    assert seeing.find("room").words_only == 0
    Image.new("RGB", (9, 9), "black").save(photos / "new.png")
    seeing.index(load=Describer8, workers=0)
    assert seeing.find("room").words_only == 1
    assert seeing.find("room", ranker="bm25+").words_only == 0  # it asks for no vectors
    (photos / "night.png").unlink()
    seeing.index(load=unneeded, workers=0)
    assert seeing.find("room").words_only == 1
    (photos / "day.png").unlink()
    seeing.index(load=unneeded, workers=0)
    assert seeing.find("room").words_only == 1
    newer = Library(seeing.path, load_encoder=lambda: compass(fingerprint="vectors 2"))
    with newer:
        assert newer.find("room").words_only == 1
        assert names(newer.find("dark")) == ["new.png"]


def test_words_alone_find_all_where_there_are_no_vectors(library: Library, photos: Path) -> None:
    library.index([photos], load=Describer8, workers=0)
    assert library.find("room").words_only == 2
    shutil.rmtree(photos)
    photos.mkdir()
    (photos / "notes.txt").touch()
    library.index(load=unneeded, workers=0)
    hits = library.find("room")
    assert (hits.words_only, hits.nothing) == (0, Nothing.ALL_GONE)


def test_a_photo_outside_the_library_is_told_and_looked_at(
    seeing: Library, photos: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.png"
    shutil.copy(photos / "night.png", outside)
    said: list[str] = []
    hits = seeing.find(like=outside, load=Seer, notify=said.append)
    assert names(hits) == ["night.png"]
    assert len(said) == 1 and str(outside) in said[0] and "not in the library" in said[0]
    alike = seeing.find(like=photos / "night.png", notify=said.append)
    assert (names(alike.sure), names(alike.perhaps)) == ([], ["day.png"])
    assert len(said) == 1  # nothing takes long there
    (tmp_path / "text.jpg").write_text("no photo")
    for name, message in (("nowhere.png", "no photo at"), ("text.jpg", "text.jpg")):
        with pytest.raises(UsageError, match=message):
            seeing.find(like=tmp_path / name, load=Seer)


def test_words_rank_while_the_folder_of_the_model_is_gone(
    seeing: Library, photos: Path, tmp_path: Path
) -> None:
    with contextlib.closing(database.open_for_writing(seeing.path)) as connection:
        remember(connection, seeing.path, tmp_path / "unplugged")
    said: list[str] = []
    with Library(seeing.path) as library:
        hits = library.find("dark", notify=said.append)
        assert (names(hits), hits.words_only) == (["night.png"], 0)
        (line,) = said
        assert "words alone rank" in line and str(tmp_path / "unplugged") in line
        assert "photosearch index --model FOLDER" in line
        assert names(library.find("dark", ranker="bm25+", notify=said.append)) == ["night.png"]
        assert len(said) == 1  # this ranker asks for no vectors
        for asked in ({"query": "dark", "ranker": "meaning"}, {"like": photos / "day.png"}):
            with pytest.raises(MissingModelError):
                library.find(**asked)
        with pytest.raises(MissingModelError):
            library.check_model()
    named = Library(seeing.path, model=tmp_path / "nowhere")
    with named, pytest.raises(ModelError, match="nowhere"):  # a person named it just now
        named.find("dark")


def test_like_takes_what_can_be_a_name(seeing: Library, photos: Path) -> None:
    with pytest.raises(UsageError, match="holds a NUL character"):
        seeing.find(like="\0")
    with pytest.raises(UsageError, match="no photo at"):
        seeing.find(like=b"x", load=Seer)  # type: ignore[arg-type]
    known = photos / "night.png"
    assert seeing.find(like=os.fsencode(known)) == seeing.find(like=known)  # type: ignore[arg-type]


def test_weights_of_other_names_are_told(seeing: Library) -> None:
    ranking = {"sense": 1.0}
    other = Library(seeing.path, load_encoder=lambda: compass(ranking=ranking))
    with (
        other,
        pytest.raises(ModelError, match=r"unknown weights for ranking: sense: take them out"),
    ):
        other.find("gloomy")


def test_an_unknown_ranker_or_field_is_wrong_use(library: Library, photos: Path) -> None:
    library.index([photos], load=Describer8, workers=0)
    with pytest.raises(UsageError, match="min_score is not a number"):
        library.find("dark", min_score=float("nan"))
    with pytest.raises(UsageError, match="fused, meaning"):
        library.find("dark", ranker="pagerank")
    with pytest.raises(UsageError, match="mood"):
        library.find("dark", fields=["caption", "mood"])


# A person's own captions


def test_an_edit_is_shown_and_found_and_can_be_taken_back(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.index([photos], load=Describer8, workers=0)
    assert library.find("attic") == []
    library.edit(photos / "night.png", "  Our\n attic\t at\u00a0night ")
    (result,) = library.find("attic")
    assert result.caption == "Our attic at night"
    assert result.matches == {"caption": ["attic"]}
    (result,) = library.find("dark")
    assert result.matches == {"alternatives": ["dark"]}
    monkeypatch.chdir(photos)
    library.edit("night.png", "Our cellar")
    assert library.find("attic") == []
    assert names(library.find("cellar")) == ["night.png"]
    library.edit("./night.png", None)
    library.edit("night.png", None)  # nothing is left to take back
    assert library.find("cellar") == []
    assert library.find("dark")[0].caption == "a dark room"


@pytest.mark.parametrize("caption", ["", " ", "\n\t"])
def test_an_empty_edit_is_a_value_error(library: Library, photos: Path, caption: str) -> None:
    library.index([photos], load=Describer8, workers=0)
    with pytest.raises(ValueError, match="empty"):
        library.edit(photos / "night.png", caption)
    assert library.find("dark")[0].caption == "a dark room"


@pytest.mark.parametrize("caption", ["a dog", None])
def test_an_edit_of_an_unknown_photo_is_a_value_error(
    library: Library, photos: Path, caption: str | None
) -> None:
    library.index([photos], load=Describer8, workers=0)
    for path in (photos / "never.png", photos, "night.png"):
        with pytest.raises(ValueError, match=r"not in the library.*index its folder"):
            library.edit(path, caption)
    assert library.find("dog") == []


def test_after_each_change_the_file_alone_is_a_whole_copy(
    library: Library, photos: Path, tmp_path: Path
) -> None:
    library.index([photos], load=Describer8, workers=0)
    library.find("dark")  # a reader that stays open
    moved = tmp_path / "moved"

    def copy_is_whole(number: int) -> None:
        copy = Library(shutil.copyfile(library.path, tmp_path / f"copy-{number}.db"))
        assert copy.stats()["photos"] == library.stats()["photos"]
        assert names(copy.find("attic")) == names(library.find("attic"))

    library.edit(photos / "night.png", "our attic")
    copy_is_whole(1)
    photos.rename(moved)
    library.relocate(photos, moved)
    copy_is_whole(2)
    library.forget(moved / "night.png")
    copy_is_whole(3)


def test_an_edit_is_exported(library: Library, photos: Path, tmp_path: Path) -> None:
    library.index([photos], load=Describer8, workers=0)
    library.edit(photos / "night.png", "our attic")
    assert library.export(tmp_path / "x.csv") == 2
    assert "our attic,our attic,,2" in (tmp_path / "x.csv").read_text()


def test_control_characters_in_an_edit_are_no_marks(library: Library, photos: Path) -> None:
    library.index([photos], load=Describer8, workers=0)
    library.edit(photos / "night.png", "the \x02cat\x03 and a dog")
    (result,) = library.find("dog")
    assert result.matches == {"caption": ["dog"]}


# Imports


def imported(code: str, *arguments: str | Path) -> list[str]:
    """Run code; return what it prints, and which of the heavy packages it imported."""
    heavy = ["torch", "torchvision", "timm", "sqlite_utils", "onnxruntime", "tokenizers"]
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


# What can't be read, what is gone, who else is at work


def test_what_cant_be_read_is_listed_and_tried_again(library: Library, photos: Path) -> None:
    (photos / "empty.jpg").touch()
    assert library.index([photos], load=Describer8, workers=0).failed == 1
    (failure,) = library.failures()
    assert (failure["path"], failure["reason"]) == (str(photos / "empty.jpg"), "empty file")
    assert failure["stage"] == "decode"
    assert failure["first_at"] <= failure["last_at"]
    again = library.index([photos], load=unneeded, workers=0)
    assert (again.failed, again.failed_before) == (0, 1)
    retried = library.index([photos], load=Describer8, workers=0, retry=True)
    assert (retried.failed, retried.failed_before, retried.unchanged) == (1, 0, 2)
    Image.new("RGB", (20, 10), "red").save(photos / "empty.jpg")
    library.index([photos], load=Describer8, workers=0)
    assert library.failures() == []


def assert_sound(library: Library) -> None:
    with contextlib.closing(sqlite3.connect(library.path)) as connection:
        check = "INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)"
        connection.execute(check)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_only_prune_forgets_and_only_what_is_gone(
    library: Library, photos: Path, tmp_path: Path
) -> None:
    drive = tmp_path / "drive"
    drive.mkdir()
    Image.new("RGB", (20, 11), "black").save(drive / "far.png")
    library.index([photos, drive], load=Describer8, workers=0)
    library.edit(photos / "night.png", "the night of the fire")
    (photos / "night.png").unlink()
    (drive / "far.png").rename(tmp_path / "elsewhere.png")
    (drive / "notes.txt").touch()
    summary = library.index(load=unneeded, workers=0)
    assert summary.hidden == 2
    (drive / "notes.txt").unlink()
    # An empty folder may be the place of a drive that isn't plugged in.
    assert library.prune(dry_run=True) == 1
    assert library.stats()["missing"] == 2
    assert library.prune() == 1
    assert library.stats()["missing"] == 1
    assert library.prune() == 0
    assert_sound(library)
    with contextlib.closing(sqlite3.connect(library.path)) as connection:
        assert connection.execute("SELECT count(*) FROM edits").fetchone() == (0,)
    (tmp_path / "elsewhere.png").rename(drive / "far.png")
    assert library.index(load=unneeded, workers=0).returned == 1


@pytest.mark.parametrize("name", ["", "//"])
def test_an_empty_name_is_no_folder(library: Library, photos: Path, name: str) -> None:
    library.index([photos], load=Describer8, workers=0)
    before = library.stats()["photos"]
    if name:
        library.index([f"/{photos}"], load=unneeded, workers=0)
        assert library.stats()["folders"] == [str(photos)]
    else:
        for act in (library.forget, lambda name: library.index([name], load=unneeded)):
            with pytest.raises(ValueError, match="an empty name"):
                act(name)
    assert library.stats()["photos"] == before > 0


def test_a_folder_behind_a_link_is_one_folder(library: Library, photos: Path) -> None:
    """As ~/Pictures is that leads to a larger disk; the shell tells the real folder there."""
    link = photos.with_name("Pictures")
    link.symlink_to(photos)
    library.index([link], load=Describer8, workers=0)
    before = library.stats()
    summary = library.index([photos], load=unneeded, workers=0)
    assert (summary.unchanged, summary.copied) == (before["photos"], 0)
    assert library.stats()["folders"] == [str(link)]
    library.edit(photos / "night.png", "the night of the fire")
    assert library.find("fire", ranker="fts5")[0].path == str(link / "night.png")
    assert library.forget(photos) == before["photos"]


def test_prune_keeps_what_is_there_or_out_of_reach(library: Library, photos: Path) -> None:
    library.index([photos], load=Describer8, workers=0)
    hidden = photos.with_name("away")
    (photos / "day.png").rename(photos / "day.old")
    library.index(load=unneeded, workers=0)
    (photos / "day.old").rename(photos / "day.png")
    assert library.prune() == 0  # it is back, though no run has seen it yet
    (photos / "day.png").unlink()
    photos.rename(hidden)
    assert library.prune() == 0  # the whole folder is out of reach
    hidden.rename(photos)
    assert library.prune() == 1


def test_a_folder_is_forgotten_whole(library: Library, photos: Path, tmp_path: Path) -> None:
    other = tmp_path / "Photos 2"  # begins like the other's name
    other.mkdir()
    Image.new("RGB", (20, 10), "black").save(other / "night.png")
    (photos / "empty.jpg").touch()
    library.index([photos, other], load=Describer8, workers=0)
    assert library.forget(photos) == 2
    assert library.failures() == []
    assert library.stats()["folders"] == [str(other)]
    assert names(library.find("dark", ranker="fts5")) == ["night.png"]
    assert_sound(library)
    with pytest.raises(ValueError, match="not in the library"):
        library.forget(photos)
    assert (photos / "night.png").exists()


def test_a_second_indexer_is_refused_and_finding_goes_on(
    library: Library, photos: Path, tmp_path: Path
) -> None:
    library.index([photos], load=Describer8, workers=0)
    Image.new("RGB", (20, 11), "black").save(photos / "new.png")
    refused: list[str] = []

    def load() -> Describer:
        """Look at the library as others would while this one is at work."""
        with Library(library.path, load_encoder=no_encoder) as other:
            for action in (lambda: other.index([photos], load=unneeded), other.prune):
                with pytest.raises(LibraryError, match="another photosearch is at work") as info:
                    action()
                refused.append(str(info.value))
            assert names(other.find("dark", ranker="fts5")) == ["night.png"]
        return Describer8()

    assert library.index([photos], load=load, workers=0).captioned == 1
    assert len(refused) == 2 and all(library.path in text for text in refused)
    assert library.index([photos], load=unneeded, workers=0).captioned == 0  # let go


def test_a_library_that_is_removed_meanwhile_is_told(tmp_path: Path) -> None:
    photos, path = tmp_path / "photos", tmp_path / "library.db"
    photos.mkdir()
    Image.new("RGB", (8, 8)).save(photos / "a.png")

    def load() -> Describer:
        path.unlink()
        return Describer8()

    with pytest.raises(LibraryError, match="was removed while it was written"):
        Library(path).index([photos], load=load, workers=0)
    assert Library(path).index([photos], load=Describer8, workers=0).captioned == 1


def test_roots_above_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    library = Library(tmp_path / "library.db")
    library.index([tmp_path / "a"], load=Describer8, workers=0)
    assert library.root_above(tmp_path / "a" / "b") == str(tmp_path / "a")
    assert library.root_above(tmp_path / "a") is library.root_above(tmp_path / "c") is None
