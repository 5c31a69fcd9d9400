"""Settings of a library: texts by name, kept for its next runs."""

from __future__ import annotations

import sqlite3


def read_setting(connection: sqlite3.Connection, name: str) -> str | None:
    """Return the value of a setting; None: the library has no such setting."""
    query = "SELECT value FROM settings WHERE name = ?"
    row = connection.execute(query, (name,)).fetchone()
    return None if row is None else row[0]


def write_setting(connection: sqlite3.Connection, name: str, value: str | None) -> None:
    """Store the value of a setting; None removes the setting."""
    with connection:
        if value is None:
            connection.execute("DELETE FROM settings WHERE name = ?", (name,))
        else:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))
