"""Twins: what people wrote about a pair of files goes with the file that is shown."""

from __future__ import annotations

import os
import sqlite3

from photosearch.files.pairs import partner_suffixes
from photosearch.store.search_rows import write_search_row


def follow_edits(connection: sqlite3.Connection) -> None:
    """Move people's captions from a hidden twin to the shown twin.

    These captions are about the picture, whichever of its two files is shown. If a person captioned
    the shown twin already, both captions stay where they are.
    """
    hidden = connection.execute(
        """SELECT id, path FROM photos JOIN edits ON photo_id = id
           WHERE missing_since IS NOT NULL AND path IS NOT NULL"""
    ).fetchall()
    with connection:
        for photo_id, path in hidden:
            twin_id = _shown_twin(connection, path)
            if twin_id is not None:
                connection.execute(
                    "UPDATE edits SET photo_id = ? WHERE photo_id = ?", (twin_id, photo_id)
                )
                write_search_row(connection, twin_id)


def _shown_twin(connection: sqlite3.Connection, path: bytes) -> int | None:
    """Return the id of a photo's shown twin, if no person captioned the twin, or None."""
    stem = os.path.splitext(os.fsdecode(path))[0]
    folder, name = os.path.split(stem)
    suffixes = partner_suffixes(os.fsdecode(path))
    if not suffixes:
        return None
    query = """SELECT id, path FROM photos LEFT JOIN edits ON photo_id = id
               WHERE path > ? AND path < ? AND missing_since IS NULL AND photo_id IS NULL"""
    for form in dict.fromkeys((name, name.upper(), name.lower())):
        start = os.fsencode(os.path.join(folder, form))
        for photo_id, other in connection.execute(query, (start + b".", start + b"/")).fetchall():
            if os.fsdecode(other[len(start) :]).lower() in suffixes:
                return int(photo_id)
    return None
