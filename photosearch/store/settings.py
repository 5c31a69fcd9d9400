"""Settings of a library: texts by name, kept for its next runs."""

from __future__ import annotations

import json
import sqlite3


def read_setting(connection: sqlite3.Connection, name: str) -> str | None:
    """Return the value of a setting; None: the library has no such setting."""
    query = "SELECT CAST(value AS BLOB) FROM settings WHERE name = ?"  # damaged text isn't UTF-8
    row = connection.execute(query, (name,)).fetchone()
    return None if row is None else row[0].decode("utf-8", "replace")


def read_json(connection: sqlite3.Connection, name: str) -> object:
    """Return the value of a setting that is JSON; None: it is absent or damaged."""
    try:
        return json.loads(read_setting(connection, name) or "null")
    except (ValueError, RecursionError):
        return None


def write_setting(connection: sqlite3.Connection, name: str, value: str | None) -> None:
    """Store the value of a setting; None removes the setting."""
    with connection:
        if value is None:
            connection.execute("DELETE FROM settings WHERE name = ?", (name,))
        else:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))
