"""Photos: a batch is written whole or not at all, and any sequence of writes is sound."""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.describe.description import Caption, Description
from photosearch.files.file import File
from photosearch.files.paths import inode_of
from photosearch.photo.exif import Exif
from photosearch.search.results import Hits
from photosearch.store import database
from photosearch.store.descriptions import Models
from photosearch.store.failures import Failure
from photosearch.store.known import Known, known_below
from photosearch.store.photos import Photo, set_found, set_missing, write_batch
from photosearch.store.statistics import stats
from photosearch.text import display

MakePhoto = Callable[..., Photo]
Start = Callable[[sqlite3.Connection], tuple[int, Models]]
Find = Callable[..., Hits]
Check = Callable[[sqlite3.Connection], None]
Apart = Callable[[Callable[[], object]], int]


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


def dump(connection: sqlite3.Connection) -> dict[str, list[Any]]:
    """All rows of all tables."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    tables = [name for (name,) in connection.execute(query).fetchall()]
    return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}


def fail() -> None:
    raise RuntimeError("no caption")


@pytest.mark.parametrize("captions", [[], [Fatal(fail)], [Caption("a cow", -1.0, 3), Fatal(fail)]])
def test_a_batch_is_written_whole_or_not_at_all(
    library: sqlite3.Connection, captions: Any, photo: MakePhoto, start: Start, assert_sound: Check
) -> None:
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


def test_a_kill_in_a_batch_leaves_the_batches_before(
    path: Path,
    photo: MakePhoto,
    start: Start,
    find: Find,
    assert_sound: Check,
    without_closing: Apart,
) -> None:
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
def test_any_sequence_of_writes_leaves_a_sound_library(
    photo: MakePhoto, start: Start, assert_sound: Check, find: Find, data: st.DataObject
) -> None:
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
        assert_holds(connection, expected, find)
        assert_sound(connection)
        connection.close()


def captioned(size: int, mtime_ns: int, missing: bool = False) -> Known:
    """What is known of a photo that the first model gave captions, and nothing else."""
    return Known(size, mtime_ns, missing, models=(1, None, None))


def failed(size: int | None, mtime_ns: int | None, reason: str) -> Known:
    return Known(size, mtime_ns, False, reason, (None, None, None))


def assert_holds(connection: sqlite3.Connection, expected: Model, find: Find) -> None:
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


def test_a_photo_written_again_keeps_its_number(
    library: sqlite3.Connection, photo: MakePhoto, start: Start, find: Find
) -> None:
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
def test_any_inode_can_be_kept(library: sqlite3.Connection, inode: int, start: Start) -> None:
    status = os.stat_result((0, inode, *[0] * 8))
    file = File("/p/a.jpg", 1, -(10**18), inode_of(status))
    one = Photo(file, "/p", "JPEG", 4, 3, Exif(), Description([Caption("a dog", -1.0, 3)]))
    write_batch(library, *start(library), [one], [])
    assert known_below(library, "/p") == {"/p/a.jpg": captioned(1, -(10**18))}
    (kept,) = library.execute("SELECT inode FROM photos").fetchone()
    assert kept % 2**64 == inode
