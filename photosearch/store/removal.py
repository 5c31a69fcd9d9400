"""Removal of photos from a library, because their files are gone or a person says so."""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import Callable

from photosearch.files.drives import holds_drives, is_gone, is_unplugged
from photosearch.store.roots import below, reachable


def prune(
    connection: sqlite3.Connection,
    *,
    dry_run: bool = False,
    holds_drives: Callable[[str], bool] = holds_drives,
) -> int:
    """Forget missing photos whose folder can be reached and whose file is gone.

    If a drive may have been unplugged, the photo is kept: the nearest existing folder above the
    photo is empty or closed or holds drives, or a link on the way to the photo is broken.

    Args:
        connection: to the library, for writing.
        dry_run: count only.
        holds_drives: returns whether systems make the folders of drives in a folder.

    Returns:
        How many photos were forgotten, or would be.
    """
    within = reachable(connection)
    may_return = functools.cache(lambda folder: is_unplugged(folder, holds_drives))
    query = "SELECT id, path, former_path FROM photos WHERE missing_since IS NOT NULL"
    gone = [
        (photo_id,)
        for photo_id, path, former_path in connection.execute(query).fetchall()
        if os.fsdecode(path or former_path).startswith(within)
        and (path is None or is_gone(path))
        and not may_return(os.path.dirname(os.fsdecode(path or former_path)))
    ]
    if not dry_run:
        with connection:
            connection.executemany("DELETE FROM photos WHERE id = ?", gone)
    return len(gone)


def forget(connection: sqlite3.Connection, folder: str) -> int | None:
    """Take a folder, or a single photo, out of a library.

    Returns:
        How many photos; None if the library knows nothing of the folder.
    """
    low, high = below(folder)
    values = {"path": os.fsencode(folder), "low": low, "high": high}
    within = "path = :path OR (path > :low AND path < :high)"
    aside = "former_path > :low AND former_path < :high"
    with connection:
        counts = [
            connection.execute(f"DELETE FROM {table} WHERE {rows}", values).rowcount
            for table, rows in (
                ("photos", f"{within} OR ({aside})"), ("failures", within), ("roots", within),
            )
        ]  # fmt: skip
    return counts[0] if any(counts) else None
