"""The schema of a library: its version and its definitions."""

from __future__ import annotations

import contextlib
import functools
import sqlite3

SCHEMA = 7  # the number of steps in migrations/migrations.py

_TEXT_INDEX = ("search_fts", "search_terms")
_OURS = """SELECT type, name, sql FROM sqlite_master
           WHERE sql IS NOT NULL AND tbl_name <> '_sqlite_migrations' ORDER BY rowid"""


def migrate(connection: sqlite3.Connection, version: int = SCHEMA) -> None:
    """Bring a library to a version of the schema; if the file is empty, make the library.

    Args:
        connection: to the library, with foreign keys off: a step may replace a table.
        version: the number of the last step to take.
    """
    import sqlite_utils

    from photosearch.migrations.migrations import migrations

    library = sqlite_utils.Database(connection)
    names = [step.name for step in migrations.pending(library)]
    migrations.apply(library, stop_before=[name for name in names if int(name[:4]) > version])


@functools.cache
def known(version: int = SCHEMA) -> dict[str, str]:
    """Return the definitions of a version's tables, by name."""
    with contextlib.closing(sqlite3.connect(":memory:")) as new:
        migrate(new, version)
        return tables(new)


def tables(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the definitions of tables, by name, as far as SQLite's list can be read."""
    found: dict[str, str] = {}
    for order in ("ASC", "DESC"):
        query = f"SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY rowid {order}"
        with contextlib.suppress(sqlite3.DatabaseError):
            for name, sql in connection.execute(query):
                if isinstance(name, str) and isinstance(sql, str):
                    found[name] = sql
    return found


def lost(connection: sqlite3.Connection) -> list[str]:
    """Return the names of indexes, triggers and parts of the text index, if gone or changed."""
    found = {name: sql for _, name, sql in connection.execute(_OURS)}
    return [name for _, name, sql in _derived() if found.get(name) != sql]


def remake(connection: sqlite3.Connection) -> None:
    """Replace indexes, triggers and the text index, in one transaction.

    Raises:
        sqlite3.Error: the file can't be read or written; nothing was changed.
    """
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for kind, name, _ in _derived():
            if kind in ("index", "trigger"):
                connection.execute(f"DROP {kind} IF EXISTS {name}")
        # DROP would first read the text index, but that may be damaged.
        connection.execute("PRAGMA writable_schema = ON")
        marks = ", ".join("?" * len(_TEXT_INDEX))
        connection.execute(f"DELETE FROM sqlite_master WHERE name IN ({marks})", _TEXT_INDEX)
        connection.execute("PRAGMA writable_schema = RESET")
        for kind, name, _ in _derived():
            if kind == "table" and name not in _TEXT_INDEX:
                connection.execute(f"DROP TABLE IF EXISTS {name}")
        for kind, name, sql in _derived():
            if kind != "table" or name in _TEXT_INDEX:  # SQLite makes the tables below it
                connection.execute(sql)
        connection.execute("INSERT INTO search_fts (search_fts) VALUES ('rebuild')")


@functools.cache
def _derived() -> tuple[tuple[str, str, str], ...]:
    """Return kind, name and definition of all indexes, triggers and parts of the text index.

    They are in the order in which they are made.
    """
    with contextlib.closing(sqlite3.connect(":memory:")) as new:
        migrate(new)
        return tuple(
            (kind, name, sql)
            for kind, name, sql in new.execute(_OURS)
            if kind != "table" or name.startswith(_TEXT_INDEX)
        )
