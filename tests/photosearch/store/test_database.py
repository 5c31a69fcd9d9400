"""The library file: opened only if it is one, and whole whatever happens to a writer."""

import contextlib
import gc
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from hypothesis import given, settings
from hypothesis import strategies as st
from photosearch.migrations.migrations import migrations

from captioner.describe.description import PARTS
from photosearch.errors import LibraryError
from photosearch.search.results import Hits
from photosearch.store import database
from photosearch.store.database import APPLICATION_ID
from photosearch.store.descriptions import Models
from photosearch.store.photos import Photo, write_batch
from photosearch.store.roots import add_roots, outer_roots
from photosearch.store.runs import start_run
from photosearch.store.schema import SCHEMA
from photosearch.store.statistics import stats

MakePhoto = Callable[..., Photo]
Start = Callable[[sqlite3.Connection], tuple[int, Models]]
Find = Callable[..., Hits]
Check = Callable[[sqlite3.Connection], None]
Apart = Callable[[Callable[[], object]], int]


def fingerprints(number: int = 1) -> dict[str, str]:
    return {part: f"{part} {number}" for part in PARTS}


def pragma(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


MIGRATIONS = Path(__file__).parents[3] / "migrations"


NOBODY = 65534


OPENERS = [database.open_for_reading, database.open_for_writing]


def dump(connection: sqlite3.Connection) -> dict[str, list[Any]]:
    """All rows of all tables."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    tables = [name for (name,) in connection.execute(query).fetchall()]
    return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}


def schema(path: Path) -> list[Any]:
    connection = sqlite3.connect(path)
    try:
        query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        rows: list[Any] = connection.execute(query).fetchall()
        pragmas = [pragma(connection, name) for name in ("application_id", "user_version")]
        return [*rows, *pragmas]
    finally:
        connection.close()


def assert_refused(path: Path, says: str) -> None:
    """Neither way of opening takes a file, or changes it."""
    before = path.read_bytes()
    for opened in OPENERS:
        with pytest.raises(LibraryError) as caught:
            opened(str(path)).close()
        assert says in str(caught.value)
        assert str(path) in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1
        assert path.read_bytes() == before


def without_rights(task: Callable[[], str]) -> str:
    """Run in a process that isn't root's; return what it returns, or the error in words."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
        except OSError:
            answer = "skip"
        else:
            try:
                answer = task()
            except BaseException as error:
                answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode("utf-8", "replace"))
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if answer == "skip":
        pytest.skip("runs as root, and can't become somebody else")
    return answer


def test_a_new_library(path: Path, library: sqlite3.Connection, assert_sound: Check) -> None:
    pending = migrations.pending(sqlite_utils.Database(memory=True))
    assert pragma(library, "user_version") == SCHEMA == len(pending)
    assert pragma(library, "application_id") == APPLICATION_ID == int.from_bytes(b"phot", "big")
    assert pragma(library, "journal_mode") == "wal"
    assert pragma(library, "foreign_keys") == 1
    assert not library.in_transaction
    assert_sound(library)
    assert stats(library) == {
        "photos": 0, "missing": 0, "captions": 0, "failures": 0, "folders": [], "models": {},
    }  # fmt: skip


def test_a_new_library_makes_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "library.db"
    database.open_for_writing(str(path)).close()
    database.open_for_reading(str(path)).close()


def test_the_command_of_sqlite_utils_makes_the_same(
    tmp_path: Path, photo: MakePhoto, start: Start, find: Find
) -> None:
    ours, theirs = tmp_path / "ours.db", tmp_path / "theirs.db"
    database.open_for_writing(str(ours)).close()
    command = [sys.executable, "-m", "sqlite_utils", "migrate", str(theirs), str(MIGRATIONS)]
    subprocess.run(command, check=True, capture_output=True)
    assert schema(theirs) == schema(ours)
    connection = database.open_for_writing(str(theirs))
    write_batch(connection, *start(connection), [photo("/p/x.jpg", "a dog")], [])
    connection.close()
    reader = database.open_for_reading(str(theirs))
    assert [result.path for result in find(reader, "dog")] == ["/p/x.jpg"]
    reader.close()


def test_what_is_written_is_there_when_opened_again(
    path: Path, photo: MakePhoto, start: Start
) -> None:
    connection = database.open_for_writing(str(path))
    write_batch(connection, *start(connection), [photo("/p/x.jpg", "a dog")], [])
    before = dump(connection)
    connection.close()
    for opened in OPENERS:
        connection = opened(str(path))
        assert dump(connection) == before
        connection.close()


@pytest.mark.parametrize("opened", OPENERS)
def test_an_empty_file_becomes_a_library(path: Path, opened: Any, find: Find) -> None:
    path.touch()
    connection = opened(str(path))
    assert pragma(connection, "user_version") == SCHEMA
    assert find(connection, "dog") == []
    connection.close()
    other = path.with_name("other.db")
    database.open_for_writing(str(other)).close()
    assert schema(path) == schema(other)


def test_a_missing_library_is_not_made_by_reading(path: Path) -> None:
    with pytest.raises(LibraryError, match=r"no library at .*: make one with photosearch index"):
        database.open_for_reading(str(path))
    assert list(path.parent.iterdir()) == []


def test_a_newer_library_is_refused(path: Path, library: sqlite3.Connection) -> None:
    library.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    library.close()
    assert_refused(path, "newer photosearch")


@pytest.mark.parametrize("version", [0, 1, 99])
def test_another_programs_database_is_refused(path: Path, version: int) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE photos (id INTEGER PRIMARY KEY, path BLOB)")
    other.execute(f"PRAGMA user_version = {version}")
    other.close()
    assert_refused(path, "another program")


@settings(max_examples=30, deadline=None)
@given(content=st.binary(min_size=2, max_size=2000))
def test_what_is_no_database_is_refused(content: bytes) -> None:
    # SQLite takes a file of a single byte for an empty one.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.db"
        path.write_bytes(content)
        assert_refused(path, "can't be opened")


@pytest.fixture(scope="module")
def sound_library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The content of a library file."""
    path = tmp_path_factory.mktemp("sound") / "library.db"
    database.open_for_writing(str(path)).close()
    return path.read_bytes()


def assert_opens_or_is_refused(content: bytes) -> list[str]:
    """Neither way of opening raises anything but a line for people; return the lines."""
    refusals = []
    for opened in OPENERS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "library.db"
            path.write_bytes(content)
            try:
                opened(str(path)).close()
            except LibraryError as error:
                assert len(str(error).splitlines()) == 1
                refusals.append(str(error))
    return refusals


@settings(max_examples=30, deadline=None)
@given(
    start=st.integers(0, 200) | st.integers(0, 100_000),
    damage=st.none() | st.binary(min_size=1, max_size=50),
)
def test_a_damaged_library_gives_one_line_or_works(
    sound_library: bytes, start: int, damage: bytes | None
) -> None:
    start %= len(sound_library)
    rest = b"" if damage is None else damage + sound_library[start + len(damage) :]
    assert_opens_or_is_refused(sound_library[:start] + rest)


def test_a_damaged_name_in_the_schema_gives_one_line(sound_library: bytes) -> None:
    """SQLite tells the name as it is, and Python can't decode the message."""
    content = sound_library.replace(b"CREATE TABLE failures", b"CREATE TABXE failures")
    content = content.replace(b"tablefailures", b"table\x80ailures")
    assert len(assert_opens_or_is_refused(content)) == 2


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs the list of open files")
@pytest.mark.parametrize("opened", OPENERS)
def test_a_refused_file_is_closed(path: Path, library: sqlite3.Connection, opened: Any) -> None:
    library.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    library.close()
    gc.disable()  # which would close it some time
    try:
        with contextlib.suppress(LibraryError):
            opened(str(path)).close()
        links = list(Path("/proc/self/fd").iterdir())
        assert [link for link in links if os.path.realpath(link).startswith(str(path))] == []
    finally:
        gc.enable()


@pytest.mark.parametrize("opened", OPENERS)
@pytest.mark.parametrize("name", [".", "file/library.db", "n" * 300, "\udcff/" + "n" * 300])
def test_impossible_places(tmp_path: Path, opened: Any, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError) as caught:
        opened(str(tmp_path / name))
    assert len(str(caught.value).splitlines()) == 1
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize(
    "name", ["", ":memory:", "file:x.db", "a?b.db", "a%20b#c.db", "ä\udcff.db"]
)
def test_what_is_written_can_be_read_whatever_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        connection = database.open_for_writing(name)
    except LibraryError:
        return
    add_roots(connection, ["/p"])
    connection.close()
    reader = database.open_for_reading(name)
    assert outer_roots(reader) == ["/p"]
    reader.close()


def test_a_folder_that_cannot_be_written(public_folder: Path) -> None:
    path = public_folder / "new" / "library.db"
    for file in (path, public_folder / "library.db"):
        answer = without_rights(lambda file=file: str(database.open_for_writing(str(file))))  # type: ignore[misc]
        assert answer.startswith("LibraryError: "), answer
        assert str(file) in answer
    assert list(public_folder.iterdir()) == []


@pytest.mark.parametrize("opened", OPENERS)
def test_a_folder_that_cannot_be_entered(public_folder: Path, opened: Any) -> None:
    path = public_folder / "closed" / "library.db"
    database.open_for_writing(str(path)).close()
    path.parent.chmod(0o700 if os.geteuid() == 0 else 0)
    answer = without_rights(lambda: str(opened(str(path))))
    path.parent.chmod(0o700)
    assert answer.startswith("LibraryError: "), answer


def test_a_read_only_library_in_a_read_only_folder(
    public_folder: Path, photo: MakePhoto, start: Start, find: Find
) -> None:
    path = public_folder / "library.db"
    connection = database.open_for_writing(str(path))
    write_batch(connection, *start(connection), [photo("/p/x.jpg", "a dog")], [])
    connection.close()
    path.chmod(0o444)
    public_folder.chmod(0o555)

    def search() -> str:
        reader = database.open_for_reading(str(path))
        return " ".join(result.path for result in find(reader, "dogs"))

    assert without_rights(search) == "/p/x.jpg"
    answer = without_rights(lambda: str(database.open_for_writing(str(path))))
    assert answer.startswith("LibraryError: "), answer
    assert os.listdir(public_folder) == ["library.db"]


def test_a_read_only_log_is_not_passed_over(public_folder: Path, without_closing: Apart) -> None:
    """A copy of a killed run's library on a medium where no shared memory can be made."""
    path = public_folder / "library.db"
    database.open_for_writing(str(path)).close()

    without_closing(lambda: add_roots(database.open_for_writing(str(path)), ["/p"]))
    path.with_name("library.db-shm").unlink()
    for file in public_folder.iterdir():
        file.chmod(0o444)
    public_folder.chmod(0o555)
    answer = without_rights(lambda: str(outer_roots(database.open_for_reading(str(path)))))
    assert answer == "['/p']" or answer.startswith("LibraryError: "), answer


def test_a_read_only_library_is_not_opened_for_writing(public_folder: Path) -> None:
    path = public_folder / "library.db"
    database.open_for_writing(str(path)).close()
    path.chmod(0o444)
    public_folder.chmod(0o777)
    answer = without_rights(lambda: str(start_run(database.open_for_writing(str(path)))))
    assert answer.startswith("LibraryError: "), answer


def test_reading_goes_on_while_another_writes(
    path: Path, library: sqlite3.Connection, photo: MakePhoto, start: Start, find: Find
) -> None:
    write_batch(library, *start(library), [photo("/p/x.jpg", "a dog")], [])
    reader = database.open_for_reading(str(path))
    library.execute("BEGIN IMMEDIATE")
    library.execute("UPDATE search SET caption = 'a cat'")
    for connection in (reader, database.open_for_reading(str(path))):
        assert find(connection, "cat") == []
        assert [result.caption for result in find(connection, "dog")] == ["a dog"]
    library.commit()
    assert [result.caption for result in find(reader, "cat")] == ["a cat"]
    assert find(reader, "dog") == []
    connection.close()
    reader.close()


def test_reading_cannot_write(path: Path, library: sqlite3.Connection) -> None:
    reader = database.open_for_reading(str(path))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        start_run(reader)
    reader.close()


def test_a_second_writer_waits(
    path: Path, library: sqlite3.Connection, photo: MakePhoto, start: Start
) -> None:
    run, models = start(library)
    started, done = threading.Event(), threading.Event()

    def write() -> None:
        started.set()
        connection = database.open_for_writing(str(path))
        write_batch(connection, run, models, [photo("/p/b.jpg", "a cat")], [])
        connection.close()
        done.set()

    library.execute("BEGIN IMMEDIATE")
    library.execute("UPDATE runs SET failed = 7")
    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert started.wait(10)
        assert not done.wait(0.3)
    finally:
        library.commit()
        thread.join(20)
    assert done.is_set()
    assert library.execute("SELECT failed, captioned FROM runs").fetchall() == [(7, 1)]


def test_several_may_make_a_library_at_once(tmp_path: Path, start: Start) -> None:
    """As when `index` is started in two windows: one makes it, the others wait."""
    trouble: list[str] = []

    def make(path: str, barrier: threading.Barrier) -> None:
        barrier.wait(10)
        try:
            connection = database.open_for_writing(path)
            start(connection)
            if pragma(connection, "journal_mode") != "wal":
                trouble.append("not WAL")
            connection.close()
        except (LibraryError, sqlite3.Error) as error:
            trouble.append(str(error))

    for number in range(5):
        barrier = threading.Barrier(3)
        file = str(tmp_path / f"{number}.db")
        threads = [threading.Thread(target=make, args=(file, barrier)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert trouble == []


def test_a_kill_before_the_first_step_leaves_a_library(path: Path) -> None:
    """The migration system writes its own table first, in a transaction of its own."""
    migrations.ensure_migrations_table(sqlite_utils.Database(path))
    connection = database.open_for_writing(str(path))
    assert pragma(connection, "user_version") == SCHEMA
    connection.close()


def test_the_size_counts_what_is_not_yet_in_the_file(
    path: Path, library: sqlite3.Connection, photo: MakePhoto, start: Start
) -> None:
    before = database.file_size(str(path))
    write_batch(library, *start(library), [photo("/p/a.jpg", "dog " * 50_000)], [])
    assert database.file_size(str(path)) > before + 100_000
    assert database.file_size(str(path.with_name("none.db"))) == 0
