"""The library's file: opened with today's schema.

For reading, the standard library is enough: importing sqlite-utils takes longer than a search. It
is imported only if a schema must be made or changed.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from photosearch.errors import LibraryError
from photosearch.store.lock import LOCK, locked
from photosearch.store.schema import SCHEMA, migrate
from photosearch.store.sqlite_errors import why
from photosearch.text import display

APPLICATION_ID = 0x70686F74  # "phot": distinguishes libraries from other programs' databases
CHECKPOINT_TIMEOUT = 1000  # milliseconds that a writer waits for readers at its end
BUSY_TIMEOUT = 30.0  # seconds that a writer waits for another writer
MIGRATION_TIMEOUT = 2.0  # seconds that a migration waits for another process to end its work
ENDINGS = ("", "-wal", "-shm", "-journal", LOCK)  # of the library's file and the files beside it


def open_for_reading(path: str) -> sqlite3.Connection:
    """Open a library to search it, also while another process indexes.

    An older library is migrated. Where it can't be written, a migrated copy is opened.

    Raises:
        BusyError: the library is older, and another process is at work on it.
        LibraryError: the file doesn't exist, is no library, or has a newer schema.
    """
    path = os.path.abspath(path)
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise LibraryError(
            f"no library at {display(path)}: make one with photosearch index FOLDER"
        ) from error
    except OSError as error:
        raise LibraryError(f"can't reach {display(path)}: {error.strerror or error}") from error
    _refuse_what_is_no_file(path)
    with _explained(path):
        connection, version = _open_as_it_is(path)
        if version < SCHEMA:
            connection.close()
            if not _can_be_written(path):
                connection = open_copy(path)
                connection.execute("PRAGMA query_only = ON")
                return connection
            open_for_writing(path).close()
            connection = _connect_read_only(path, "mode=ro")
        return connection


def open_copy(path: str) -> sqlite3.Connection:
    """Open a copy of a library, in a temporary file that is deleted when the copy is closed.

    Nothing is written to the library or beside it; the copy has today's schema.

    Raises:
        LibraryError: the file doesn't exist, is no library, has a newer schema, or is damaged.
    """
    path = os.path.abspath(path)
    _refuse_what_is_no_file(path)
    with _explained(path):
        connection, version = _open_as_it_is(path)
        with contextlib.closing(connection):
            copy = sqlite3.connect("")
            with _closed_on_error(copy):
                connection.backup(copy)
                if version < SCHEMA:
                    migrate(copy)
                copy.execute("PRAGMA foreign_keys = ON")
        return copy


def _open_as_it_is(path: str) -> tuple[sqlite3.Connection, int]:
    """Open a library for reading, whatever its schema; return the schema's version too."""
    try:
        connection = _connect_read_only(path, "mode=ro")
    except sqlite3.OperationalError as error:
        log = f"{path}-wal"
        if os.path.exists(log) and os.path.getsize(log):
            raise LibraryError(
                f"{display(path)} was not closed after its last change, and can't be "
                "restored where it is: copy it and what lies beside it to another folder"
            ) from error
        # WAL needs a shared-memory file beside the library. If none can be made (read-only media),
        # nobody can write to the library either, so it doesn't change.
        connection = _connect_read_only(path, "mode=ro&immutable=1")
    with _closed_on_error(connection):
        return connection, _checked_version(connection, path)


def open_for_writing(path: str) -> sqlite3.Connection:
    """Open a library to change it. If it doesn't exist, it is made; an older one is migrated.

    Raises:
        BusyError: the library is older, and another process is at work on it.
        LibraryError: the file is no library, has a newer schema, or can't be written.
    """
    # Absolute, because "", ":memory:" and "file:..." have a meaning to SQLite.
    path = os.path.abspath(path)
    _refuse_what_is_no_file(path)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LibraryError(f"can't make a library at {display(path)}: {reason}") from error
    if not _can_be_written(path):
        raise LibraryError(
            f"{display(path)} can't be written: it is on read-only media, or you have no permission"
        )
    with _explained(path):
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT)
        with _closed_on_error(connection):
            version = _checked_version(connection, path)
            # An indexer of the older version would fail on the new schema.
            is_older = 0 < version < SCHEMA
            with locked(path, MIGRATION_TIMEOUT) if is_older else contextlib.nullcontext():
                _bring_up_to_date(connection, path)
            connection.execute("PRAGMA foreign_keys = ON")
            return connection


def _bring_up_to_date(connection: sqlite3.Connection, path: str) -> None:
    """Make or migrate a library, if it hasn't today's schema."""
    _set_journal(connection)
    connection.execute("PRAGMA foreign_keys = OFF")
    # One transaction from reading the version to the last step: another process that opens the
    # library waits, and a kill leaves the library as it was.
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if _checked_version(connection, path) < SCHEMA:
            migrate(connection)


def _can_be_written(path: str) -> bool:
    """Return whether a library and the files beside it can be written; it need not exist."""
    path = os.path.realpath(path)  # SQLite's files lie beside the file that a link leads to
    places = [os.path.dirname(path)] + [path] * os.path.exists(path)
    return all(os.access(place, os.W_OK) for place in places)


@contextlib.contextmanager
def writing(path: str) -> Iterator[sqlite3.Connection]:
    """Open a library to change it; at the end, what was changed is in the file itself.

    Until then it may be in the write-ahead log alone, and a copy of the file would lack it.

    Args:
        path: the library's file; if it doesn't exist, it is made.

    Raises:
        LibraryError: as `open_for_writing`.
    """
    with contextlib.closing(open_for_writing(path)) as connection:
        yield connection
        with contextlib.suppress(sqlite3.OperationalError):  # a search reads older pages: later
            connection.execute(f"PRAGMA busy_timeout = {CHECKPOINT_TIMEOUT}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextlib.contextmanager
def changing(path: str) -> Iterator[sqlite3.Connection]:
    """Open a library for writing, with other indexers kept out.

    Args:
        path: the library's file; if it doesn't exist, it is made.

    Raises:
        BusyError: another process is at work on the library.
        LibraryError: the library can't be used, or another program removed it meanwhile.
    """
    path = os.path.abspath(path)
    with writing(path) as connection, locked(path):
        before = os.stat(path)
        yield connection
        if not os.path.exists(path) or not os.path.samestat(before, os.stat(path)):
            raise LibraryError(
                f"{display(path)} was removed while it was written: what was done since is lost, "
                "the same command does it again"
            )


def _refuse_what_is_no_file(path: str) -> None:
    """Refuse a path if opening it would hang or would destroy something."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # it doesn't exist, or opening it raises an error
        return
    if stat.S_ISDIR(status.st_mode):
        raise LibraryError(f"{display(path)} is a folder, not a library")
    if not stat.S_ISREG(status.st_mode):  # a FIFO would wait for a writer
        raise LibraryError(f"{display(path)} is not a file, so it can't be a library")
    if not status.st_size and _is_left_alone(f"{path}-wal"):
        # SQLite would delete the log of an empty file, and the log may hold the whole library.
        raise LibraryError(
            f"{display(path)} is damaged: it is empty, but there is a log beside it: "
            "photosearch doctor --salvage NEW.db saves what that holds"
        )


def _is_left_alone(log: str) -> bool:
    """Return whether a log exists that nobody writes to: a library in the making has a log too."""
    try:
        before = os.stat(log)
        if not before.st_size:
            return False
        time.sleep(0.2)
        after = os.stat(log)
    except OSError:
        return False
    return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def _connect_read_only(path: str, mode: str) -> sqlite3.Connection:
    uri = f"{Path(path).absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT)
    with _closed_on_error(connection):
        connection.execute("SELECT count(*) FROM sqlite_master")  # the file is opened only now
    return connection


@contextlib.contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _checked_version(connection: sqlite3.Connection, path: str) -> int:
    # In one statement: between two statements, another process might make the library. The table
    # of sqlite-utils doesn't count: `sqlite-utils migrate` makes it first, in another transaction.
    version: int
    version, application, tables = connection.execute(
        """SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master
           WHERE tbl_name <> '_sqlite_migrations')
           FROM pragma_user_version, pragma_application_id"""
    ).fetchone()
    if application != APPLICATION_ID and tables:
        raise LibraryError(f"{display(path)} is the database of another program")
    if version > SCHEMA:
        raise LibraryError(
            f"{display(path)} was made by a newer photosearch (its schema is {version}, "
            f"this one knows {SCHEMA}): update photosearch, or choose another file with --db"
        )
    return version


def _set_journal(connection: sqlite3.Connection) -> None:
    """Use WAL if the file system allows it, so that searching works while indexing writes."""
    end = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("SELECT count(*) FROM sqlite_master")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                # Network drives lack the shared memory that WAL needs.
                connection.execute("PRAGMA journal_mode = DELETE")
                return
            if time.monotonic() > end:
                raise
        time.sleep(0.02)  # SQLite doesn't wait for a process that changes the mode


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn SQLite's errors while a library is opened into a LibraryError."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # a damaged name in a message
        raise LibraryError(f"the library {display(path)} can't be opened: {why(error)}") from error


def file_size(path: str) -> int:
    """Return the bytes that a library takes on disk, its write-ahead log included."""
    parts = (Path(path + ending) for ending in ("", "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())
