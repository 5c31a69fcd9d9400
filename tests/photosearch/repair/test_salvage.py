"""Salvage: saves all that can be read of a damaged library, and only that."""

import contextlib
import itertools
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from photosearch.errors import LibraryError
from photosearch.library import Library
from photosearch.repair.salvage import Salvaged
from photosearch.search.query import Query
from photosearch.search.searcher import Searcher
from photosearch.store import database
from photosearch.store.known import known_below

PHOTOS, PAGE = 400, 4096  # as in conftest.py
TAGS_MODEL = 21  # tags_model_id among the columns of photos
Inside = Callable[[Library], contextlib.AbstractContextManager[sqlite3.Connection]]
Dump = Callable[[str | Path], dict[str, set[Any]]]
Check = Callable[[str | Path], None]


def roots_of_tables(content: bytes | bytearray, folder: Path) -> set[int]:
    """Pages, from 0, that lead to others, or tell what is where."""
    path = folder / "pages.db"
    path.write_bytes(content)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = """SELECT pageno - 1 FROM dbstat WHERE pagetype = 'internal'
                   OR name IN ('sqlite_master', 'sqlite_schema')"""
        try:
            return {page for (page,) in connection.execute(query)}
        except sqlite3.OperationalError:
            pytest.skip("SQLite is built without dbstat")


def homes(folder: Path) -> dict[str, list[int]]:
    """The pages of each table, from 0."""
    with contextlib.closing(sqlite3.connect(folder / "pages.db")) as connection:
        found: dict[str, list[int]] = {}
        for name, page in connection.execute("SELECT name, pageno - 1 FROM dbstat"):
            found.setdefault(name, []).append(page)
        return found


def rows_on(folder: Path, table: str, pages: set[int]) -> int:
    """How many rows of a table stand on these pages."""
    with contextlib.closing(sqlite3.connect(folder / "pages.db")) as connection:
        query = "SELECT sum(ncell) FROM dbstat WHERE name = ? AND pageno - 1 = ?"
        return sum(connection.execute(query, (table, page)).fetchone()[0] or 0 for page in pages)


def rows_between(folder: Path, table: str, pages: set[int]) -> int:
    """How many leaves of a table are followed by another one, both on these pages.

    Where the rows stand in an index, one of them stands above two leaves, and every way to it
    ends at one of these.
    """
    with contextlib.closing(sqlite3.connect(folder / "pages.db")) as connection:
        query = """SELECT pageno - 1 FROM dbstat WHERE name = ? AND pagetype = 'leaf'
                   AND name IN (SELECT name FROM pragma_table_list WHERE wr) ORDER BY path"""
        leaves = [page for (page,) in connection.execute(query, (table,))]
    return sum(set(pair) <= pages for pair in itertools.pairwise(leaves))


def seeds(fast: int, all_: int) -> list[Any]:
    """Numbers for tests by chance, most of them for when there is time."""
    slow = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(fast, all_)]
    return [*range(fast), *slow]


@pytest.mark.parametrize("seed", seeds(6, 40))
def test_every_row_on_a_page_without_damage_is_saved(
    library: Library, sound: Path, tmp_path: Path, seed: int, dump: Dump, assert_sound: Check
) -> None:
    chance = random.Random(seed)
    content = bytearray(sound.read_bytes())
    leading = roots_of_tables(content, tmp_path)
    pages = sorted(set(range(len(content) // PAGE)) - leading)
    damaged = set(chance.sample(pages, chance.randint(1, 8)))
    for page in damaged:
        noise = bytes(PAGE) if seed % 2 else b"\xff" + chance.randbytes(PAGE - 1)
        content[page * PAGE : (page + 1) * PAGE] = noise
    Path(library.path).write_bytes(content)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    salvaged = library.salvage(tmp_path / "new.db")
    assert {path: path.read_bytes() for path in before} == before
    assert {path.name for path in tmp_path.iterdir()} - {path.name for path in before} <= {
        "new.db", "library.db-lock",
    }  # fmt: skip
    assert_sound(tmp_path / "new.db")
    expected, saved, where = dump(sound), dump(tmp_path / "new.db"), homes(tmp_path)
    lost = {
        name: rows_on(tmp_path, name, damaged & set(where[name]))
        + rows_between(tmp_path, name, damaged)
        for name in expected
    }
    alive = {row[0] for row in saved["photos"]}
    for name in expected:
        if name in ("photos", "search", "models", "runs"):
            continue
        # What belongs to a photo that is lost for good goes with it.
        child = name not in ("roots", "failures")
        placed = {row for row in expected[name] if not child or row[0] in alive}
        # Rows whose model is lost keep its number: all but that is the same.
        assert saved[name] <= expected[name]
        assert len(placed - saved[name]) <= lost[name], name
        assert salvaged.rows[name] == len(saved[name])
    described = {row[0] for row in saved["words"]}
    by_id = {row[0]: row for row in expected["photos"]}
    for row in saved["photos"] - expected["photos"]:
        # A photo whose words are lost gets new words and tags with the next upgrade.
        if row[TAGS_MODEL] is None and row[0] not in described:
            saved["photos"] -= {row}
            model = (by_id[row[0]][TAGS_MODEL],)
            saved["photos"] |= {row[:TAGS_MODEL] + model + row[TAGS_MODEL + 1 :]}
    whole = saved["photos"] & expected["photos"]
    assert len(expected["photos"] - whole) <= lost["photos"]
    assert len(saved["photos"] - whole) == salvaged.bare
    paths = {row[0]: row[1] for row in expected["photos"]}
    assert all(paths[row[0]] == row[1] for row in saved["photos"])
    # A caption of a person's is there, or told.
    assert len(saved["edits"]) + len(salvaged.unplaced) >= len(expected["edits"]) - lost["edits"]
    assert Library(tmp_path / "new.db").doctor(check=True).state == "healthy"


@pytest.mark.parametrize("seed", seeds(4, 60))
def test_whatever_happened_what_comes_out_is_sound(
    library: Library, sound: Path, tmp_path: Path, seed: int, dump: Dump, assert_sound: Check
) -> None:
    chance = random.Random(seed)
    content = bytearray(sound.read_bytes())
    if seed % 3 == 0:
        content = content[: chance.randrange(len(content))]
    for _ in range(chance.randint(0, 40)):
        start = chance.randrange(100, len(content)) if len(content) > 100 else 0
        size = chance.choice([1, 4, 100, PAGE])
        content[start : start + size] = chance.randbytes(len(content[start : start + size]))
    Path(library.path).write_bytes(content)
    try:
        salvaged = library.salvage(tmp_path / "new.db")
    except LibraryError as error:
        assert len(str(error).splitlines()) == 1
        assert not (tmp_path / "new.db").exists()
    else:
        assert_sound(tmp_path / "new.db")
        assert salvaged.rows["photos"] == len(dump(tmp_path / "new.db")["photos"])
    assert Path(library.path).read_bytes() == content
    assert {path.name for path in tmp_path.iterdir()} <= {
        "library.db", "library.db-lock", "new.db", "pages.db",
    }  # fmt: skip


def test_most_of_a_truncated_library_is_saved(
    library: Library, sound: Path, tmp_path: Path
) -> None:
    content = sound.read_bytes()
    Path(library.path).write_bytes(content[: len(content) * 9 // 10 + 7])
    report = library.doctor()
    assert report.state == "damaged" and "--salvage" in str(report)
    assert len(str(report).splitlines()) == 1
    salvaged = library.salvage(tmp_path / "new.db")
    assert salvaged.rows["photos"] > PHOTOS * 3 // 4 and salvaged.unreadable


def test_a_library_without_its_first_page_gives_one_line(
    library: Library, sound: Path, tmp_path: Path
) -> None:
    content = sound.read_bytes()
    for start in (bytes(PAGE), random.Random(1).randbytes(PAGE), content[:100] + bytes(PAGE - 100)):
        Path(library.path).write_bytes(start + content[PAGE:])
        with pytest.raises(LibraryError) as caught:
            library.salvage(tmp_path / "new.db")
        assert len(str(caught.value).splitlines()) == 1
        assert not (tmp_path / "new.db").exists()
    assert Path(library.path).read_bytes()[PAGE:] == content[PAGE:]


def test_photos_lost_from_their_table_keep_what_people_wrote(
    library: Library, sound: Path, tmp_path: Path, dump: Dump
) -> None:
    content = bytearray(sound.read_bytes())
    leading = roots_of_tables(content, tmp_path)
    for page in set(homes(tmp_path)["photos"]) - leading:
        content[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    Path(library.path).write_bytes(content)
    salvaged = library.salvage(tmp_path / "new.db")
    assert salvaged.bare == salvaged.rows["photos"] == PHOTOS
    saved = dump(tmp_path / "new.db")
    for table in ("edits", "user_metadata"):
        assert saved[table] == dump(sound)[table]
    # Nothing is known of their files: the next index describes it anew.
    with contextlib.closing(database.open_for_reading(str(tmp_path / "new.db"))) as connection:
        known = known_below(connection, str(sound.with_name("photos")))
        sizes = {(each.size, each.mtime_ns) for each in known.values() if each.reason is None}
        assert sizes == {(None, None)}
        found = Searcher(connection, lambda: None).find(Query('"my words 9"', 1))
        assert [os.path.basename(result.path) for result in found] == ["0009.jpg"]


def test_what_is_no_path_is_not_saved_as_one(
    library: Library, sound: Path, tmp_path: Path, inside: Inside, dump: Dump, assert_sound: Check
) -> None:
    with inside(library) as connection:
        connection.execute("UPDATE photos SET path = x'' WHERE id = 5")
        connection.execute("UPDATE photos SET path = CAST('a.jpg' AS BLOB) WHERE id = 6")
        connection.execute("INSERT INTO roots VALUES (CAST('.' AS BLOB), '.', '')")
    salvaged = library.salvage(tmp_path / "new.db")
    assert_sound(tmp_path / "new.db")
    expected, saved = dump(sound), dump(tmp_path / "new.db")
    assert saved["photos"] == {row for row in expected["photos"] if row[0] not in (5, 6)}
    assert saved["roots"] == expected["roots"]
    assert salvaged.dropped["photos"] == 2 and salvaged.dropped["roots"] == 1


def test_a_path_lost_from_its_row_is_found_in_the_index(
    library: Library, sound: Path, tmp_path: Path, dump: Dump
) -> None:
    content = bytearray(sound.read_bytes())
    roots_of_tables(content, tmp_path)
    path = os.fsencode(sound.with_name("photos") / "0004.jpg")
    for page in homes(tmp_path)["photos"]:
        on_page = bytes(content[page * PAGE : (page + 1) * PAGE])
        content[page * PAGE : (page + 1) * PAGE] = on_page.replace(path, b"x" * len(path))
    Path(library.path).write_bytes(content)
    assert dump(library.path)["photos"] != dump(sound)["photos"]
    salvaged = library.salvage(tmp_path / "new.db")
    assert salvaged.bare == 0 and salvaged.dropped == {}
    assert dump(tmp_path / "new.db") == dump(sound)


def test_lost_models_and_runs_are_made_up(
    library: Library, sound: Path, tmp_path: Path, inside: Inside, dump: Dump
) -> None:
    with inside(library) as connection:
        connection.execute("DELETE FROM models")
        connection.execute("DELETE FROM runs")
    assert library.doctor().state == "damaged"
    salvaged = library.salvage(tmp_path / "new.db")
    assert salvaged.dropped == {}
    expected, saved = dump(sound), dump(tmp_path / "new.db")
    for name in (
        "photos", "captions", "tags", "words", "vectors", "edits", "user_metadata", "search"
    ):  # fmt: skip
        assert saved[name] == expected[name], name
    assert {row[1] for row in saved["models"]} == {"unknown"}


def test_the_log_beside_a_library_is_read(
    library: Library, sound: Path, tmp_path: Path, dump: Dump
) -> None:
    with contextlib.closing(sqlite3.connect(library.path)) as connection:
        connection.execute("UPDATE edits SET caption = 'from the log'")
        connection.commit()
        assert os.path.getsize(f"{library.path}-wal")
        other = tmp_path / "other"
        other.mkdir()
        for ending in ("", "-wal"):
            shutil.copyfile(library.path + ending, other / f"library.db{ending}")
    before = [(other / name).read_bytes() for name in ("library.db", "library.db-wal")]
    Library(other / "library.db").salvage(tmp_path / "new.db")
    assert {row[1] for row in dump(tmp_path / "new.db")["edits"]} == {"from the log"}
    assert [(other / name).read_bytes() for name in ("library.db", "library.db-wal")] == before


def test_salvage_overwrites_nothing(library: Library, tmp_path: Path) -> None:
    for name in ("library.db", "there.db"):
        (tmp_path / "there.db").write_bytes(b"mine")
        with pytest.raises(ValueError, match="is there already"):
            library.salvage(tmp_path / name)
    assert (tmp_path / "there.db").read_bytes() == b"mine"
    with pytest.raises(LibraryError, match="can't salvage into"):
        library.salvage(tmp_path / "no folder" / "new.db")


def test_captions_that_cannot_be_placed_are_told(
    library: Library, tmp_path: Path, inside: Inside
) -> None:
    with inside(library) as connection:
        connection.execute("DELETE FROM photos WHERE id = 4")  # without its foreign keys
    salvaged: Salvaged = library.salvage(tmp_path / "new.db")
    assert salvaged.unplaced == ["my words 3"]
    assert salvaged.dropped["edits"] == 1 and salvaged.dropped["captions"] == 3


def test_an_empty_file_with_a_log_is_left_alone_and_saved(
    library: Library, sound: Path, tmp_path: Path, dump: Dump
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with contextlib.closing(sqlite3.connect(library.path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("VACUUM")  # all of it goes through the log
        shutil.copyfile(f"{library.path}-wal", other / "library.db-wal")
    (other / "library.db").touch()
    log = (other / "library.db-wal").read_bytes()
    emptied = Library(other / "library.db")
    for look in (emptied.doctor, lambda: emptied.doctor(check=True), emptied.stats):
        with pytest.raises(LibraryError, match="empty, but there is a log beside it"):
            look()
    emptied.salvage(tmp_path / "new.db")
    assert (other / "library.db-wal").read_bytes() == log
    assert dump(tmp_path / "new.db") == dump(sound)


@pytest.mark.parametrize(
    ("right", "wrong"), [("REFERENCES", "REFERUNCES"), ("TEXT", "DEXT"), ("size", "skze")]
)
def test_a_wrong_byte_in_a_definition_costs_nothing(
    library: Library,
    sound: Path,
    tmp_path: Path,
    right: str,
    wrong: str,
    inside: Inside,
    dump: Dump,
) -> None:
    with inside(library) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        changed = connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name IN ('photos', 'edits')",
            (right, wrong),
        )
        assert changed.rowcount == 2
    library.salvage(tmp_path / "new.db")
    assert dump(tmp_path / "new.db") == dump(sound)


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_a_wrong_version_costs_nothing(
    library: Library, sound: Path, tmp_path: Path, version: int, inside: Inside, dump: Dump
) -> None:
    with inside(library) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    library.salvage(tmp_path / "new.db")
    assert dump(tmp_path / "new.db") == dump(sound)


def test_a_bad_byte_in_a_caption_costs_that_byte(
    library: Library, tmp_path: Path, inside: Inside, dump: Dump
) -> None:
    with inside(library) as connection:
        connection.execute(
            "UPDATE edits SET caption = CAST(x'526578ff21' AS TEXT) WHERE photo_id = 4"
        )
    library.salvage(tmp_path / "new.db")
    assert "Rex\ufffd!" in {row[1] for row in dump(tmp_path / "new.db")["edits"]}


def test_a_photo_that_was_set_aside_is_saved(
    library: Library, tmp_path: Path, inside: Inside, dump: Dump
) -> None:
    with inside(library) as connection:
        query = "UPDATE photos SET former_path = path, path = NULL, missing_since = ? WHERE id = ?"
        connection.executemany(query, [("2026", 7), ("2026", 10)])
        connection.execute("DELETE FROM search WHERE photo_id IN (7, 10)")
        connection.execute("UPDATE photos SET former_path = x'61' WHERE id = 10")  # no path
    salvaged = library.salvage(tmp_path / "new.db")
    assert salvaged.dropped["photos"] == 1
    assert salvaged.unplaced == ["my words 9"]
    before, saved = dump(library.path), dump(tmp_path / "new.db")
    assert saved["photos"] == {row for row in before["photos"] if row[0] != 10}
    assert saved["edits"] == {row for row in before["edits"] if row[0] != 10}
