"""Dates of photos: what files and sidecars say is stored, and when a photo was taken follows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from photosearch.photo.dates import RULE, DateSource, when_taken
from photosearch.store.settings import read_setting, write_setting

_SETTING = "dates_rule"


def stored_dates(dates: Mapping[DateSource, str]) -> str:
    """Return dates by source as they are stored: a JSON object, the most reliable source first."""
    return json.dumps({source.value: dates[source] for source in DateSource if source in dates})


def read_dates(text: str | bytes | None) -> dict[DateSource, str]:
    """Return stored dates by source; none if nothing is stored or the text is damaged.

    Read the column as a BLOB: damaged text may not be UTF-8.
    """
    found = _object(text)
    if found is None:
        return {}
    return {
        source: found[source] for source in DateSource if isinstance(found.get(source.value), str)
    }


def are_damaged(stored: bytes | None) -> bool:
    """Return whether stored dates can't be used."""
    return _object(stored) is None


def _object(text: str | bytes | None) -> dict[str, Any] | None:
    """Return stored dates as they are; None: they are damaged."""
    try:
        values = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def redate(connection: sqlite3.Connection, photo_ids: Iterable[int] | None = None) -> int:
    """Date photos anew from what is stored: their dates, their paths, the times of their files.

    No file is read. Call it within a transaction.

    Args:
        connection: to the library, for writing.
        photo_ids: of the photos; None: all photos.

    Returns:
        How many photos have another date or source now.
    """
    query = """SELECT id, CAST(dates AS BLOB), coalesce(path, former_path), mtime_ns,
                      taken_at, taken_from
               FROM photos"""
    if photo_ids is None:
        rows = connection.execute(query)
    else:
        query += " WHERE id IN (SELECT value FROM json_each(?))"
        rows = connection.execute(query, (json.dumps([*photo_ids]),))
    changes = []
    for photo_id, dates, path, mtime_ns, *before in rows:
        after = when_taken(read_dates(dates), path, mtime_ns)
        if [*after] != before:
            changes.append((*after, photo_id))
    query = "UPDATE photos SET taken_at = ?, taken_from = ? WHERE id = ?"
    connection.executemany(query, changes)
    return len(changes)


def follow_rule(connection: sqlite3.Connection) -> int:
    """Date all photos anew if another version of the rule of `when_taken` dated them.

    All is written in one transaction.

    Returns:
        How many photos have another date or source now.
    """
    if read_setting(connection, _SETTING) == RULE:
        return 0
    with connection:
        changed = redate(connection)
        write_setting(connection, _SETTING, RULE)
    return changed
