"""Libraries of every earlier schema: opened by today's program, whole whatever happens."""

import contextlib
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from photosearch.migrations.migrations import migrations

from photosearch.errors import LibraryError
from photosearch.repair.doctor import examine
from photosearch.search.query import Query
from photosearch.search.searcher import Searcher
from photosearch.store import database
from photosearch.store import photos as store
from photosearch.store.database import SCHEMA
from photosearch.text import display

PATHS = [b"/p/a.jpg", b"/p/caf\xe9.jpg", b"/p/new\nline.png", b"/p/gone.jpg", "/p/ü😀.jpg".encode()]
EARLIER = range(1, SCHEMA)


def make(path: Path, version: int, photos: int = len(PATHS)) -> None:
    """Make a library as the first steps alone made it, with rows in all its tables."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        writer = sqlite_utils.Database(connection)
        later = [step.name for step in migrations.pending(writer)][version:]
        migrations.apply(writer, stop_before=later)
        with connection:
            fill(connection, photos)
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)


def fill(connection: sqlite3.Connection, photos: int) -> None:
    put(connection, "models", id=1, name="old", fingerprint="o1", first_used_at="2024")
    put(connection, "runs", id=1, started_at="2024", model_id=1, captioned=photos, failed=2)
    put(connection, "roots", path=b"/p", display="/p", added_at="2024")
    for path, size in ((b"/p/bad\xff.jpg", 7), (b"/p/closed", None)):
        shown = display(os.fsdecode(path))
        put(
            connection, "failures", path=path, display=shown, size=size, mtime_ns=size,
            reason="it is empty", first_at="2024", last_at="2025",
            stage="decode" if size else "walk",
        )  # fmt: skip
    for number in range(1, photos + 1):
        path = PATHS[number - 1] if number <= len(PATHS) else b"/p/%d.jpg" % number
        missing = "2025" if path == b"/p/gone.jpg" else None
        put(
            connection, "photos", id=number, path=path, display=display(os.fsdecode(path)),
            size=number, mtime_ns=10**18 + number, inode=number, format="JPEG", width=4, height=3,
            taken_at=None if number == 2 else "2019-07-04T12:00:00", camera="Canon", lens="50mm",
            latitude=1.5, longitude=-2.5, run_id=1, missing_since=missing, tags_model_id=1,
        )  # fmt: skip
        for rank, text in enumerate((f"a café at night {number}", "two dogs")):
            put(
                connection, "captions", photo_id=number, rank=rank, text=text,
                log_probability=-1.25, tokens=4, model_id=1,
            )  # fmt: skip
        put(
            connection, "tags", photo_id=number, rank=0, text="boat", synonyms="vessel\nship",
            probability=0.5, shown=1,
        )  # fmt: skip
        put(connection, "vectors", photo_id=number, model_id=1, vector=b"\x01\xff", hubness=0.25)
        edited = number % 2 == 0
        if edited:
            put(connection, "edits", photo_id=number, caption=f"mine {number}", edited_at="2025")
        title = "Titled" if number == 3 and columns(connection, "written") else ""
        if title:
            put(
                connection, "written", photo_id=number, title=title, description="", alt_text="",
                keywords="",
            )  # fmt: skip
        if missing is None:
            has = columns(connection, "edits") and edited
            own = [f"mine {number}"] if has else [title] * bool(title)
            said = [*own, f"a café at night {number}", "two dogs"]
            put(
                connection, "search", photo_id=number, caption=said[0],
                alternatives="\n".join(said[1:]), title=title, place="",
                camera="Canon 50mm", folder="p",
                tags="boat\nvessel\nship" if columns(connection, "tags") else "",
                filename=display(os.fsdecode(os.path.basename(path))).replace("\n", " "),
            )  # fmt: skip


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def put(connection: sqlite3.Connection, table: str, **values: Any) -> None:
    """Write a row, without what this version of the schema doesn't have."""
    there = columns(connection, table)
    kept = {name: value for name, value in values.items() if name in there}
    if kept:
        marks = ", ".join("?" * len(kept))
        query = f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({marks})"
        connection.execute(query, list(kept.values()))


def contents(path: Path) -> dict[str, dict[str, Any]]:
    """All rows of all tables but the full-text index's own, by table; and the schema."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = """SELECT name, sql FROM sqlite_master WHERE type = 'table'
                   AND name NOT LIKE 'search\\_%' ESCAPE '\\' AND name <> '_sqlite_migrations'"""
        return {
            name: {
                "columns": columns(connection, name),
                "rows": connection.execute(f"SELECT * FROM {name}").fetchall(),
            }
            for name, _ in connection.execute(query).fetchall()
        }


def version_of(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return version


def assert_kept(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> None:
    for name, table in before.items():
        width = len(table["columns"])
        assert after[name]["columns"][:width] == table["columns"]  # new ones stand at the end
        assert [row[:width] for row in after[name]["rows"]] == table["rows"], name


@pytest.mark.parametrize("opened", [database.open_for_reading, database.open_for_writing])
@pytest.mark.parametrize("version", EARLIER)
def test_an_earlier_library_keeps_all_it_has(tmp_path: Path, version: int, opened: Any) -> None:
    path = tmp_path / "library.db"
    make(path, version)
    before = contents(path)
    assert all(table["rows"] for table in before.values())
    opened(str(path)).close()
    assert version_of(path) == SCHEMA
    assert_kept(before, contents(path))
    with contextlib.closing(database.open_for_writing(str(path))) as connection:
        report = examine(connection, repair=False)
        # The folder is none of this machine: that is told, and counts nothing.
        undescribed = 4 if version == 1 else 0  # by then there were no vectors
        assert (report.state, report.photos, report.undescribed) == ("healthy", 4, undescribed)
        searcher = Searcher(connection, lambda: None)
        words = {"cafe": 4, "dog": 4, "canon": 4}
        words |= {"ship": 4, "mine": 2 - (PATHS[3] == b"/p/gone.jpg")} if version > 1 else {}
        for word, count in words.items():
            assert len(searcher.find(Query(word, None))) == count, word
        known = store.known(connection, "/p")
        assert known[os.fsdecode(PATHS[1])].size == 2 and known["/p/gone.jpg"].missing
        assert store.failures(connection)[1]["stage"] == "walk"


@pytest.mark.parametrize("version", EARLIER)
def test_opening_again_changes_nothing(tmp_path: Path, version: int) -> None:
    path = tmp_path / "library.db"
    make(path, version)
    database.open_for_writing(str(path)).close()
    content = path.read_bytes()
    for opened in (database.open_for_writing, database.open_for_reading):
        opened(str(path)).close()
        assert path.read_bytes() == content


@pytest.mark.parametrize("version", EARLIER)
def test_an_earlier_library_gets_the_schema_of_a_new_one(tmp_path: Path, version: int) -> None:
    make(tmp_path / "old.db", version)
    schemas = []
    for name in ("old.db", "new.db"):
        with contextlib.closing(database.open_for_writing(str(tmp_path / name))) as connection:
            query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
            schemas.append(connection.execute(query).fetchall())
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize("version", EARLIER)
def test_a_damaged_earlier_library_is_salvaged(tmp_path: Path, version: int) -> None:
    from photosearch.repair.salvage import salvage

    make(tmp_path / "old.db", version, 500)
    before = contents(tmp_path / "old.db")
    salvage(str(tmp_path / "old.db"), str(tmp_path / "new.db"))
    assert version_of(tmp_path / "old.db") == version  # as it was
    assert_kept(before, contents(tmp_path / "new.db"))
    database.open_for_writing(str(tmp_path / "old.db")).close()
    assert contents(tmp_path / "new.db") == contents(tmp_path / "old.db")


def apart(task: Callable[[], object]) -> int:
    """Run in a process of its own; return how it ended, a signal as a negative number."""
    child = os.fork()
    if child == 0:
        try:
            task()
        except LibraryError as error:
            os._exit(3 if len(str(error).splitlines()) == 1 else 4)
        except BaseException:
            os._exit(4)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def assert_old_or_new(path: Path, version: int, before: dict[str, dict[str, Any]]) -> int:
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
def test_a_migration_that_is_killed_leaves_the_old_library(tmp_path: Path, version: int) -> None:
    master, path = tmp_path / "old.db", tmp_path / "library.db"
    make(master, version, 400)
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
def test_a_migration_on_a_full_disk_leaves_the_old_library(tmp_path: Path, version: int) -> None:
    master, path = tmp_path / "old.db", tmp_path / "library.db"
    make(master, version, 200)
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
