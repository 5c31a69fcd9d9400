"""The doctor: tells what is wrong, and repairs what can be made anew."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from photosearch.errors import LibraryError
from photosearch.library import Library
from photosearch.store import database
from photosearch.store.roots import add_roots

PHOTOS, PAGE = 400, 4096  # as in conftest.py
Inside = Callable[[Library], contextlib.AbstractContextManager[sqlite3.Connection]]
Dump = Callable[[str | Path], dict[str, set[Any]]]
Fill = Callable[..., None]
Check = Callable[[str | Path], None]


def test_a_sound_library_is_healthy_and_stays_as_it_is(library: Library) -> None:
    content = Path(library.path).read_bytes()
    for check in (True, False):
        report = library.doctor(check=check)
        assert str(report) == f"healthy: {PHOTOS - 1} photos"
        assert Path(library.path).read_bytes() == content


def spoil_text_index(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM search_fts_data WHERE id > 10")


def spoil_index_words(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE search_fts_docsize SET sz = x'0101' WHERE id = 5")
    values = "(search_fts, rowid, caption) VALUES ('delete', 3, 'my words 2')"
    connection.execute(f"INSERT INTO search_fts {values}")


def drop_rows(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM search WHERE photo_id IN (5, 7)")


def age_rows(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE search SET caption = 'a cat' WHERE photo_id = 9")
    connection.execute("UPDATE edits SET caption = 'other words' WHERE photo_id = 4")


def lose_folders(connection: sqlite3.Connection) -> None:
    for number, folder in ((5, ""), (6, "otos"), (7, "elsewhere/photos")):
        connection.execute("UPDATE search SET folder = ? WHERE photo_id = ?", (folder, number))


def show_hidden(connection: sqlite3.Connection) -> None:
    copied = "camera, folder, filename, title, description, keywords FROM search LIMIT 1"
    connection.execute(
        f"""INSERT INTO search (photo_id, caption, alternatives, tags, place, camera, folder,
            filename, title, description, keywords)
            SELECT 2, caption, alternatives, tags, place, {copied}"""
    )


def lag_index(connection: sqlite3.Connection) -> None:
    """Write past an index, as a program without it would."""
    connection.execute("PRAGMA writable_schema = ON")
    query = "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master WHERE name = ?"
    row = connection.execute(query, ("photos_size",)).fetchone()
    connection.execute("DELETE FROM sqlite_master WHERE name = 'photos_size'")
    connection.commit()
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE photos SET size = 5 WHERE id = 8")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (spoil_text_index, "text index"), (spoil_index_words, "text index"),
        (drop_rows, "2 search rows"), (age_rows, "2 search rows"),
        (lose_folders, "3 search rows"), (show_hidden, "1 search row"), (lag_index, "indexes"),
    ],
)  # fmt: skip
def test_what_is_made_of_other_rows_is_made_anew(
    library: Library, spoil: Any, fault: str, inside: Inside, dump: Dump, assert_sound: Check
) -> None:
    with inside(library) as connection:
        spoil(connection)
    kept = {name: rows for name, rows in dump(library.path).items() if name != "search"}
    content = Path(library.path).read_bytes()
    wrong = library.doctor(check=True)
    assert (wrong.state, wrong.faults) == ("wrong", [fault])
    assert Path(library.path).read_bytes() == content
    assert str(wrong).startswith(f"wrong: {fault} (photosearch doctor repairs that); ")
    repaired = library.doctor()
    assert repaired == replace(wrong, repaired=True)
    assert str(repaired) == f"repaired: {fault}; {PHOTOS - 1} photos"
    assert library.doctor().state == library.doctor(check=True).state == "healthy"
    assert_sound(library.path)
    after = dump(library.path)
    assert {name: after[name] for name in kept} == kept


def test_vectors_of_no_use_are_taken_out(library: Library, inside: Inside) -> None:
    with inside(library) as connection:
        connection.execute("UPDATE vectors SET vector = x'0101' WHERE photo_id = 3")
        connection.execute("UPDATE vectors SET hubness = -9e999 WHERE photo_id = 4")
    assert library.doctor(check=True).faults == ["2 vectors"]
    assert str(library.doctor()) == (
        f"repaired: 2 vectors; {PHOTOS - 1} photos, "
        "2 not wholly described (photosearch index --upgrade)"
    )
    assert library.doctor().state == "healthy"


def test_words_of_no_use_are_taken_out(library: Library, inside: Inside) -> None:
    with inside(library) as connection:
        connection.execute("UPDATE words SET words = x'0101' WHERE photo_id = 3")
        connection.execute("DELETE FROM words WHERE photo_id = 4")
        connection.execute(
            """UPDATE words SET model_id = (SELECT id FROM models WHERE part = 'vectors')
               WHERE photo_id = 5"""
        )
    assert library.doctor(check=True).faults == ["words of 3 photos"]
    assert str(library.doctor()) == (
        f"repaired: words of 3 photos; {PHOTOS - 1} photos, "
        "3 not wholly described (photosearch index --upgrade)"
    )
    assert library.doctor().state == "healthy"
    with inside(library) as connection:
        query = "SELECT id, photo_id FROM photos LEFT JOIN words ON photo_id = id WHERE {}"
        lost = connection.execute(query.format("tags_model_id IS NULL")).fetchall()
        assert lost == [(3, None), (4, None), (5, None)]
        kept = connection.execute(query.format("photo_id IS NOT NULL")).fetchall()
        assert len(kept) == PHOTOS - 3


def test_a_library_of_a_model_without_words_lacks_none(library: Library, inside: Inside) -> None:
    with inside(library) as connection:
        connection.execute("DELETE FROM words")
    assert library.doctor(check=True).state == "healthy"


def test_a_root_that_no_folder_can_be_is_told(library: Library, inside: Inside) -> None:
    with inside(library) as connection:
        connection.execute("INSERT INTO roots VALUES (x'2f610062', '/a b', '')")
    report = library.doctor()
    assert report.state == "healthy"
    assert report.files.unreachable == {"/a\0b": "no folder can have that name"}


def test_repaired_rows_are_those_that_indexing_wrote(
    sound: Path, library: Library, inside: Inside, dump: Dump
) -> None:
    with inside(library) as connection:
        connection.execute("DELETE FROM search")
    assert library.doctor().rows == PHOTOS - 1
    assert dump(library.path) == dump(sound)


def test_files_are_compared_with_rows(
    library: Library, sound: Path, tmp_path: Path, inside: Inside, fill: Fill
) -> None:
    photos, usb, empty = tmp_path / "photos", tmp_path / "usb", tmp_path / "empty"
    with contextlib.closing(database.open_for_writing(str(tmp_path / "l.db"))) as connection:
        fill(connection, photos, 20)
        fill(connection, usb, 5)
        fill(connection, empty, 5)
    usb.rename(tmp_path / "unplugged")
    for file in empty.iterdir():
        file.unlink()
    for name in ("new.jpg", "other.png", "no photo.txt", "0.gif"):  # 0.gif is a known failure
        (photos / name).touch()
    (photos / "0007.jpg").unlink()
    report = Library(tmp_path / "l.db").doctor()
    assert (report.files.not_indexed, report.files.gone) == (2, 1)
    assert report.files.unreachable == {
        str(usb): "no such file or directory", str(empty): "it is empty",
    }  # fmt: skip
    assert str(report) == (
        "healthy: 27 photos, 2 files not indexed yet, 1 photo whose files are gone"
    )
    with inside(Library(tmp_path / "l.db")) as connection:
        connection.execute("DELETE FROM roots")
        connection.execute("DELETE FROM captions WHERE photo_id = 3")
    report = Library(tmp_path / "l.db").doctor()
    assert (report.files.gone, report.files.not_indexed) == (1 + 4 + 4, 0)
    assert report.undescribed == 1


def test_a_missing_or_busy_library_is_told(tmp_path: Path, library: Library) -> None:
    with pytest.raises(LibraryError, match="no library"):
        Library(tmp_path / "none.db").doctor()
    with pytest.raises(LibraryError, match="no library"):
        Library(tmp_path / "none.db").salvage(tmp_path / "new.db")
    assert not (tmp_path / "none.db").exists()
    from photosearch.store.lock import locked

    with locked(library.path):
        for action in (library.doctor, lambda: library.salvage(tmp_path / "new.db")):
            with pytest.raises(LibraryError, match="another photosearch is at work"):
                action()
    assert not (tmp_path / "new.db").exists()


def test_an_empty_file_is_no_library_to_the_doctor(tmp_path: Path) -> None:
    (tmp_path / "library.db").touch()
    for check in (True, False):
        with pytest.raises(LibraryError, match="no library in it"):
            Library(tmp_path / "library.db").doctor(check=check)
    assert (tmp_path / "library.db").read_bytes() == b""


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "library.db")
    for check in (True, False):
        with pytest.raises(LibraryError, match="not a file"):
            Library(tmp_path / "library.db").doctor(check=check)


def test_checking_writes_nothing(library: Library, tmp_path: Path, inside: Inside) -> None:
    with inside(library) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("UPDATE search SET caption = 'wrong' WHERE photo_id = 3")
    content = Path(library.path).read_bytes()
    assert library.doctor(check=True).state == "wrong"
    assert Path(library.path).read_bytes() == content
    assert sorted(os.listdir(tmp_path)) == ["library.db"]


@pytest.mark.parametrize(
    "spoil",
    [
        "DROP TRIGGER search_updated", "DROP INDEX photos_size", "DROP TABLE search_terms",
        "DROP TABLE search_fts", "DELETE FROM search_fts_data", "DELETE FROM search_fts_config",
        "UPDATE search_fts_data SET block = x'ffff'", "DROP TABLE search_fts_idx",
        """UPDATE sqlite_master SET sql = replace(sql, 'new.description', 'new.dessription')
           WHERE type = 'trigger'""",
    ],
)  # fmt: skip
def test_what_is_made_of_tables_is_made_anew(
    library: Library, sound: Path, spoil: str, inside: Inside, dump: Dump, assert_sound: Check
) -> None:
    with inside(library) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(spoil)
    content = Path(library.path).read_bytes()
    assert library.doctor(check=True).state == "wrong"
    assert Path(library.path).read_bytes() == content
    assert library.doctor().state == "repaired"
    assert library.doctor().state == "healthy"
    assert_sound(library.path)
    assert dump(library.path) == dump(sound)
    library.edit(sound.with_name("photos") / "0002.jpg", "a zeppelin")
    assert [r.caption for r in library.find("zeppelin", ranker="fts5")] == ["a zeppelin"]


def test_a_table_that_is_gone_is_damage(library: Library, inside: Inside) -> None:
    with inside(library) as connection:
        connection.execute("DROP TABLE user_metadata")
    report = library.doctor()
    assert (report.state, report.damage) == ("damaged", "the table user_metadata is gone")


def test_a_root_in_an_ignored_folder_is_looked_at(tmp_path: Path, fill: Fill) -> None:
    library, outer = Library(tmp_path / "library.db"), tmp_path / "Photos"
    inner = outer / ".hidden"
    inner.mkdir(parents=True)
    with contextlib.closing(database.open_for_writing(library.path)) as connection:
        fill(connection, inner, 6)
        add_roots(connection, [str(outer)])
    assert str(library.doctor()) == "healthy: 5 photos"


def test_an_orphan_in_the_searched_rows_is_repaired(
    library: Library, sound: Path, inside: Inside, dump: Dump
) -> None:
    with inside(library) as connection:
        connection.execute("UPDATE search SET photo_id = 9999 WHERE photo_id = 3")
    assert library.doctor().state == "repaired"
    assert dump(library.path)["search"] == dump(sound)["search"]
