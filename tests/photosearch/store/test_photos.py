"""The library file: opened only if it is one, and whole whatever happens to a writer."""

import contextlib
import gc
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from hypothesis import given, settings
from hypothesis import strategies as st
from photosearch.migrations.migrations import migrations

from captioner.describe.description import Caption, Description
from photosearch.errors import LibraryError
from photosearch.files.file import File
from photosearch.files.paths import inode_of
from photosearch.photo.exif import Exif
from photosearch.search.query import Query
from photosearch.search.results import Hits
from photosearch.search.searcher import Searcher
from photosearch.store import database
from photosearch.store.clock import now
from photosearch.store.database import APPLICATION_ID
from photosearch.store.descriptions import PARTS, Models, use_models
from photosearch.store.failures import Failure
from photosearch.store.known import Known, known_below
from photosearch.store.photos import Photo, set_found, set_missing, write_batch
from photosearch.store.roots import add_roots, outer_roots
from photosearch.store.runs import finish_run, start_run
from photosearch.store.schema import SCHEMA
from photosearch.store.statistics import stats
from photosearch.text import display

MIGRATIONS = Path(__file__).parents[3] / "migrations"
NOBODY = 65534
OPENERS = [database.open_for_reading, database.open_for_writing]


class Fatal:
    """A caption that goes wrong when it is read."""

    log_probability = -1.0
    tokens = 3

    def __init__(self, accident: Callable[[], None]) -> None:
        self._accident = accident

    @property
    def text(self) -> str:
        self._accident()
        return "never said"


Says = Caption | Fatal


def photo(path: str, *captions: Says | str, root: str = "/p", size: int = 1) -> Photo:
    says: list[Any] = [
        Caption(caption, -1.0, 3) if isinstance(caption, str) else caption for caption in captions
    ]
    return Photo(File(path, size, 1, 1), root, "JPEG", 4, 3, Exif(), Description(says))


def fingerprints(number: int = 1) -> dict[str, str]:
    return {part: f"{part} {number}" for part in PARTS}


def start(connection: sqlite3.Connection) -> tuple[int, Models]:
    """Start a run; return its number and the model's."""
    run = start_run(connection)
    return run, use_models(connection, run, "fake", fingerprints())


def find(connection: sqlite3.Connection, query: str, limit: int | None = 20) -> Hits:
    """Search by words: there are no vectors."""
    return Searcher(connection, lambda: None).find(Query(query, limit))


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


def pragma(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def assert_sound(connection: sqlite3.Connection) -> None:
    assert pragma(connection, "integrity_check") == "ok"
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with connection:
        for rank in (0, 1):  # the index in itself, and against the rows it is of
            query = "INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', ?)"
            connection.execute(query, (rank,))


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


def without_closing(task: Callable[[], object]) -> int:
    """Run in a process that ends at once afterwards, as if killed; return its exit code."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            task()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


@pytest.fixture
def library(path: Path) -> Iterator[sqlite3.Connection]:
    connection = database.open_for_writing(str(path))
    yield connection
    connection.close()


# Opening


def test_a_new_library(path: Path, library: sqlite3.Connection) -> None:
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


def test_the_command_of_sqlite_utils_makes_the_same(tmp_path: Path) -> None:
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


def test_what_is_written_is_there_when_opened_again(path: Path) -> None:
    connection = database.open_for_writing(str(path))
    write_batch(connection, *start(connection), [photo("/p/x.jpg", "a dog")], [])
    before = dump(connection)
    connection.close()
    for opened in OPENERS:
        connection = opened(str(path))
        assert dump(connection) == before
        connection.close()


@pytest.mark.parametrize("opened", OPENERS)
def test_an_empty_file_becomes_a_library(path: Path, opened: Any) -> None:
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


def test_a_read_only_library_in_a_read_only_folder(public_folder: Path) -> None:
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


def test_a_read_only_log_is_not_passed_over(public_folder: Path) -> None:
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


# Several at a time


def test_reading_goes_on_while_another_writes(path: Path, library: sqlite3.Connection) -> None:
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


def test_a_second_writer_waits(path: Path, library: sqlite3.Connection) -> None:
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


def test_several_may_make_a_library_at_once(tmp_path: Path) -> None:
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


# Writing


def fail() -> None:
    raise RuntimeError("no caption")


@pytest.mark.parametrize("captions", [[], [Fatal(fail)], [Caption("a cow", -1.0, 3), Fatal(fail)]])
def test_a_batch_is_written_whole_or_not_at_all(library: sqlite3.Connection, captions: Any) -> None:
    run, models = start(library)
    failure = Failure("/p/b.jpg", "truncated", 1, 1)
    write_batch(library, run, models, [photo("/p/a.jpg", "a dog")], [failure])
    before = dump(library)
    batch = [
        photo("/p/a.jpg", "a wolf", size=2),
        photo("/p/b.jpg", *captions),
        photo("/p/c.jpg", "a fox"),
    ]
    with pytest.raises((RuntimeError, IndexError, ValueError)):
        write_batch(library, run, models, batch, [Failure("/p/d.jpg", "empty")])
    assert not library.in_transaction
    assert dump(library) == before
    assert_sound(library)


def test_a_kill_in_a_batch_leaves_the_batches_before(path: Path) -> None:
    def write() -> None:
        connection = database.open_for_writing(str(path))
        run, models = start(connection)
        write_batch(connection, run, models, [photo("/p/a.jpg", "a dog")], [])
        batch = [photo("/p/b.jpg", "a dog"), photo("/p/c.jpg", Fatal(lambda: os._exit(9)))]
        write_batch(connection, run, models, batch, [])

    assert without_closing(write) == 9
    connection = database.open_for_writing(str(path))
    assert [result.path for result in find(connection, "dog")] == ["/p/a.jpg"]
    assert connection.execute("SELECT captioned, finished_at FROM runs").fetchall() == [(1, None)]
    assert_sound(connection)
    connection.close()


PATHS = ["/p/a.jpg", "/p/b.jpg", "/p/c/d.jpg", "/p/c/e.jpg", "/p/\udcff.jpg"]
some_paths = st.lists(st.sampled_from(PATHS), max_size=4, unique=True)
captions = st.lists(
    st.sampled_from(["a dog", "two dogs run", "a café", "", "ein Hund läuft über die Straße 🐶"]),
    min_size=1,
    max_size=3,
)


@dataclass
class Model:
    """What a library should hold: the same in plain dictionaries."""

    photos: dict[str, list[str]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_sequence_of_writes_leaves_a_sound_library(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        connection = database.open_for_writing(os.path.join(folder, "library.db"))
        connection.execute("PRAGMA synchronous = OFF")
        run, models = start(connection)
        expected = Model()
        for _ in range(data.draw(st.integers(1, 8))):
            step = data.draw(st.sampled_from(["write", "write", "fail", "missing", "found"]))
            paths = data.draw(some_paths)
            if step == "write":
                batch = {path: data.draw(captions) for path in paths}
                photos = [photo(path, *texts) for path, texts in batch.items()]
                write_batch(connection, run, models, photos, [])
                expected.photos.update(batch)
                expected.missing -= set(batch)
                for path in paths:
                    expected.failures.pop(path, None)
            elif step == "fail":
                failures = [Failure(path, data.draw(st.text(max_size=3))) for path in paths]
                write_batch(connection, run, None, [], failures)
                expected.failures.update({failure.path: failure.reason for failure in failures})
            elif step == "missing":
                hidden = {path for path in paths if path in expected.photos} - expected.missing
                assert set_missing(connection, paths) == len(hidden)
                expected.missing |= hidden
                for path in paths:
                    expected.failures.pop(path, None)
            else:
                set_found(connection, paths, "/p")
                expected.missing -= set(paths)
        assert_holds(connection, expected)
        assert_sound(connection)
        connection.close()


def captioned(size: int, mtime_ns: int, missing: bool = False) -> Known:
    """What is known of a photo that the first model gave captions, and nothing else."""
    return Known(size, mtime_ns, missing, models=(1, None, None))


def failed(size: int | None, mtime_ns: int | None, reason: str) -> Known:
    return Known(size, mtime_ns, False, reason, (None, None, None))


def assert_holds(connection: sqlite3.Connection, expected: Model) -> None:
    assert known_below(connection, "/p") == {
        path: captioned(1, 1, path in expected.missing)
        for path in expected.photos.keys() - expected.failures.keys()
    } | {path: failed(None, None, why) for path, why in expected.failures.items()}
    visible = {p: texts for p, texts in expected.photos.items() if p not in expected.missing}
    query = """SELECT path, caption, alternatives, folder, filename
               FROM search JOIN photos ON photos.id = photo_id"""
    assert {os.fsdecode(path): tuple(row) for path, *row in connection.execute(query)} == {
        path: (texts[0], "\n".join(texts[1:]), os.path.dirname(path)[1:],
               display(os.path.basename(path)))
        for path, texts in visible.items()
    }  # fmt: skip
    for word in ("dog", "cafe", "strasse", "straße"):
        stems = {word, word + "s", "café" if word == "cafe" else word}
        texts = {path: " ".join(texts).lower().split() for path, texts in visible.items()}
        holding = {path for path, words in texts.items() if stems & set(words)}
        assert {result.path for result in find(connection, word)} == holding
    counts = stats(connection)
    assert (counts["photos"], counts["missing"]) == (len(visible), len(expected.missing))
    assert counts["failures"] == len(expected.failures)
    assert counts["captions"] == sum(len(texts) for texts in expected.photos.values())


def test_a_photo_written_again_keeps_its_number(library: sqlite3.Connection) -> None:
    run, models = start(library)
    write_batch(library, run, models, [photo("/p/a.jpg", "a dog", "a wolf", "a fox")], [])
    numbers = library.execute("SELECT id FROM photos").fetchall()
    write_batch(library, run, models, [photo("/p/a.jpg", "a cat", "a lion", size=5)], [])
    assert library.execute("SELECT id FROM photos").fetchall() == numbers
    query = "SELECT rank, text FROM captions ORDER BY rank"
    assert library.execute(query).fetchall() == [(0, "a cat"), (1, "a lion")]
    assert find(library, "dog wolf fox") == []
    assert known_below(library, "/p") == {"/p/a.jpg": captioned(5, 1)}


@pytest.mark.parametrize("inode", [0, 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_any_inode_can_be_kept(library: sqlite3.Connection, inode: int) -> None:
    status = os.stat_result((0, inode, *[0] * 8))
    file = File("/p/a.jpg", 1, -(10**18), inode_of(status))
    one = Photo(file, "/p", "JPEG", 4, 3, Exif(), Description([Caption("a dog", -1.0, 3)]))
    write_batch(library, *start(library), [one], [])
    assert known_below(library, "/p") == {"/p/a.jpg": captioned(1, -(10**18))}
    (kept,) = library.execute("SELECT inode FROM photos").fetchone()
    assert kept % 2**64 == inode


def test_a_run_tells_whether_it_ended(library: sqlite3.Connection) -> None:
    run, models = start(library)
    photos = [photo(f"/p/{number}.jpg", "a dog") for number in range(3)]
    write_batch(library, run, models, photos, [Failure("/p/x", "empty")])
    query = "SELECT captioned, failed, model_id, finished_at IS NULL FROM runs"
    assert library.execute(query).fetchall() == [(3, 1, models.captions, 1)]
    finish_run(library, run)
    assert library.execute(query).fetchall() == [(3, 1, models.captions, 0)]


def test_stats_count_each_model_by_its_name(library: sqlite3.Connection) -> None:
    """A model trained again has the same name and another fingerprint."""
    run, first = start(library)
    second = use_models(library, run, "fake", fingerprints(2))
    other = use_models(library, run, "other", fingerprints(3))
    assert len({first, second, other}) == 3
    assert use_models(library, run, "fake", fingerprints()) == first
    for models, names in [(first, "abc"), (second, "de"), (other, "f")]:
        photos = [photo(f"/p/{name}.jpg", "a dog", "a cat") for name in names]
        write_batch(library, run, models, photos, [])
    assert stats(library)["models"] == {"fake": 5, "other": 1}


# Paths


name = st.binary(min_size=1, max_size=20).filter(lambda raw: not {0, ord("/")} & set(raw))


@settings(max_examples=25, deadline=None)
@given(names=st.lists(name.filter(lambda raw: raw not in (b".", b"..")), min_size=1, max_size=4))
def test_any_path_comes_back_as_it_was(names: list[bytes]) -> None:
    path = os.fsdecode(b"/p/" + b"/".join(names))
    with tempfile.TemporaryDirectory() as folder:
        connection = database.open_for_writing(os.path.join(folder, "library.db"))
        run, models = start(connection)
        write_batch(connection, run, models, [photo(path, "a dog")], [])
        write_batch(connection, run, None, [], [Failure(path + "x", "why")])
        add_roots(connection, [path])
        assert set(known_below(connection, "/p")) == {path, path + "x"}
        assert set(known_below(connection, path)) == {path}
        assert outer_roots(connection) == [path]
        assert [result.path for result in find(connection, "dog")] == [path]
        assert set_missing(connection, [path]) == 1
        set_found(connection, [path], "/p")
        assert [result.path for result in find(connection, "dog")] == [path]
        connection.close()


some_names = st.lists(st.sampled_from(["a", "b", "ab", "a-b", "a.b", "a b", "A", "é", "\udcff"]))
some_folders = some_names.map(lambda names: "/" + "/".join(names[:4]))


@settings(max_examples=30, deadline=None)
@given(paths=st.lists(some_folders, max_size=8, unique=True), root=some_folders)
def test_known_are_the_paths_below(paths: list[str], root: str) -> None:
    paths = [path for path in paths if path != "/"]
    with tempfile.TemporaryDirectory() as folder:
        connection = database.open_for_writing(os.path.join(folder, "library.db"))
        run, models = start(connection)
        half = len(paths) // 2
        photos = [photo(path, "a dog", root="/") for path in paths[:half]]
        failures = [Failure(path, "why", 2, 3) for path in paths[half:]]
        write_batch(connection, run, models, photos, failures)
        below = {path for path in paths if os.path.commonpath([path, root]) == root}
        assert known_below(connection, root) == {
            path: captioned(1, 1) if path in paths[:half] else failed(2, 3, "why") for path in below
        }
        connection.close()


def test_the_size_counts_what_is_not_yet_in_the_file(
    path: Path, library: sqlite3.Connection
) -> None:
    before = database.file_size(str(path))
    write_batch(library, *start(library), [photo("/p/a.jpg", "dog " * 50_000)], [])
    assert database.file_size(str(path)) > before + 100_000
    assert database.file_size(str(path.with_name("none.db"))) == 0


def test_times_are_utc_in_whole_seconds() -> None:
    assert now() in {
        time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - late)) for late in (0, 1)
    }
