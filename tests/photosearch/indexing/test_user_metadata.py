"""What people wrote about photos: indexed, found, exported, and read again."""

import csv
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from captioner.describe.describer import Describer
from captioner.describe.description import Caption, Description, Tag
from photosearch.cli.find import as_record
from photosearch.export import export
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.run import index
from photosearch.indexing.summary import Summary
from photosearch.search.query import Query
from photosearch.search.results import Hits
from photosearch.search.searcher import Searcher
from photosearch.search.stems import Stemmer
from photosearch.search.wording import word_scores
from photosearch.store import database
from photosearch.store.edits import write_edit
from tests.fakes import Diary, FakeDescriber, unneeded

ALT_TEXT = "Iptc4xmpCore:AltTextAccessibility"
Packet = Callable[..., bytes]


TEXTS = {"dc:title": "Swallows", "dc:description": "Our old wall", ALT_TEXT: "Ann on a ladder"}


def red_or_blue(pixels: np.ndarray) -> Description:
    """See whether a photo is red."""
    colour = "red" if pixels[..., 0].mean() > 128 else "blue"
    captions = [Caption(f"a {colour} wall", -1.0, 4, 0.75), Caption(f"{colour} paint", -2.0, 3)]
    return Description(captions, [Tag(colour, 0.75, True)], b"vector")


def namer() -> FakeDescriber:
    """Load a describer of new photos."""
    return FakeDescriber(red_or_blue)


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

    def index(self, describer: Describer | None = None, **config: Any) -> Summary:
        def load() -> Describer:
            assert describer is not None, "nothing is to be captioned"
            return describer

        settings = IndexOptions(workers=0, **config)
        return index(
            self.connection, [str(self.photos)], load, settings, None, namer().fingerprints
        )

    def find(self, query: str) -> Hits:
        return Searcher(self.connection, lambda: None).find(Query(query))

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


def test_the_most_telling_of_what_was_written_is_shown(album: Album, packet: Packet) -> None:
    texts = dict(TEXTS)
    for name, shown in [(ALT_TEXT, 2), ("dc:description", 1), ("dc:title", 0), ("", -1)]:
        album.photo("a.jpg", xmp=packet(texts))
        album.index(namer())
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
    assert album.row("user_metadata") is None  # a row only where something is


def test_a_person_who_edits_has_the_last_word(album: Album, packet: Packet) -> None:
    path = album.photo("a.jpg", xmp=packet(TEXTS))
    album.index(namer())
    write_edit(album.connection, path, "Ann, 1999")
    album.index(namer(), force=True)
    (result,) = album.find("ladder")  # still found by what is in the file
    assert (result.caption, result.matches) == ("Ann, 1999", {"description": ["ladder"]})
    assert album.exported()["alt_text"] == album.exported()["caption"] == "Ann, 1999"
    write_edit(album.connection, path, None)
    assert album.find("ladder")[0].caption == "Ann on a ladder"


def test_written_words_are_found_and_told_and_exported(album: Album, packet: Packet) -> None:
    raw = packet(TEXTS, {"dc:subject": ["barn", "=summer"]}, {"xmp:Rating": "5"})
    album.photo("a.jpg", xmp=raw)
    album.index(namer())
    for word, columns in [
        ("swallows", ["title"]), ("old", ["description"]), ("ladder", ["caption", "description"]),
        ("barn", ["keywords"]), ("summer", ["keywords"]), ("red", ["alternatives", "tags"]),
    ]:  # fmt: skip
        (result,) = album.find(word)
        assert result.matches == {column: [word] for column in columns}
    row = album.exported()
    assert (row["title"], row["keywords"], row["rating"]) == ("Swallows", "barn; =summer", "5")


@pytest.mark.parametrize("name", list(TEXTS))
def test_what_people_wrote_ranks_above_what_the_model_says(
    album: Album, name: str, packet: Packet
) -> None:
    album.photo("model.jpg", "red")
    album.photo("person.jpg", "blue", packet({name: "Something red"}))
    album.photo("keyword.jpg", "blue", packet(lists={"dc:subject": ["red"]}))
    album.index(namer())
    photos = dict(album.connection.execute("SELECT display, id FROM photos").fetchall())
    numbers = [photos[str(album.photos / f"{n}.jpg")] for n in ("model", "person", "keyword")]
    ids = np.array(numbers)
    _, by_person = word_scores(album.connection, Stemmer(), ids, Query("red"))
    assert by_person.tolist() == [0.0, 1.0, 1.0]
    _, by_person = word_scores(album.connection, Stemmer(), ids, Query("red", fields=["caption"]))
    assert by_person.tolist() == [0.0, 1.0, 0.0]  # a caption by a person is no model's


def test_a_sidecar_beats_what_is_embedded(album: Album, packet: Packet) -> None:
    album.photo("a.jpg", xmp=packet(TEXTS, {"dc:subject": ["barn"]}))
    album.sidecar("A.XMP", packet({"dc:title": "Martins"}, attributes={"xmp:Rating": "-1"}))
    album.index(namer())
    assert album.row("user_metadata", "title, description, alt_text, keywords, rating") == (
        "Martins", "Our old wall", "Ann on a ladder", "barn", -1
    )  # fmt: skip


def test_a_changed_sidecar_is_read_without_captioning(album: Album, packet: Packet) -> None:
    album.photo("a.jpg")
    album.photo("b.jpg", "blue")
    album.index(namer())
    captions = album.connection.execute("SELECT * FROM captions").fetchall()
    steps: list[tuple[bytes | None, str]] = [
        (packet({"dc:title": "Rome"}), "Rome"), (packet({"dc:title": "Oslo"}), "Oslo"),
        (b"<broken", "Oslo"), (packet(TEXTS), "Ann on a ladder"), (None, "a red wall"),
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


def test_damaged_words_in_a_photo_are_told_until_they_are_mended(
    album: Album, packet: Packet
) -> None:
    album.photo("blue.jpg", "blue")
    path = album.photo("a.jpg", xmp=packet({"dc:title": "Rome"}) + b"leftover")
    assert (album.index(namer()).failed, album.find("red")[0].caption) == (0, "Rome")
    assert album.row("failures", "display, stage") == (path, "metadata")
    for metadata in (False, True):
        summary = album.index(retry=True, metadata=metadata)
        assert (summary.captioned, summary.failed, summary.failed_before) == (0, 0, 0)
        assert album.row("failures", "display, stage") == (path, "metadata")
    moved = str(album.photos / "b.jpg")
    os.rename(path, moved)
    assert album.index().moved == 1
    assert album.row("failures", "display, stage") == (moved, "metadata")
    os.utime(moved, ns=(1, 1))
    album.index()
    assert album.row("failures", "display, stage") == (moved, "metadata")
    album.photo("b.jpg", xmp=packet({"dc:title": "Oslo"}))
    album.index(namer())
    assert (album.row("failures"), album.find("red")[0].caption) == (None, "Oslo")
    album.photo("b.jpg", xmp=packet({"dc:title": "Rome"}) + b"leftover")
    album.index(namer())
    os.remove(moved)
    album.index()
    assert album.row("failures") is None


def test_a_damaged_sidecar_is_told_once_and_until_it_is_mended(
    album: Album, packet: Packet
) -> None:
    album.photo("a.jpg", xmp=packet({"dc:title": "Rome"}))
    path = album.sidecar("a.xmp", b"<broken")
    assert (album.index(namer()).failed, album.find("red")[0].caption) == (1, "Rome")
    for _ in range(2):
        summary = album.index()
        assert (summary.reread, summary.failed, summary.failed_before) == (0, 0, 1)
        assert album.row("failures", "display, stage") == (path, "sidecar")
    summary = album.index(retry=True)
    assert (summary.reread, summary.failed) == (1, 1)
    album.sidecar("a.xmp", packet({"dc:title": "Oslo"}))
    summary = album.index()
    assert (summary.reread, summary.failed, album.find("red")[0].caption) == (1, 0, "Oslo")
    assert album.row("failures") is None
    album.sidecar("a.xmp", b"<broken")
    album.index()
    (album.photos / "a.xmp").unlink()
    assert (album.index().failed, album.row("failures")) == (0, None)
    assert album.find("red")[0].caption == "Rome"


def test_what_is_left_in_a_damaged_sidecar_counts_and_its_damage_is_told(
    album: Album, packet: Packet
) -> None:
    album.photo("a.jpg", xmp=packet({"dc:title": "Rome"}))
    album.sidecar("a.xmp", packet({"dc:title": "Oslo"}))
    album.index(namer())
    path = album.sidecar("a.xmp", packet({"dc:title": "Bergen"}).partition(b"</rdf:Desc")[0])
    summary = album.index()
    assert (summary.reread, summary.failed) == (1, 1)
    assert album.find("red")[0].caption == "Bergen"
    reason = "damaged, but read as far as possible: it is cut off"
    assert album.row("failures", "display, reason") == (path, reason)
    assert album.index().failed_before == 1


def test_a_damaged_sidecar_is_told_wherever_it_goes(album: Album) -> None:
    (album.photos / "A").mkdir()
    album.photo("A/a.jpg")
    album.sidecar("A/a.xmp", b"<broken")
    album.index(namer())
    (album.photos / "A").rename(album.photos / "B")
    summary = album.index()
    assert (summary.moved, summary.reread, summary.failed) == (1, 1, 1)
    assert album.row("failures", "display") == (str(album.photos / "B" / "a.xmp"),)
    album.index(exclude=["B"])
    assert album.row("failures") is None
    summary = album.index()
    assert (summary.reread, summary.failed) == (1, 1)
    assert (album.index().reread, album.index().failed_before) == (0, 1)


def test_a_shared_sidecar_is_told_once(album: Album, packet: Packet) -> None:
    for name in ("a.jpg", "a.png", "a.gif"):
        album.photo(name)
    album.sidecar("a.xmp", b"<broken")
    assert album.index(namer(), batch_size=1).failed == 1
    album.sidecar("a.xmp", packet({"dc:title": "Rome"}))
    assert (album.index().reread, album.row("failures")) == (3, None)


def test_all_sidecars_of_a_photo_count_and_each_change_is_noticed(
    album: Album, packet: Packet
) -> None:
    album.photo("a.jpg")
    album.sidecar("a.xmp", packet({"dc:title": "Rome"}, {"dc:subject": ["sun"]}))
    album.index(namer())
    takeout = {"title": "a.jpg", "description": "Kunigunde", "people": [{"name": "Ines"}]}
    steps: list[tuple[str, bytes | None, list[str]]] = [
        ("a.cr2.xmp", packet({"dc:title": "Oslo"}, {"dc:subject": ["snow"]}), ["rome", "snow"]),
        ("a.jpg.json", json.dumps(takeout).encode(), ["rome", "oslo", "kunigunde"]),
        ("a.jpg.json", json.dumps({**takeout, "description": "Will"}).encode(), ["sun", "will"]),
        ("a.cr2.xmp", None, ["rome", "sun", "will"]),
        ("a.xmp", None, ["will"]),
    ]
    for name, raw, words in steps:
        if raw is None:
            (album.photos / name).unlink()
        else:
            album.sidecar(name, raw)
        assert (album.index().reread, album.index().unchanged) == (1, 1)
        is_takeout = (album.photos / "a.jpg.json").exists()
        assert album.row("user_metadata", "people") == ("Ines" if is_takeout else "",)
        row = album.row("user_metadata", "title || description || keywords || notes")
        assert row is not None and all(word in str(row[0]).lower() for word in words)


def test_beside_a_damaged_sidecar_the_words_of_the_others_are_read(
    album: Album, packet: Packet
) -> None:
    album.photo("a.jpg")
    album.sidecar("a.jpg.xmp", packet({"dc:title": "Rome"}, {"dc:subject": ["sun"]}))
    album.index(namer())
    album.sidecar("a.jpg.xmp", b"<broken")
    for title, keyword in [("Oslo", "snow"), ("Bern", "lake")]:
        album.sidecar("a.xmp", packet({"dc:title": title}, {"dc:subject": [keyword]}))
        album.index()
    row = album.row("user_metadata", "title, keywords, notes")
    assert row == ("Rome", "sun\nsnow\nlake", "alie\nOslo\nBern")
    album.sidecar("a.jpg.xmp", packet({"dc:title": "Paris"}))
    album.index()
    assert album.row("user_metadata", "title, keywords, notes") == (
        "Paris", "lake", "alie\nBern"
    )  # fmt: skip


def test_each_damaged_sidecar_of_a_photo_is_told_until_it_is_mended(
    album: Album, packet: Packet
) -> None:
    album.photo("a.jpg")
    for name in ("a.jpg.xmp", "a.xmp", "a.json"):
        album.sidecar(name, b"<broken")
    assert album.index(namer()).failed == 3
    assert (album.index().failed, album.index().failed_before) == (0, 3)
    album.sidecar("a.xmp", packet({"dc:title": "Rome"}))
    album.index()
    assert album.index().failed_before == 2
    for name in ("a.jpg.xmp", "a.json"):
        (album.photos / name).unlink()
    album.index()
    assert (album.index().failed_before, album.row("failures")) == (0, None)


def test_a_damaged_sidecar_costs_no_date(album: Album, packet: Packet) -> None:
    album.photo("a.jpg")
    album.sidecar("a.xmp", packet(attributes={"photoshop:DateCreated": "1931-05"}))
    album.index(namer())
    album.sidecar("a.xmp", b"<broken")
    album.index()
    assert album.row("photos", "taken_at, taken_from") == ("1931-05", "sidecar")
    (album.photos / "a.xmp").unlink()
    album.index()
    assert album.row("photos", "taken_from") == ("file",)


def test_the_sidecar_of_a_photo_that_was_given_by_itself(album: Album, packet: Packet) -> None:
    path = album.photo("a.jpg")
    album.sidecar("a.xmp", b"<broken")

    def index_it() -> tuple[int, int]:
        summary = index(album.connection, [path], namer, IndexOptions(workers=0))
        return summary.failed, summary.failed_before

    assert [index_it() for _ in range(3)] == [(1, 0), (0, 1), (0, 1)]
    album.sidecar("a.xmp", packet({"dc:title": "Rome"}))
    assert (index_it(), album.row("failures")) == ((0, 0), None)
    album.sidecar("a.xmp", b"<broken")
    assert index_it() == (1, 0)
    (album.photos / "a.xmp").unlink()
    assert (index_it(), album.row("failures")) == ((0, 0), None)


def test_a_closed_sidecar_is_read_when_it_is_opened(
    public_folder: Path, as_nobody: Callable[[], AbstractContextManager[None]], packet: Packet
) -> None:
    album = Album(public_folder)
    album.photo("a.jpg")
    path = Path(album.sidecar("a.xmp", packet({"dc:title": "Rome"})))
    path.chmod(0)
    with as_nobody():
        assert album.index(namer()).failed == 1
        assert album.row("failures", "reason") == ("can't be read: permission denied",)
        assert album.index().failed == 1
    path.with_name("a.jpg").rename(path.with_name("b.jpg"))
    path = path.rename(path.with_name("b.xmp"))
    with as_nobody():
        assert (album.index().moved, album.row("failures", "display")) == (1, (str(path),))
    path.chmod(0o644)
    assert (album.index().reread, album.find("red")[0].caption) == (1, "Rome")
    assert (album.index().unchanged, album.row("failures")) == (1, None)
    album.connection.close()


def test_a_file_that_is_spoilt_beside_a_changed_sidecar_is_told(
    album: Album, packet: Packet
) -> None:
    path = Path(album.photo("a.jpg"))
    album.index(namer())
    status = path.stat()
    path.write_bytes(b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    album.sidecar("a.xmp", packet(TEXTS))
    assert (album.index().failed, album.index().failed_before) == (1, 1)


def test_dates_come_from_the_best_source(album: Album, packet: Packet) -> None:
    album.photo("IMG_20190704_123456.jpg")
    album.index(namer())
    (result,) = album.find("red")
    assert (result.taken_at, result.taken_from) == ("2019-07-04T12:34:56", "name")
    album.sidecar(
        "IMG_20190704_123456.xmp", packet(attributes={"photoshop:DateCreated": "1931-05"})
    )
    album.index()
    (result,) = album.find("red")
    assert (result.taken_at, result.taken_from) == ("1931-05", "sidecar")
    row = album.exported()
    assert (row["taken_at"], row["taken_from"]) == ("1931-05", "sidecar")
    assert album.row("user_metadata") is None  # a date is no text


def test_a_photo_that_nobody_dated_has_no_date_anywhere(album: Album) -> None:
    os.utime(album.photo("a.jpg"), (0, 0))
    album.index(namer())
    (result,) = album.find("red")
    assert (result.taken_at, result.taken_from) == (None, None)
    record = json.loads(json.dumps(as_record(result)))
    assert (record["taken_at"], record["taken_from"]) == (None, None)
    row = album.exported()
    assert (row["taken_at"], row["taken_from"]) == ("", "")
    (album.photos / "a.jpg").rename(album.photos / "1931-05-17.jpg")
    assert album.index().moved == 1
    assert album.row("photos", "taken_at, taken_from") == ("1931-05-17", "name")


def test_metadata_are_read_again_when_asked_and_without_pixels(
    album: Album, packet: Packet
) -> None:
    for name in ("a.jpg", "b.jpg"):
        album.photo(name)
    album.index(namer())
    captions = album.row("captions")
    assert album.index().reread == 0
    for name in ("a.jpg", "b.jpg"):  # from here on no pixels can be decoded
        path = album.photos / name
        status = path.stat()
        content = path.read_bytes()
        path.write_bytes(content[: content.index(b"\xff\xda") + 2].ljust(len(content), b"\0"))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with album.connection:
        album.connection.execute("UPDATE photos SET camera = 'lost', taken_at = '1900'")
    diary = Diary()
    options = IndexOptions(workers=0, metadata=True)
    summary = index(album.connection, [str(album.photos)], unneeded, options, diary)
    assert (summary.reread, summary.failed, summary.captioned) == (2, 0, 0)
    assert diary.reread_photos == [2, 0, 2]
    assert album.row("photos", "camera") == (None,)
    assert album.row("photos", "taken_at") != ("1900",)
    assert album.row("captions") == captions


def test_a_library_of_an_earlier_version_is_read_again_once(album: Album, packet: Packet) -> None:
    album.photo("a.jpg", xmp=packet({"dc:title": "Rome"}))
    album.index(namer())
    with album.connection:
        album.connection.execute("UPDATE photos SET metadata_unread = 1, dates = NULL")
        album.connection.execute("DELETE FROM settings WHERE name = 'dates_rule'")
    diary = Diary()
    options = IndexOptions(workers=2)
    for expected in (1, 0):
        summary = index(album.connection, [str(album.photos)], unneeded, options, diary)
        assert (summary.reread, summary.failed) == (expected, 0)
    assert diary.reread_photos == [1, 1, 1]
    assert album.row("photos", "dates IS NULL") == (0,)


def test_results_can_be_told_to_programs(album: Album, packet: Packet) -> None:
    album.photo("a.jpg", xmp=packet(TEXTS))
    album.index(namer())
    record = json.loads(json.dumps(as_record(album.find("swallows")[0])))
    assert record["matches"] == {"title": ["swallows"]}
    assert record["taken_from"] == "file" and record["taken_at"].startswith("2001-09-")


def test_an_older_library_gets_other_spellings_without_describing(
    album: Album, packet: Packet
) -> None:
    album.photo("BeachHoliday.jpg", xmp=packet(lists={"dc:subject": ["Lange Straße", "東京旅行"]}))
    album.index(namer())
    with album.connection:  # as the step to schema 7 leaves it
        album.connection.execute("UPDATE search SET spellings = ''")
        album.connection.execute("UPDATE photos SET metadata_unread = 1")
    assert not album.find("strasse") and not album.find("holiday")
    album.index()
    for query in ("strasse", "東京", "beach holiday"):
        assert len(album.find(query)) == 1
