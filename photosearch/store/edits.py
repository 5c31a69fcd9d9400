"""Edits: captions by people."""

from __future__ import annotations

import os
import sqlite3

from photosearch.store.clock import now
from photosearch.store.search_rows import write_search_row


def write_edit(connection: sqlite3.Connection, path: str, caption: str | None) -> bool:
    """Store a person's caption of a photo; None goes back to the generated captions.

    Returns:
        Whether the library knows the photo.
    """
    with connection:
        query = "SELECT id FROM photos WHERE path = ?"
        row = connection.execute(query, (os.fsencode(path),)).fetchone()
        if row is None:
            return False
        if caption is None:
            connection.execute("DELETE FROM edits WHERE photo_id = ?", row)
        else:
            connection.execute(
                "INSERT OR REPLACE INTO edits VALUES (?, ?, ?)", (*row, caption, now())
            )
        shown = connection.execute("SELECT 1 FROM search WHERE photo_id = ?", row).fetchone()
        if shown:
            write_search_row(connection, row[0])
    return True
