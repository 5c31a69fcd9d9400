"""Moves: other paths for photos, and copies at other paths."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping

from photosearch.errors import UsageError
from photosearch.files.file import File
from photosearch.files.paths import root_of, top_of
from photosearch.store.clock import now
from photosearch.store.dates import redate
from photosearch.store.descriptions import DESCRIBING
from photosearch.store.failures import Stage
from photosearch.store.photos import set_aside
from photosearch.store.roots import below, outer_roots
from photosearch.store.search_rows import write_search_row
from photosearch.text import display


def move_photos(
    connection: sqlite3.Connection,
    moves: Mapping[int, tuple[str, File]],
) -> None:
    """Give photos the paths of other files; all that is known of the photos goes with them.

    Call it within a transaction.

    Args:
        connection: to the library.
        moves: by the photo's id, the root that its file was found under, and the file. If a photo
            is not among the moves, and another photo gets its path, it is set aside.
    """
    for photo_id in moves:
        # First all photos leave their paths: paths are unique, and two photos may change places.
        _leave_path(connection, photo_id)
    for photo_id, (root, file) in moves.items():
        set_aside(connection, os.fsencode(file.path))
        _set_file(connection, photo_id, root, file)


def copy_photo(connection: sqlite3.Connection, photo_id: int, root: str, file: File) -> None:
    """Store a file as a copy of a photo: all that is known of the photo is copied.

    The library may have another photo at the file's path. If a person captioned that photo, it is
    set aside; otherwise the copy takes its row. Call it within a transaction.
    """
    path = os.fsencode(file.path)
    set_aside(connection, path, only_edited=True)
    row = connection.execute("SELECT id FROM photos WHERE path = ?", (path,)).fetchone()
    facts = """size, mtime_ns, inode, format, width, height, taken_at, taken_from, dates, camera,
               lens, latitude, longitude, run_id, tags_model_id, content_hash, sidecar_mtime_ns,
               sidecar_damaged, metadata_unread"""
    if row is None:
        query = f"""INSERT INTO photos (path, display, {facts})
                    SELECT ?, ?, {facts} FROM photos WHERE id = ? RETURNING id"""
        (new,) = connection.execute(query, (path, display(file.path), photo_id)).fetchone()
    else:
        (new,) = row
        query = (
            f"UPDATE photos SET ({facts}) = (SELECT {facts} FROM photos WHERE id = ?) WHERE id = ?"
        )
        connection.execute(query, (photo_id, new))
        for table in (*DESCRIBING, "user_metadata"):
            connection.execute(f"DELETE FROM {table} WHERE photo_id = ?", (new,))
    for table in (*DESCRIBING, "user_metadata", "edits"):
        names = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
        rest = ", ".join(name for name in names if name != "photo_id")
        connection.execute(
            f"""INSERT OR REPLACE INTO {table} (photo_id, {rest})
                SELECT ?, {rest} FROM {table} WHERE photo_id = ?""",
            (new, photo_id),
        )
    _set_file(connection, new, root, file)


def touch_photo(connection: sqlite3.Connection, photo_id: int, root: str, file: File) -> None:
    """Store that a photo's file has another time or inode, but the same content."""
    _set_file(connection, photo_id, root, file)


def _set_file(connection: sqlite3.Connection, photo_id: int, root: str, file: File) -> None:
    """Give a photo a file with its content, and show the photo."""
    path = os.fsencode(file.path)
    query = "SELECT coalesce(path, former_path) FROM photos WHERE id = ?"
    (before,) = connection.execute(query, (photo_id,)).fetchone()
    connection.execute(
        """UPDATE photos SET path = ?, former_path = NULL, display = ?, size = ?, mtime_ns = ?,
           inode = ?, missing_since = NULL WHERE id = ?""",
        (path, display(file.path), file.size, file.mtime_ns, file.inode, photo_id),
    )
    redate(connection, [photo_id])  # the new name, or the new folder's, may be a date
    if before != path:
        connection.execute("DELETE FROM failures WHERE path = ?", (path,))
    # The content is the same, and so is the damage in it.
    connection.execute(
        "UPDATE failures SET path = ?, display = ? WHERE path = ? AND stage = ?",
        (path, display(file.path), before, Stage.METADATA),
    )
    connection.execute("DELETE FROM failures WHERE path = ? AND stage <> ?", (path, Stage.METADATA))
    write_search_row(connection, photo_id, root)


def _leave_path(connection: sqlite3.Connection, photo_id: int) -> None:
    """Take a photo from its path, which becomes its former path."""
    query = "UPDATE photos SET former_path = path, path = NULL WHERE id = ? AND path IS NOT NULL"
    connection.execute(query, (photo_id,))


def relocate(connection: sqlite3.Connection, old: str, new: str) -> int | None:
    """Move all that is known of a folder to another folder; no file is read.

    Returns:
        How many photos; None if the library knows nothing of the old folder.

    Raises:
        UsageError: a photo of the library lies in the new folder under the same name.
    """
    with connection:
        paths = _relocate_photos(connection, old, new)
        others = [_relocate_rows(connection, table, old, new) for table in ("roots", "failures")]
        roots = set(outer_roots(connection))
        if any(root_of(path, roots) is None for path in paths):
            # Otherwise no later run would index the new folder.
            query = "INSERT INTO roots VALUES (?, ?, ?)"
            connection.execute(query, (os.fsencode(new), display(new), now()))
        tell_folders(connection, new)
    return len(paths) if paths or any(others) else None


def _relocate_photos(connection: sqlite3.Connection, old: str, new: str) -> list[str]:
    """Give the photos in a folder their paths in another folder; return the new paths.

    Raises:
        UsageError: another photo of the library has one of the new paths.
    """
    low, high = below(old)
    query = """SELECT id, path, former_path FROM photos
               WHERE path = :path OR (path > :low AND path < :high)
               OR (former_path > :low AND former_path < :high)"""
    values = {"path": os.fsencode(old), "low": low, "high": high}
    rows = connection.execute(query, values).fetchall()
    at = {photo_id: _under(new, path[len(low) :]) for photo_id, path, _ in rows if path}
    aside = {photo_id: _under(new, path[len(low) :]) for photo_id, _, path in rows if path}
    query = "SELECT 1 FROM photos WHERE path = ?"
    before = {path for _, path, _ in rows}
    taken = sorted(
        path for path in at.values()
        if path not in before and connection.execute(query, (path,)).fetchone()
    )  # fmt: skip
    if taken:
        raise UsageError(
            f"{display(os.fsdecode(taken[0]))} is in the library already, and "
            f"{len(taken) - 1:,} more: photosearch forget takes out one of the folders"
        )
    for photo_id in at:  # first all photos leave their paths: one folder may lie in the other
        _leave_path(connection, photo_id)
    for photo_id, path in at.items():
        query = "UPDATE photos SET path = ?, former_path = NULL, display = ? WHERE id = ?"
        connection.execute(query, (path, display(os.fsdecode(path)), photo_id))
    for photo_id, path in aside.items():
        query = "UPDATE photos SET former_path = ?, display = ? WHERE id = ?"
        connection.execute(query, (path, display(os.fsdecode(path)), photo_id))
    redate(connection, [*at, *aside])  # the name of the new folder may be a date
    return [os.fsdecode(path) for path in (*at.values(), *aside.values())]


def _relocate_rows(connection: sqlite3.Connection, table: str, old: str, new: str) -> int:
    """Give the roots or failures in a folder their paths in another folder; return how many.

    If the library has a row at a new path, the row is replaced.
    """
    low, high = below(old)
    query = f"DELETE FROM {table} WHERE path = ? OR (path > ? AND path < ?) RETURNING *"
    rows = connection.execute(query, (os.fsencode(old), low, high)).fetchall()
    for path, _, *rest in rows:
        moved = _under(new, path[len(low) :])
        values = (moved, display(os.fsdecode(moved)), *rest)
        marks = ", ".join("?" * len(values))
        connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", values)
    return len(rows)


def is_there(connection: sqlite3.Connection, old: str, new: str) -> bool:
    """Return whether photos of one folder lie in another folder, under the same names.

    The first hundred photos by path are checked. If the library knows no photo of the folder, True.
    """
    low, high = below(old)
    query = """SELECT path FROM photos WHERE path > ? AND path < ? AND missing_since IS NULL
               LIMIT 100"""
    found = [path for (path,) in connection.execute(query, (low, high))]
    return not found or any(os.path.lexists(_under(new, path[len(low) :])) for path in found)


def _under(folder: str, rest: bytes) -> bytes:
    """Return a path in a folder, which may be `/`. If the rest is empty, it is the folder."""
    above = os.fsencode(folder)
    return os.path.join(above, rest) if rest else above


def tell_folders(connection: sqlite3.Connection, folder: str) -> None:
    """Replace the searched folder names of the photos below a folder, after its roots changed.

    Call it within a transaction.
    """
    low, high = below(folder)
    query = """SELECT id, path FROM photos JOIN search ON photo_id = id
               WHERE path = ? OR (path > ? AND path < ?)"""
    rows = connection.execute(query, (os.fsencode(folder), low, high)).fetchall()
    roots = set(outer_roots(connection)) if rows else set()
    for photo_id, path in rows:
        write_search_row(connection, photo_id, top_of(os.fsdecode(path), roots))
