"""The library file itself: opening it, and the version of its schema.

Reading opens through the standard library alone: importing sqlite-utils takes longer
than a search. It is imported where a schema has to be made or changed.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

SCHEMA = 1  # the number of steps in migrations/migrations.py
APPLICATION_ID = 0x70686F74  # "phot": tells our files from other programs' databases
BUSY_TIMEOUT = 30.0  # seconds a writer waits for another


class LibraryError(Exception):
    """The library file can't be used; the message is one line that says why."""


def display(path: str) -> str:
    """Return a path as text that any terminal, file or database can hold."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def open_for_reading(path: str) -> sqlite3.Connection:
    """Open a library to search it; a search works while another process indexes.

    Raises:
        LibraryError: no library there, not a library, or of a newer version.
    """
    if not Path(path).exists():
        raise LibraryError(f"no library at {display(path)}: make one with photosearch index FOLDER")
    with _explained(path):
        try:
            connection = _connect_read_only(path, "mode=ro")
        except sqlite3.OperationalError:
            # WAL needs a shared-memory file beside the library. Where none can be
            # made (read-only media) nobody writes either, and the file stands still.
            connection = _connect_read_only(path, "mode=ro&immutable=1")
        if _checked_version(connection, path) < SCHEMA:
            connection.close()
            open_for_writing(path).close()
            connection = _connect_read_only(path, "mode=ro")
        return connection


def open_for_writing(path: str) -> sqlite3.Connection:
    """Open a library to change it; make it where there is none, migrate an older one.

    Raises:
        LibraryError: not a library, of a newer version, or in a place that can't be
            written.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LibraryError(f"can't make a library at {display(path)}: {reason}") from error
    with _explained(path):
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT)
        version = _checked_version(connection, path)
        _set_journal(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        if version < SCHEMA:
            _migrate(connection)
        return connection


def _connect_read_only(path: str, mode: str) -> sqlite3.Connection:
    uri = f"{Path(path).absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT)
    connection.execute("SELECT count(*) FROM sqlite_master")  # the file is opened only now
    return connection


def _checked_version(connection: sqlite3.Connection, path: str) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and tables:
        raise LibraryError(f"{display(path)} is the database of another program")
    if version > SCHEMA:
        raise LibraryError(
            f"{display(path)} was made by a newer photosearch (its schema is {version}, "
            f"this one knows {SCHEMA}): update photosearch, or choose another file with --db"
        )
    return version


def _set_journal(connection: sqlite3.Connection) -> None:
    """Use WAL, so that searching goes on while indexing writes, where the place allows it."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        # Network drives lack the shared memory that WAL needs.
        connection.execute("PRAGMA journal_mode = DELETE")


def _migrate(connection: sqlite3.Connection) -> None:
    import sqlite_utils

    from photosearch.migrations.migrations import migrations

    migrations.apply(sqlite_utils.Database(connection))
    connection.commit()


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn SQLite's errors at opening into one line."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise LibraryError(f"the library {display(path)} can't be opened: {error}") from error


def file_size(path: str) -> int:
    """Return the bytes a library takes on disk, its write-ahead log included."""
    parts = (Path(path + ending) for ending in ("", "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())
