"""Twins: the RAW file of a picture and its JPEG, which lie side by side under one name."""

from __future__ import annotations

import os
import sqlite3

from photosearch.files.walk import CAMERA_SUFFIXES, RAW_SUFFIXES
from photosearch.store.search_rows import write_search_row


def follow_edits(connection: sqlite3.Connection) -> None:
    """Let people's captions go from a twin that is hidden to the one that is shown.

    They are about the picture, whichever of its files stands for it. A caption that the other
    one has already stays.
    """
    hidden = connection.execute(
        """SELECT id, path FROM photos JOIN edits ON photo_id = id
           WHERE missing_since IS NOT NULL"""
    ).fetchall()
    with connection:
        for number, path in hidden:
            twin = _shown_twin(connection, path)
            if twin is not None:
                connection.execute(
                    "UPDATE edits SET photo_id = ? WHERE photo_id = ?", (twin, number)
                )
                write_search_row(connection, twin)


def _shown_twin(connection: sqlite3.Connection, path: bytes) -> int | None:
    """Return the number of a photo's twin that is shown and that nobody captioned."""
    folder, name = os.path.split(os.fsdecode(path))
    stem, suffix = os.path.splitext(name)
    if suffix.lower() in RAW_SUFFIXES:
        wanted = CAMERA_SUFFIXES
    elif suffix.lower() in CAMERA_SUFFIXES:
        wanted = RAW_SUFFIXES
    else:
        return None
    query = """SELECT id, path FROM photos LEFT JOIN edits ON photo_id = id
               WHERE path > ? AND path < ? AND missing_since IS NULL AND photo_id IS NULL"""
    for form in dict.fromkeys((stem, stem.upper(), stem.lower())):
        start = os.fsencode(os.path.join(folder, form))
        for number, other in connection.execute(query, (start + b".", start + b"/")).fetchall():
            if os.fsdecode(other[len(start) :]).lower() in wanted:
                return int(number)
    return None
