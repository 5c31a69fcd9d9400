"""Where photos lie: rows of a library that get another path."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from photosearch.files.paths import root_of, top_of
from photosearch.files.walk import File
from photosearch.photo.dates import when_taken
from photosearch.store import photos as store
from photosearch.store.database import now, signed
from photosearch.store.roots import below, outer_roots
from photosearch.store.search_rows import write_search_row
from photosearch.text import display


@dataclass(frozen=True, slots=True)
class Place:
    """A photo of the library, as far as it tells one file from another."""

    number: int
    path: str
    mtime_ns: int
    inode: int | None
    content_hash: bytes | None
    sidecar_mtime_ns: int | None
    missing: bool  # hidden since an earlier run
    edited: bool  # by a person


def of_size(connection: sqlite3.Connection, size: int) -> list[Place]:
    """Return the photos whose files have so many bytes.

    Those that a person captioned come first, then those that are shown, then the oldest.
    """
    query = """SELECT id, path, mtime_ns, inode, content_hash, sidecar_mtime_ns,
                      missing_since IS NOT NULL AS missing, photo_id IS NOT NULL AS edited
               FROM photos LEFT JOIN edits ON photo_id = id
               WHERE size = ? ORDER BY edited DESC, missing, id"""
    return [
        Place(number, os.fsdecode(path), *rest)
        for number, path, *rest in connection.execute(query, (size,))
    ]


def move(
    connection: sqlite3.Connection,
    moves: Mapping[int, tuple[str, File]],
) -> None:
    """Give rows the paths of other files; everything known of the photos goes with them.

    Call it within a transaction.

    Args:
        connection: to the library.
        moves: by a photo's number, the root that its file was found under, and the file. A
            photo that is not among them, and whose file was overwritten, is hidden.
    """
    for number in moves:
        # Paths are unique, and two photos may change places.
        held = (b"\0%d" % number, number)
        connection.execute("UPDATE photos SET path = ? WHERE id = ?", held)
    for number, (root, file) in moves.items():
        store.set_aside(connection, os.fsencode(file.path))
        _set_file(connection, number, root, file)


def copy(connection: sqlite3.Connection, number: int, root: str, file: File) -> None:
    """Know a file as a copy of a photo: all that is known of it holds for both.

    Where the file's path has a row already that a person captioned, that one stays, hidden: its
    words are back with its content. Call it within a transaction.
    """
    path = os.fsencode(file.path)
    store.set_aside(connection, path, only_edited=True)
    row = connection.execute("SELECT id FROM photos WHERE path = ?", (path,)).fetchone()
    facts = """size, mtime_ns, inode, format, width, height, taken_at, taken_from, camera, lens,
               latitude, longitude, run_id, tags_model_id, content_hash, sidecar_mtime_ns"""
    if row is None:
        query = f"""INSERT INTO photos (path, display, {facts})
                    SELECT ?, ?, {facts} FROM photos WHERE id = ? RETURNING id"""
        (new,) = connection.execute(query, (path, display(file.path), number)).fetchone()
    else:
        (new,) = row
        query = (
            f"UPDATE photos SET ({facts}) = (SELECT {facts} FROM photos WHERE id = ?) WHERE id = ?"
        )
        connection.execute(query, (number, new))
        for table in ("captions", "tags", "vectors", "written"):
            connection.execute(f"DELETE FROM {table} WHERE photo_id = ?", (new,))
    for table in ("captions", "tags", "vectors", "written", "edits"):
        names = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
        rest = ", ".join(name for name in names if name != "photo_id")
        connection.execute(
            f"""INSERT OR REPLACE INTO {table} (photo_id, {rest})
                SELECT ?, {rest} FROM {table} WHERE photo_id = ?""",
            (new, number),
        )
    _set_file(connection, new, root, file)


def touch(connection: sqlite3.Connection, number: int, root: str, file: File) -> None:
    """Note that a file has another time or inode, but still holds the same photo."""
    _set_file(connection, number, root, file)


def _set_file(connection: sqlite3.Connection, number: int, root: str, file: File) -> None:
    """Let a row be about a file that holds its photo, and show it."""
    path = os.fsencode(file.path)
    query = "SELECT taken_at, taken_from FROM photos WHERE id = ?"
    taken_at, taken_from = connection.execute(query, (number,)).fetchone()
    if taken_from not in ("exif", "xmp"):
        taken_at, taken_from = when_taken(None, None, path, file.mtime_ns)
    connection.execute(
        """UPDATE photos SET path = ?, display = ?, size = ?, mtime_ns = ?, inode = ?,
           taken_at = ?, taken_from = ?, missing_since = NULL WHERE id = ?""",
        (path, display(file.path), file.size, file.mtime_ns, signed(file.inode),
         taken_at, taken_from, number),
    )  # fmt: skip
    connection.execute("DELETE FROM failures WHERE path = ?", (path,))
    write_search_row(connection, number, root)


def relocate(connection: sqlite3.Connection, old: str, new: str) -> int | None:
    """Move all that is known of a folder to another one, without a look at any file.

    Returns:
        How many photos; None where the library knows nothing of the old folder.

    Raises:
        ValueError: a photo of the library lies in the new folder under the same name.
    """
    low, high = below(old)
    values = {"path": os.fsencode(old), "low": low, "high": high}
    within = "path = :path OR (path > :low AND path < :high)"
    count, known = 0, False
    with connection:
        for table in ("roots", "failures", "photos"):
            query = f"SELECT path FROM {table} WHERE {within}"
            paths = [path for (path,) in connection.execute(query, values)]
            renamed = {path: _under(os.fsencode(new), path[len(low) :]) for path in paths}
            taken = _taken(connection, table, set(renamed.values()) - set(renamed))
            if taken and table == "photos":
                raise ValueError(
                    f"{display(os.fsdecode(taken[0]))} is in the library already, and "
                    f"{len(taken) - 1:,} more: photosearch forget takes out one of the folders"
                )
            connection.executemany(
                f"DELETE FROM {table} WHERE path = ?", [(path,) for path in taken]
            )
            # Paths are unique, and one folder may lie in the other.
            held = [(b"\0" + path, path) for path in renamed]
            connection.executemany(f"UPDATE {table} SET path = ? WHERE path = ?", held)
            final = [
                (after, display(os.fsdecode(after)), b"\0" + before)
                for before, after in renamed.items()
            ]
            connection.executemany(
                f"UPDATE {table} SET path = ?, display = ? WHERE path = ?", final
            )
            known = known or bool(paths)
            count = len(paths)
        places = [os.fsdecode(path) for path in renamed.values()]  # of the photos
        roots = set(outer_roots(connection))
        if any(root_of(path, roots) is None for path in places):
            # Or nobody would look there again.
            query = "INSERT INTO roots VALUES (?, ?, ?)"
            connection.execute(query, (os.fsencode(new), display(new), now()))
        tell_folders(connection, new)
    return count if known else None


def is_there(connection: sqlite3.Connection, old: str, new: str) -> bool:
    """Tell whether a photo that the library knows in a folder lies in another one, or none does.

    Looks for the first hundred only, and at no content.
    """
    low, high = below(old)
    query = """SELECT path FROM photos WHERE path > ? AND path < ? AND missing_since IS NULL
               LIMIT 100"""
    found = [path for (path,) in connection.execute(query, (low, high))]
    return not found or any(
        os.path.lexists(_under(os.fsencode(new), path[len(low) :])) for path in found
    )


def _under(folder: bytes, rest: bytes) -> bytes:
    """Return a path in a folder, which may be the root of all; without a rest, the folder."""
    return os.path.join(folder, rest) if rest else folder


def _taken(connection: sqlite3.Connection, table: str, paths: Iterable[bytes]) -> list[bytes]:
    """Return those of the paths that a table has."""
    query = f"SELECT 1 FROM {table} WHERE path = ?"
    return sorted(path for path in paths if connection.execute(query, (path,)).fetchone())


def tell_folders(connection: sqlite3.Connection, folder: str) -> None:
    """Let full-text search know the folders by which photos below a folder are reached now.

    Call it within a transaction.
    """
    low, high = below(folder)
    query = """SELECT id, path FROM photos JOIN search ON photo_id = id
               WHERE path = ? OR (path > ? AND path < ?)"""
    rows = connection.execute(query, (os.fsencode(folder), low, high)).fetchall()
    roots = set(outer_roots(connection)) if rows else set()
    for number, path in rows:
        write_search_row(connection, number, top_of(os.fsdecode(path), roots))
