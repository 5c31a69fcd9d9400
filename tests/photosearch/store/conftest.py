"""What the tests of the store share."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from captioner.describe.description import PARTS, Caption, Description
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.search.query import Query
from photosearch.search.results import Hits
from photosearch.search.searcher import Searcher
from photosearch.store import database
from photosearch.store.descriptions import Models, use_models
from photosearch.store.photos import Photo
from photosearch.store.runs import start_run

LIBRARIES = Path(__file__).parent / "libraries"


@pytest.fixture
def frozen(tmp_path: Path) -> Callable[..., Path]:
    """Gives a copy of the library that the code of an earlier schema made."""

    def copy(version: int, name: str = "library.db") -> Path:
        return Path(shutil.copyfile(LIBRARIES / f"schema-{version}.db", tmp_path / name))

    return copy


def _photo(path: str, *captions: Any, root: str = "/p", size: int = 1) -> Photo:
    says: list[Any] = [
        Caption(caption, -1.0, 3) if isinstance(caption, str) else caption for caption in captions
    ]
    return Photo(File(path, size, 1, 1), root, "JPEG", 4, 3, Exif(), Description(says))


@pytest.fixture(scope="session")
def photo() -> Callable[..., Photo]:
    return _photo


def _start(connection: sqlite3.Connection) -> tuple[int, Models]:
    """Start a run; return its id and those of the model's parts."""
    run = start_run(connection)
    return run, use_models(connection, run, "fake", {part: f"{part} 1" for part in PARTS})


@pytest.fixture(scope="session")
def start() -> Callable[[sqlite3.Connection], tuple[int, Models]]:
    return _start


def _find(connection: sqlite3.Connection, query: str, limit: int | None = 20) -> Hits:
    """Search by words: there are no vectors."""
    return Searcher(connection, lambda: None).find(Query(query, limit))


@pytest.fixture(scope="session")
def find() -> Callable[..., Hits]:
    return _find


def _assert_sound(connection: sqlite3.Connection) -> None:
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    with connection:
        for rank in (0, 1):  # the index in itself, and against the rows it is of
            query = "INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', ?)"
            connection.execute(query, (rank,))


@pytest.fixture(scope="session")
def assert_sound() -> Callable[[sqlite3.Connection], None]:
    return _assert_sound


def _without_closing(task: Callable[[], object]) -> int:
    """Run in a process that ends at once afterwards, as if killed; return its exit code."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            task()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture(scope="session")
def without_closing() -> Callable[[Callable[[], object]], int]:
    return _without_closing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


@pytest.fixture
def library(path: Path) -> Iterator[sqlite3.Connection]:
    connection = database.open_for_writing(str(path))
    yield connection
    connection.close()
