"""Runs of indexing, as the library records them."""

from __future__ import annotations

import sqlite3

from photosearch.store.clock import now


def start_run(connection: sqlite3.Connection) -> int:
    """Store that indexing starts; return the run's id."""
    with connection:
        cursor = connection.execute("INSERT INTO runs (started_at) VALUES (?)", (now(),))
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def finish_run(connection: sqlite3.Connection, run_id: int) -> None:
    """Store that a run came to its end."""
    with connection:
        connection.execute("UPDATE runs SET finished_at = ? WHERE id = ?", (now(), run_id))


def add_to_run(
    connection: sqlite3.Connection, run_id: int, *, captioned: int = 0, failed: int = 0
) -> None:
    """Add to a run's counts. Call it within a transaction."""
    connection.execute(
        "UPDATE runs SET captioned = captioned + ?, failed = failed + ? WHERE id = ?",
        (captioned, failed, run_id),
    )
