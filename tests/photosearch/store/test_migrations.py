"""Libraries of every earlier schema: opened by today's program, whole whatever happens.

They were made by the code of their time, see `libraries/README.md`.
"""

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from photosearch.migrations.migrations import migrations

from photosearch.errors import BusyError, LibraryError
from photosearch.library import Library
from photosearch.repair.doctor import examine
from photosearch.store import database
from photosearch.store.failures import Stage, list_failures
from photosearch.store.known import known_below, photos_of_size
from photosearch.store.lock import locked
from photosearch.store.schema import SCHEMA, migrate

LIBRARIES = Path(__file__).parent / "libraries"
EARLIER = sorted(int(path.stem.split("-")[1]) for path in LIBRARIES.glob("schema-*.db"))
ALBUM = "/srv/photosearch-frozen/album"

Frozen = Callable[..., Path]
Rows = dict[str, list[dict[str, Any]]]


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def contents(path: Path) -> Rows:
    """All rows of all tables but the full-text index's own, by table."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = """SELECT name FROM sqlite_master WHERE type = 'table'
                   AND name NOT LIKE 'search\\_%' ESCAPE '\\' AND name <> '_sqlite_migrations'"""
        tables = [name for (name,) in connection.execute(query)]
        return {
            name: [
                dict(zip(columns(connection, name), row, strict=True))
                for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2")
            ]
            for name in tables
        }


def version_of(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return version


def today(before: dict[str, Any]) -> dict[str, Any]:
    """What today's schema says of an earlier one's photo: all metadata are to be read again."""
    source = before.get("taken_from")
    before = {**before, **({"taken_from": "created"} if source == "xmp" else {})}
    if "former_path" in before:  # from schema 4 on
        return {**before, "metadata_unread": 1}
    path, aside, _ = before["path"].partition(b"\0")
    sidecar = before.get("sidecar_mtime_ns", 0)
    bare = dict.fromkeys(("size", "mtime_ns", "inode", "format", "width", "height"))
    return {
        **before,
        **(bare if before["width"] == 0 else {}),
        "path": None if aside else path,
        "former_path": path if aside else None,
        "sidecar_mtime_ns": (~sidecar if sidecar < 0 else sidecar) if sidecar else None,
        "sidecar_damaged": int(sidecar is not None and sidecar < 0),
        "metadata_unread": 1,
    }


def assert_kept(before: Rows, after: Rows) -> None:
    """Whatever an earlier library held is in today's."""
    for table, rows in before.items():
        now = after["user_metadata" if table == "written" else table]
        for old, new in zip(rows, now, strict=True):
            assert (today(old) if table == "photos" else old).items() <= new.items(), table


def test_every_schema_of_a_release_has_its_library() -> None:
    assert EARLIER == [1, 2, 3, 5, 6]
    for version in EARLIER:
        assert version_of(LIBRARIES / f"schema-{version}.db") == version < SCHEMA


@pytest.mark.parametrize("opened", [database.open_for_reading, database.open_for_writing])
@pytest.mark.parametrize("version", EARLIER)
def test_an_earlier_library_keeps_all_it_has(frozen: Frozen, version: int, opened: Any) -> None:
    path = frozen(version)
    before = contents(path)
    assert all(before.values())
    opened(str(path)).close()
    assert version_of(path) == SCHEMA
    assert_kept(before, contents(path))
    with contextlib.closing(database.open_for_writing(str(path))) as connection:
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        report = examine(connection, repair=False)
        shown = [photo for photo in before["photos"] if photo["missing_since"] is None]
        # The folder is none of this machine: that is told, and counts nothing.
        undescribed = len(shown) if version == 1 else 0  # by then there were no vectors
        assert (report.state, report.photos) == ("healthy", len(shown))
        assert report.undescribed == undescribed
        known = known_below(connection, ALBUM)
        assert known[os.fsdecode(ALBUM.encode() + b"/caf\xe9.jpg")].models[0] == 1
        assert known[f"{ALBUM}/new\nline.png"].missing
        stages = {failure["path"]: failure["stage"] for failure in list_failures(connection)}
        assert stages[f"{ALBUM}/closed"] == Stage.WALK
        assert stages[f"{ALBUM}/broken.jpg"] == Stage.DECODE


@pytest.mark.parametrize("version", EARLIER)
def test_an_earlier_library_finds_the_same(frozen: Frozen, version: int) -> None:
    """As the code of its time did, whose results are stored beside it.

    Today's search knows more words of the same meaning, so a photo may match by more words.
    """
    expected = json.loads((LIBRARIES / f"schema-{version}.json").read_text(encoding="utf-8"))
    with Library(frozen(version)) as library:
        for ranker, queries in expected.items():
            for query, results in queries.items():
                found = library.find(query, None, ranker=ranker)
                assert [each.path for each in found] == [each["path"] for each in results], query
                for now, then in zip(found, results, strict=True):
                    matches, score = then.pop("matches"), then.pop("score")
                    assert then == {name: getattr(now, name) for name in then}, query
                    for field, words in matches.items():
                        assert {*words} <= {*now.matches.get(field, ())}, query
                    if now.matches == matches:
                        assert now.score == pytest.approx(score, rel=1e-5), query
    assert sum(map(len, expected["fts5"].values())) > 10


def test_an_earlier_library_has_no_words_and_no_confidence_yet(frozen: Frozen) -> None:
    path = frozen(5)
    database.open_for_writing(str(path)).close()
    after = contents(path)
    assert after["words"] == after["settings"] == []
    assert after["captions"]
    for caption in after["captions"]:
        assert caption["confidence"] is caption["word_confidences"] is None


def test_signs_in_paths_and_times_become_columns(frozen: Frozen) -> None:
    path = frozen(3)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE photos SET sidecar_mtime_ns = 0 WHERE id = 2")  # from schema 2
        connection.execute(  # as salvage wrote a photo of which only the path was left
            """INSERT INTO photos (id, path, display, size, mtime_ns, inode, format, width, height,
                                   run_id) VALUES (50, x'2f61', '/a', 0, 0, 0, '', 0, 0, 1)"""
        )
    before = contents(path)
    assert sum(b"\0" in photo["path"] for photo in before["photos"]) == 2
    with contextlib.closing(database.open_for_writing(str(path))) as connection:
        assert_kept(before, contents(path))
        known = known_below(connection, ALBUM)
        assert not any("\0" in name for name in known)
        photos = [each for each in known.values() if each.reason is None]
        assert photos and all(photo.metadata_unread for photo in photos)
        damaged = {os.path.basename(name) for name, each in known.items() if each.sidecar_damaged}
        assert damaged == {"dog 1.jpg", "cat.png"}
        sidecar = known[f"{ALBUM}/harbour/boat.jpg"].sidecar_mtime_ns
        assert sidecar == known[f"{ALBUM}/cat.png"].sidecar_mtime_ns - 7 * 86_400 * 10**9  # type: ignore[operator]
        bare = known_below(connection, "/a")["/a"]
        assert (bare.size, bare.mtime_ns) == (None, None)
        (size,) = connection.execute("SELECT size FROM photos WHERE path IS NULL").fetchone()
        (aside,) = (each for each in photos_of_size(connection, size) if each.path is None)
        assert aside.last_path == f"{ALBUM}/cat.png"
        assert (aside.missing, aside.edited) == (True, True)


def test_a_photo_that_nobody_looked_into_is_still_to_be_read(frozen: Frozen) -> None:
    with contextlib.closing(sqlite3.connect(frozen(3))) as connection:
        connection.execute("UPDATE photos SET sidecar_mtime_ns = 0 WHERE id = 2")  # from schema 2
        migrate(connection, 6)
        query = "SELECT path FROM photos WHERE metadata_unread"
        assert connection.execute(query).fetchall() == [(ALBUM.encode() + b"/caf\xe9.jpg",)]


def test_the_source_of_a_date_has_its_name_of_today(frozen: Frozen) -> None:
    path = frozen(6)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE photos SET taken_from = 'xmp' WHERE id = 2")
    before = contents(path)
    database.open_for_writing(str(path)).close()
    assert_kept(before, contents(path))
    sources = {photo["id"]: photo["taken_from"] for photo in contents(path)["photos"]}
    assert sources[2] == "created"
    assert set(sources.values()) == {"created", "exif", "file"}


def test_an_earlier_library_has_no_people_places_or_notes_yet(frozen: Frozen) -> None:
    path = frozen(6)
    database.open_for_writing(str(path)).close()
    after = contents(path)
    assert after["user_metadata"]
    for row in after["user_metadata"]:
        assert row["people"] == row["places"] == row["notes"] == ""
    for row in after["search"]:
        assert row["people"] == row["notes"] == row["spellings"] == ""
    assert [row["place"] for row in after["search"]] == [""] * len(after["search"])


def test_an_earlier_library_takes_no_foreign_keys_into_a_migration(frozen: Frozen) -> None:
    """To drop a table would delete what belongs to its rows."""
    with contextlib.closing(sqlite3.connect(frozen(3))) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(RuntimeError, match="foreign_keys"):
            migrations.apply(sqlite_utils.Database(connection))
        assert connection.execute("SELECT count(*) FROM captions").fetchone() != (0,)
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)


@pytest.mark.parametrize("version", EARLIER)
def test_opening_again_changes_nothing(frozen: Frozen, version: int) -> None:
    path = frozen(version)
    database.open_for_writing(str(path)).close()
    content = path.read_bytes()
    for opened in (database.open_for_writing, database.open_for_reading):
        opened(str(path)).close()
        assert path.read_bytes() == content


@pytest.mark.parametrize("version", EARLIER)
def test_an_earlier_library_gets_the_schema_of_a_new_one(
    tmp_path: Path, frozen: Frozen, version: int
) -> None:
    schemas = []
    for path in (frozen(version), tmp_path / "new.db"):
        with contextlib.closing(database.open_for_writing(str(path))) as connection:
            query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
            schemas.append(connection.execute(query).fetchall())
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize("version", EARLIER)
def test_an_earlier_library_is_salvaged(tmp_path: Path, frozen: Frozen, version: int) -> None:
    from photosearch.repair.salvage import salvage

    path = frozen(version)
    before = contents(path)
    saved = salvage(str(path), str(tmp_path / "new.db"))
    assert version_of(path) == version  # as it was
    after = contents(tmp_path / "new.db")
    assert_kept(before, after)
    assert saved.rows == {name: len(after[name]) for name in saved.rows}  # by today's names
    assert sum(saved.rows.values()) == sum(map(len, before.values()))
    database.open_for_writing(str(path)).close()
    assert contents(tmp_path / "new.db") == contents(path)


def test_a_row_that_no_migration_can_take_is_damage(tmp_path: Path, frozen: Frozen) -> None:
    path = frozen(3)
    definition = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'photos'"
    sides = ("display TEXT NOT NULL", "display TEXT")
    for given, query in (
        (sides, "UPDATE photos SET display = NULL WHERE id = 2"),
        (sides[::-1], ""),
    ):
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(definition, given)
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(query)
    before = contents(path)
    for opened in (database.open_for_writing, database.open_for_reading):
        with pytest.raises(LibraryError, match="photosearch doctor tells what can be saved"):
            opened(str(path))
    assert version_of(path) == 3
    with Library(path) as library:
        for check in (True, False):
            assert library.doctor(check=check).state == "damaged"
        saved = library.salvage(tmp_path / "new.db")
    assert saved.rows["photos"] == len(before["photos"])  # by the index over paths
    assert contents(path) == before
    assert version_of(tmp_path / "new.db") == SCHEMA


@pytest.mark.parametrize("kept", [0, 1, 20])
@pytest.mark.parametrize(("version", "number"), [(1, 6), (2, 7), (3, 6), (3, 3)])
def test_a_zeroed_path_is_damage_and_not_a_photo_set_aside(
    tmp_path: Path, frozen: Frozen, version: int, number: int, kept: int
) -> None:
    """The index over paths still has the path: no migration may replace the index."""
    path = frozen(version)
    before = contents(path)
    (photo,) = (each for each in before["photos"] if each["id"] == number)
    place, shown = photo["path"], photo["display"].encode()
    zeroed = place[:kept] + bytes(len(place) - kept)
    damaged = path.read_bytes().replace(place + shown, zeroed + shown)  # as a row has them
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    for opened in (database.open_for_writing, database.open_for_reading):
        with pytest.raises(LibraryError, match="photosearch doctor tells what can be saved"):
            opened(str(path))
    assert version_of(path) == version
    assert zeroed + shown in path.read_bytes()
    with Library(path) as library:
        assert library.doctor(check=True).state == "damaged"
        saved = library.salvage(tmp_path / "new.db")
    assert saved.dropped == {}
    assert_kept(before, contents(tmp_path / "new.db"))


@pytest.mark.parametrize("version", EARLIER)
def test_no_migration_under_another_process_at_work(frozen: Frozen, version: int) -> None:
    """An indexer of the library's version would fail on a newer schema."""
    path = frozen(version)
    with locked(str(path)), Library(path) as library:
        with pytest.raises(BusyError, match="another photosearch is at work"):
            library.stats()
        assert version_of(path) == version
    with Library(path) as library:
        assert library.stats()["photos"] > 0
    assert version_of(path) == SCHEMA


@pytest.mark.parametrize("closed", ["file", "folder"])
@pytest.mark.parametrize("version", EARLIER)
def test_an_earlier_library_that_cannot_be_written_is_read(
    public_folder: Path, frozen: Frozen, version: int, closed: str
) -> None:
    path = public_folder / "library.db"
    shutil.copyfile(frozen(version), path)
    path.chmod(0o444 if closed == "file" else 0o666)
    public_folder.chmod(0o555 if closed == "folder" else 0o777)
    content = path.read_bytes()

    def work() -> None:  # with what is imported already: others may not read the program's files
        with contextlib.closing(database.open_for_reading(str(path))) as reader:
            assert known_below(reader, ALBUM)[f"{ALBUM}/harbour/boat.jpg"].models[0] == 1
            assert list_failures(reader)
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("DELETE FROM photos")
        with pytest.raises(LibraryError, match="read-only media, or you have no permission"):
            database.open_for_writing(str(path))

    assert apart(lambda: _as_somebody_else(work)) == 0
    assert path.read_bytes() == content
    assert os.listdir(public_folder) == ["library.db"]


def _as_somebody_else(task: Callable[[], object]) -> None:
    """Run in a process of its own, which can't become root again."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    task()


def apart(task: Callable[[], object]) -> int:
    """Run in a process of its own; return how it ended, a signal as a negative number."""
    child = os.fork()
    if child == 0:
        try:
            task()
        except LibraryError as error:
            os._exit(3 if len(str(error).splitlines()) == 1 else 4)
        except BaseException:
            traceback.print_exc()
            os._exit(4)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def assert_old_or_new(path: Path, version: int, before: Rows) -> int:
    """A library after an accident: of one version or the other, and whole; return which."""
    found = version_of(path)
    assert found in (version, SCHEMA)
    if found == version:
        assert contents(path) == before
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        check = "INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)"
        connection.execute(check)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="forks, and ends processes by a timer")
@pytest.mark.parametrize("version", EARLIER)
def test_a_migration_that_is_killed_leaves_the_old_library(
    tmp_path: Path, frozen: Frozen, version: int
) -> None:
    master, path = frozen(version, "old.db"), tmp_path / "library.db"
    before = contents(master)
    shutil.copyfile(master, path)
    started = time.perf_counter()
    assert apart(lambda: database.open_for_writing(str(path)).close()) == 0
    whole, expected = time.perf_counter() - started, contents(path)
    chance, ends = random.Random(version), set()

    def killed() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends a process as abruptly as SIGKILL
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0005, whole))
        database.open_for_writing(str(path)).close()

    for _ in range(12):
        chance.random()  # the child's own is a copy
        for ending in ("", "-wal", "-shm"):
            Path(f"{path}{ending}").unlink(missing_ok=True)
        shutil.copyfile(master, path)
        ends.add((apart(killed), assert_old_or_new(path, version, before)))
        database.open_for_writing(str(path)).close()
        assert contents(path) == expected
    assert (-signal.SIGALRM, version) in ends
    assert {code for code, _ in ends} <= {0, -signal.SIGALRM}


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
@pytest.mark.parametrize("version", EARLIER)
def test_a_migration_on_a_full_disk_leaves_the_old_library(
    tmp_path: Path, frozen: Frozen, version: int
) -> None:
    master, path = frozen(version, "old.db"), tmp_path / "library.db"
    before, size = contents(master), master.stat().st_size
    shutil.copyfile(master, path)
    database.open_for_writing(str(path)).close()
    expected, ends = contents(path), set()

    for limit in range(0, 3 * size, size // 5):
        for ending in ("", "-wal", "-shm"):
            Path(f"{path}{ending}").unlink(missing_ok=True)
        shutil.copyfile(master, path)

        def limited(limit: int = limit) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            database.open_for_writing(str(path)).close()

        ends.add((apart(limited), assert_old_or_new(path, version, before)))
        database.open_for_writing(str(path)).close()  # there is space again
        assert contents(path) == expected
    assert {(3, version), (0, SCHEMA)} <= ends
    assert 4 not in {code for code, _ in ends}
