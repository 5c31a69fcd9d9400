"""What people wrote about photos: kept, shown, found, exported, and read again when it changes."""

import csv
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image

from photosearch import database
from photosearch.descriptions import write_edit
from photosearch.export import export
from photosearch.index import Describer, IndexConfig, index
from photosearch.search import Request, Result, Searcher
from photosearch.summary import Summary
from tests.photosearch.packets import ALT_TEXT, packet
from tests.photosearch.test_index import FINGERPRINTS, Namer

TEXTS = {"dc:title": "Swallows", "dc:description": "Our old wall", ALT_TEXT: "Ann on a ladder"}


class Album:
    """A folder of photos in one colour each, and its library."""

    def __init__(self, home: Path) -> None:
        self.photos = home / "Photos"
        self.photos.mkdir()
        self.connection: sqlite3.Connection = database.open_for_writing(str(home / "library.db"))
        self.clock = 10**18

    def photo(self, name: str, colour: str = "red", xmp: bytes = b"") -> str:
        Image.new("RGB", (24, 16), colour).save(self.photos / name, xmp=xmp)
        return self.dated(name)

    def sidecar(self, name: str, raw: bytes) -> str:
        (self.photos / name).write_bytes(raw)
        return self.dated(name)

    def dated(self, name: str) -> str:
        self.clock += 10**9
        os.utime(self.photos / name, ns=(self.clock, self.clock))
        return str(self.photos / name)

    def index(self, describer: Describer | None = None, **config: bool) -> Summary:
        def load() -> Describer:
            assert describer is not None, "nothing is to be captioned"
            return describer

        settings = IndexConfig(workers=0, **config)  # type: ignore[arg-type]
        return index(self.connection, [str(self.photos)], load, settings, None, FINGERPRINTS)

    def find(self, query: str) -> list[Result]:
        return Searcher(self.connection, lambda: None).find(Request(query))

    def row(self, table: str, columns: str = "*") -> tuple[object, ...] | None:
        """The only row of a table."""
        row: tuple[object, ...] | None
        row = self.connection.execute(f"SELECT {columns} FROM {table}").fetchone()
        return row

    def exported(self) -> Mapping[str, str]:
        file = self.photos.with_name("out.csv")
        assert export(self.connection, str(file)) == 1
        (row,) = csv.DictReader(file.read_text("utf-8").splitlines())
        return row


@pytest.fixture
def album(tmp_path: Path) -> Iterator[Album]:
    album = Album(tmp_path)
    yield album
    album.connection.close()


def test_the_most_telling_of_what_was_written_is_shown(album: Album) -> None:
    texts = dict(TEXTS)
    for name, shown in [(ALT_TEXT, 2), ("dc:description", 1), ("dc:title", 0), ("", -1)]:
        album.photo("a.jpg", xmp=packet(texts))
        album.index(Namer())
        (result,) = album.find("red wall")
        row = album.exported()
        expected = list(TEXTS.values())[shown] if shown >= 0 else "a red wall"
        assert result.caption == row["caption"] == expected
        assert row["alt_text"] == (expected if shown > 0 else "A red wall.")
        assert bool(row["confidence"]) == bool(row["model"]) == (shown < 0)
        if shown >= 0:
            (alternatives,) = album.row("search", "alternatives") or ()
            assert str(alternatives).splitlines()[0] == "a red wall"
        texts.pop(name, None)
    assert album.row("written") is None  # a row only where something is


def test_a_person_who_edits_has_the_last_word(album: Album) -> None:
    path = album.photo("a.jpg", xmp=packet(TEXTS))
    album.index(Namer())
    write_edit(album.connection, path, "Ann, 1999")
    album.index(Namer(), force=True)
    (result,) = album.find("ladder")  # still found by what is in the file
    assert (result.caption, result.matches) == ("Ann, 1999", {"description": ["ladder"]})
    assert album.exported()["alt_text"] == album.exported()["caption"] == "Ann, 1999"
    write_edit(album.connection, path, None)
    assert album.find("ladder")[0].caption == "Ann on a ladder"


def test_written_words_are_found_and_told_and_exported(album: Album) -> None:
    raw = packet(TEXTS, {"dc:subject": ["barn", "=summer"]}, {"xmp:Rating": "5"})
    album.photo("a.jpg", xmp=raw)
    album.index(Namer())
    for word, columns in [
        ("swallows", ["title"]), ("old", ["description"]), ("ladder", ["caption", "description"]),
        ("barn", ["keywords"]), ("summer", ["keywords"]), ("red", ["alternatives", "tags"]),
    ]:  # fmt: skip
        (result,) = album.find(word)
        assert result.matches == {column: [word] for column in columns}
    row = album.exported()
    assert (row["title"], row["keywords"], row["rating"]) == ("Swallows", "barn; =summer", "5")


@pytest.mark.parametrize("name", list(TEXTS))
def test_what_people_wrote_ranks_above_what_the_model_says(album: Album, name: str) -> None:
    album.photo("model.jpg", "red")
    album.photo("person.jpg", "blue", packet({name: "Something red"}))
    album.photo("keyword.jpg", "blue", packet(lists={"dc:subject": ["red"]}))
    album.index(Namer())
    searcher = Searcher(album.connection, lambda: None)
    photos = dict(album.connection.execute("SELECT display, id FROM photos").fetchall())
    numbers = [photos[str(album.photos / f"{n}.jpg")] for n in ("model", "person", "keyword")]
    _, own = searcher.word_shares(numbers, ["red"], None)
    assert own.tolist() == [0.0, 1.0, 1.0]
    _, own = searcher.word_shares(numbers, ["red"], ["caption"])
    assert own.tolist() == [0.0, 1.0, 0.0]  # a caption by a person is no model's


def test_a_sidecar_beats_what_is_embedded(album: Album) -> None:
    album.photo("a.jpg", xmp=packet(TEXTS, {"dc:subject": ["barn"]}))
    album.sidecar("A.XMP", packet({"dc:title": "Martins"}, attributes={"xmp:Rating": "-1"}))
    album.index(Namer())
    assert album.row("written", "title, description, alt_text, keywords, rating") == (
        "Martins", "Our old wall", "Ann on a ladder", "barn", -1
    )  # fmt: skip


def test_a_changed_sidecar_is_read_without_captioning(album: Album) -> None:
    album.photo("a.jpg")
    album.photo("b.jpg", "blue")
    album.index(Namer())
    captions = album.connection.execute("SELECT * FROM captions").fetchall()
    steps: list[tuple[bytes | None, str]] = [
        (packet({"dc:title": "Rome"}), "Rome"), (packet({"dc:title": "Oslo"}), "Oslo"),
        (b"<broken", "a red wall"), (packet(TEXTS), "Ann on a ladder"), (None, "a red wall"),
    ]  # fmt: skip
    for raw, shown in steps:
        if raw is None:
            (album.photos / "a.xmp").unlink()
        else:
            album.sidecar("a.xmp", raw)
        summary = album.index()  # without a model
        assert (summary.reread, summary.captioned, summary.unchanged) == (1, 0, 1)
        assert album.find("red")[0].caption == shown
        assert album.index().unchanged == 2
    assert album.connection.execute("SELECT * FROM captions").fetchall() == captions
    assert album.row("runs", "sum(captioned)") == (2,)


def test_a_file_that_is_spoilt_beside_a_changed_sidecar_is_told(album: Album) -> None:
    path = Path(album.photo("a.jpg"))
    album.index(Namer())
    status = path.stat()
    path.write_bytes(b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    album.sidecar("a.xmp", packet(TEXTS))
    assert (album.index().failed, album.index().failed_before) == (1, 1)


def test_dates_come_from_the_best_source(album: Album) -> None:
    album.photo("IMG_20190704_123456.jpg")
    album.index(Namer())
    (result,) = album.find("red")
    assert (result.taken_at, result.taken_from) == ("2019-07-04T12:34:56", "name")
    album.sidecar(
        "IMG_20190704_123456.xmp", packet(attributes={"photoshop:DateCreated": "1931-05"})
    )
    album.index()
    (result,) = album.find("red")
    assert (result.taken_at, result.taken_from) == ("1931-05", "xmp")
    row = album.exported()
    assert (row["taken_at"], row["taken_from"]) == ("1931-05", "xmp")
    assert album.row("written") is None  # a date is no text


def test_results_can_be_told_to_programs(album: Album) -> None:
    from photosearch.cli.finding import as_record

    album.photo("a.jpg", xmp=packet(TEXTS))
    album.index(Namer())
    record = json.loads(json.dumps(as_record(album.find("swallows")[0])))
    assert record["matches"] == {"title": ["swallows"]}
    assert record["taken_from"] == "file" and record["taken_at"].startswith("2001-09-")
