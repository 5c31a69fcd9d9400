"""What the tests of doctor and salvage share: a library without damage, and looks into it."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from captioner.describe.description import Caption, Description, Tag
from captioner.describe.model_folder import read_fingerprints, shipped_model
from captioner.describe.words import KEPT, sparse
from photosearch.files.file import File
from photosearch.library import Library
from photosearch.photo.exif import Exif
from photosearch.photo.user_metadata import UserMetadata
from photosearch.store import database
from photosearch.store.descriptions import use_models
from photosearch.store.edits import write_edit
from photosearch.store.failures import Failure
from photosearch.store.photos import Photo, set_missing, write_batch
from photosearch.store.roots import add_roots
from photosearch.store.runs import finish_run, start_run

PHOTOS = 400


TABLES = [
    "models", "runs", "roots", "photos", "captions", "failures", "search", "tags", "vectors",
    "edits", "user_metadata", "words", "settings",
]  # fmt: skip


def describe(number: int) -> Description:
    says = [
        Caption(f"a dog number {number} {rank}", -1.0 - rank, 5, 0.5, (("dog", 0.75),))
        for rank in range(3)
    ]
    tags = [Tag("dog", 0.5, True, ("hound",))]
    chances = np.exp(-np.abs(np.arange(2 * KEPT) - number % KEPT) / KEPT)
    (words,) = sparse(chances[None])
    return Description(says, tags, bytes([number % 250] * 64), 0.0, words)


def _fill(connection: sqlite3.Connection, folder: Path, count: int = PHOTOS) -> None:
    """Write photos, a third of them with people's captions, and some of all else."""
    folder.mkdir(exist_ok=True)
    run = start_run(connection)
    models = use_models(connection, run, "fake", read_fingerprints(shipped_model()))
    add_roots(connection, [str(folder)])
    photos = []
    for number in range(count):
        path = folder / f"{number:04}.jpg"
        path.touch()
        file = File(str(path), 1, 1, number)
        user_metadata = UserMetadata(title=f"title {number}") if number % 4 == 0 else None
        photos.append(
            Photo(
                file,
                str(folder),
                "JPEG",
                4,
                3,
                Exif(),
                describe(number),
                user_metadata,
                b"hash",
            )
        )
    failures = [Failure(str(folder / f"{n}.gif"), "it is empty", 0, 1) for n in range(50)]
    write_batch(connection, run, models, photos, failures)
    for number in range(0, count, 3):
        write_edit(connection, str(folder / f"{number:04}.jpg"), f"my words {number}")
    set_missing(connection, [str(folder / "0001.jpg")])
    (folder / "0001.jpg").unlink()
    mine = '["/home/models/mine"]'
    connection.execute("INSERT OR REPLACE INTO settings VALUES ('model', ?)", (mine,))
    finish_run(connection, run)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library without damage."""
    path = tmp_path_factory.mktemp("sound") / "library.db"
    with contextlib.closing(database.open_for_writing(str(path))) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        _fill(connection, path.with_name("photos"))
    return path


@pytest.fixture
def library(sound: Path, tmp_path: Path) -> Library:
    shutil.copyfile(sound, tmp_path / "library.db")
    return Library(tmp_path / "library.db")


@pytest.fixture
def inside() -> Callable[[Library], contextlib.AbstractContextManager[sqlite3.Connection]]:
    """Opens the file as another program would, to change it."""

    @contextlib.contextmanager
    def inside(library: Library) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(library.path)) as connection, connection:
            yield connection

    return inside


@pytest.fixture
def dump() -> Callable[[str | Path], dict[str, set[Any]]]:
    """Gives all rows of a library, by table."""

    def dump(path: str | Path) -> dict[str, set[Any]]:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return {name: set(connection.execute(f"SELECT * FROM {name}")) for name in TABLES}

    return dump


@pytest.fixture
def assert_sound() -> Callable[[str | Path], None]:
    """Checks that a library is whole."""

    def assert_sound(path: str | Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            check = "INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)"
            connection.execute(check)
            shown = "SELECT id FROM photos WHERE missing_since IS NULL ORDER BY id"
            rows = "SELECT photo_id FROM search ORDER BY photo_id"
            assert connection.execute(shown).fetchall() == connection.execute(rows).fetchall()

    return assert_sound


@pytest.fixture
def fill() -> Callable[..., None]:
    """Fills a library: takes a connection, a folder, and how many photos."""
    return _fill
