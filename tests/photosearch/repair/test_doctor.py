"""The doctor: tells what is wrong, repairs what can be made anew, and saves what can be read."""

import contextlib
import itertools
import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from captioner.describe.description import Caption, Description
from captioner.describe.tags import Tag
from photosearch.errors import LibraryError
from photosearch.files.walk import File
from photosearch.library import Library
from photosearch.photo.exif import Metadata
from photosearch.photo.user_metadata import Written
from photosearch.repair.salvage import Salvaged
from photosearch.search.query import Query
from photosearch.search.searcher import Searcher
from photosearch.store import database
from photosearch.store import photos as store
from photosearch.store.descriptions import PARTS, use_models, write_edit
from photosearch.store.roots import add_roots

PHOTOS, PAGE = 400, 4096
TABLES = [
    "models", "runs", "roots", "photos", "captions", "failures", "search", "tags", "vectors",
    "edits", "written",
]  # fmt: skip


def describe(number: int) -> Description:
    says = [Caption(f"a dog number {number} {rank}", -1.0 - rank, 5) for rank in range(3)]
    return Description(says, [Tag("dog", 0.5, True, ("hound",))], bytes([number % 250] * 64))


def fill(connection: sqlite3.Connection, folder: Path, count: int = PHOTOS) -> None:
    """Write photos, a third of them with people's captions, and some of all else."""
    folder.mkdir(exist_ok=True)
    run = store.start_run(connection)
    models = use_models(connection, run, "fake", {part: part for part in PARTS})
    add_roots(connection, [str(folder)])
    photos = []
    for number in range(count):
        path = folder / f"{number:04}.jpg"
        path.touch()
        file = File(str(path), 1, 1, number)
        written = Written(title=f"title {number}") if number % 4 == 0 else None
        photos.append(
            store.Photo(
                file, str(folder), "JPEG", 4, 3, Metadata(), describe(number), written, b"hash"
            )
        )
    failures = [store.Failure(str(folder / f"{n}.gif"), "it is empty", 0, 1) for n in range(50)]
    store.write_batch(connection, run, models, photos, failures)
    for number in range(0, count, 3):
        write_edit(connection, str(folder / f"{number:04}.jpg"), f"my words {number}")
    store.set_missing(connection, [str(folder / "0001.jpg")])
    (folder / "0001.jpg").unlink()
    store.finish_run(connection, run)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library without damage."""
    path = tmp_path_factory.mktemp("sound") / "library.db"
    with contextlib.closing(database.open_for_writing(str(path))) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        fill(connection, path.with_name("photos"))
    return path


@pytest.fixture
def library(sound: Path, tmp_path: Path) -> Library:
    shutil.copyfile(sound, tmp_path / "library.db")
    return Library(tmp_path / "library.db")


@contextlib.contextmanager
def inside(library: Library) -> Iterator[sqlite3.Connection]:
    """The file as another program would change it."""
    with contextlib.closing(sqlite3.connect(library.path)) as connection, connection:
        yield connection


def dump(path: str | Path) -> dict[str, set[Any]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {name: set(connection.execute(f"SELECT * FROM {name}")) for name in TABLES}


def assert_sound(path: str | Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        check = "INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)"
        connection.execute(check)
        shown = "SELECT id FROM photos WHERE missing_since IS NULL ORDER BY id"
        rows = "SELECT photo_id FROM search ORDER BY photo_id"
        assert connection.execute(shown).fetchall() == connection.execute(rows).fetchall()


# Looking and repairing


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
def test_what_is_made_of_other_rows_is_made_anew(library: Library, spoil: Any, fault: str) -> None:
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


def test_vectors_of_no_use_are_taken_out(library: Library) -> None:
    with inside(library) as connection:
        connection.execute("UPDATE vectors SET vector = x'0101' WHERE photo_id = 3")
        connection.execute("UPDATE vectors SET hubness = -9e999 WHERE photo_id = 4")
    assert library.doctor(check=True).faults == ["2 vectors"]
    assert str(library.doctor()) == (
        f"repaired: 2 vectors; {PHOTOS - 1} photos, "
        "2 not wholly described (photosearch index --upgrade)"
    )
    assert library.doctor().state == "healthy"


def test_a_root_that_no_folder_can_be_is_told(library: Library) -> None:
    with inside(library) as connection:
        connection.execute("INSERT INTO roots VALUES (x'2f610062', '/a b', '')")
    report = library.doctor()
    assert report.state == "healthy"
    assert report.files.unreachable == {"/a\0b": "no folder can have that name"}


def test_repaired_rows_are_those_that_indexing_wrote(sound: Path, library: Library) -> None:
    with inside(library) as connection:
        connection.execute("DELETE FROM search")
    assert library.doctor().rows == PHOTOS - 1
    assert dump(library.path) == dump(sound)


def test_files_are_compared_with_rows(library: Library, sound: Path, tmp_path: Path) -> None:
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


# Salvage


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
    library: Library, sound: Path, tmp_path: Path, seed: int
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
        for name in TABLES
    }
    alive = {row[0] for row in saved["photos"]}
    for name in TABLES:
        if name in ("photos", "search", "models", "runs"):
            continue
        # What belongs to a photo that is lost for good goes with it.
        child = name not in ("roots", "failures")
        placed = {row for row in expected[name] if not child or row[0] in alive}
        # Rows whose model is lost keep its number: all but that is the same.
        assert saved[name] <= expected[name]
        assert len(placed - saved[name]) <= lost[name], name
        assert salvaged.rows[name] == len(saved[name])
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
    library: Library, sound: Path, tmp_path: Path, seed: int
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
    library: Library, sound: Path, tmp_path: Path
) -> None:
    content = bytearray(sound.read_bytes())
    leading = roots_of_tables(content, tmp_path)
    for page in set(homes(tmp_path)["photos"]) - leading:
        content[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    Path(library.path).write_bytes(content)
    salvaged = library.salvage(tmp_path / "new.db")
    assert salvaged.bare == salvaged.rows["photos"] == PHOTOS
    saved = dump(tmp_path / "new.db")
    assert saved["edits"] == dump(sound)["edits"] and saved["written"] == dump(sound)["written"]
    # Size and time differ from the file's: the next index describes it anew.
    with contextlib.closing(database.open_for_reading(str(tmp_path / "new.db"))) as connection:
        known = store.known(connection, str(sound.with_name("photos")))
        assert {(one.size, one.mtime_ns) for one in known.values() if one.reason is None} == {
            (0, 0)
        }
        found = Searcher(connection, lambda: None).find(Query('"my words 9"', 1))
        assert [os.path.basename(result.path) for result in found] == ["0009.jpg"]


def test_what_is_no_path_is_not_saved_as_one(library: Library, sound: Path, tmp_path: Path) -> None:
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
    library: Library, sound: Path, tmp_path: Path
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


def test_lost_models_and_runs_are_made_up(library: Library, sound: Path, tmp_path: Path) -> None:
    with inside(library) as connection:
        connection.execute("DELETE FROM models")
        connection.execute("DELETE FROM runs")
    assert library.doctor().state == "damaged"
    salvaged = library.salvage(tmp_path / "new.db")
    assert salvaged.dropped == {}
    expected, saved = dump(sound), dump(tmp_path / "new.db")
    for name in ("photos", "captions", "tags", "vectors", "edits", "written", "search"):
        assert saved[name] == expected[name], name
    assert {row[1] for row in saved["models"]} == {"unknown"}


def test_the_log_beside_a_library_is_read(library: Library, sound: Path, tmp_path: Path) -> None:
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


def test_captions_that_cannot_be_placed_are_told(library: Library, tmp_path: Path) -> None:
    with inside(library) as connection:
        connection.execute("DELETE FROM photos WHERE id = 4")  # without its foreign keys
    salvaged: Salvaged = library.salvage(tmp_path / "new.db")
    assert salvaged.unplaced == ["my words 3"]
    assert salvaged.dropped["edits"] == 1 and salvaged.dropped["captions"] == 3


# What a damaged file must not cost


def test_an_empty_file_with_a_log_is_left_alone_and_saved(
    library: Library, sound: Path, tmp_path: Path
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


def test_checking_writes_nothing(library: Library, tmp_path: Path) -> None:
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
def test_what_is_made_of_tables_is_made_anew(library: Library, sound: Path, spoil: str) -> None:
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


def test_a_table_that_is_gone_is_damage(library: Library) -> None:
    with inside(library) as connection:
        connection.execute("DROP TABLE written")
    report = library.doctor()
    assert (report.state, report.damage) == ("damaged", "the table written is gone")


def test_a_root_in_an_ignored_folder_is_looked_at(tmp_path: Path) -> None:
    library, outer = Library(tmp_path / "library.db"), tmp_path / "Photos"
    inner = outer / ".hidden"
    inner.mkdir(parents=True)
    with contextlib.closing(database.open_for_writing(library.path)) as connection:
        fill(connection, inner, 6)
        add_roots(connection, [str(outer)])
    assert str(library.doctor()) == "healthy: 5 photos"


def test_an_orphan_in_the_searched_rows_is_repaired(library: Library, sound: Path) -> None:
    with inside(library) as connection:
        connection.execute("UPDATE search SET photo_id = 9999 WHERE photo_id = 3")
    assert library.doctor().state == "repaired"
    assert dump(library.path)["search"] == dump(sound)["search"]


@pytest.mark.parametrize(
    ("right", "wrong"), [("REFERENCES", "REFERUNCES"), ("TEXT", "DEXT"), ("size", "skze")]
)
def test_a_wrong_byte_in_a_definition_costs_nothing(
    library: Library, sound: Path, tmp_path: Path, right: str, wrong: str
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


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_wrong_version_costs_nothing(
    library: Library, sound: Path, tmp_path: Path, version: int
) -> None:
    with inside(library) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    library.salvage(tmp_path / "new.db")
    assert dump(tmp_path / "new.db") == dump(sound)


def test_a_bad_byte_in_a_caption_costs_that_byte(library: Library, tmp_path: Path) -> None:
    with inside(library) as connection:
        connection.execute(
            "UPDATE edits SET caption = CAST(x'526578ff21' AS TEXT) WHERE photo_id = 4"
        )
    library.salvage(tmp_path / "new.db")
    assert "Rex\ufffd!" in {row[1] for row in dump(tmp_path / "new.db")["edits"]}
