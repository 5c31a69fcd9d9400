"""The store: what a library knows of photos."""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from photosearch.files.drives import holds_drives, is_empty_or_closed, is_gone, is_unplugged
from photosearch.photo.dates import when_taken
from photosearch.store.database import now, signed
from photosearch.store.descriptions import (
    Description,
    Models,
    write_description,
    write_written,
)
from photosearch.store.roots import below, outer_roots, reachable
from photosearch.store.search_rows import write_search_row
from photosearch.text import display

if TYPE_CHECKING:
    from photosearch.files.walk import File
    from photosearch.photo.exif import Metadata
    from photosearch.photo.user_metadata import Written


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or folder that can't be read."""

    path: str
    reason: str
    size: int | None = None  # of a file
    mtime_ns: int | None = None
    stage: str = "decode"  # where it went wrong: or walk, or sidecar


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, ready to be written: described, or one of which the description is known."""

    file: File
    root: str  # the folder given by the user that it was found under
    format: str
    width: int
    height: int
    metadata: Metadata
    description: Description | None  # captions are not None for a photo that is new
    written: Written | None = None  # by people; None: nothing
    content_hash: bytes | None = None  # of the file; None: not known
    unread: Failure | None = None  # of its sidecar: what people wrote stays as it was known


@dataclass(frozen=True, slots=True)
class Known:
    """What the library remembers of a path."""

    size: int | None
    mtime_ns: int | None
    missing: bool = False
    reason: str | None = None  # of a failure
    models: tuple[int | None, ...] = ()  # that made each of PARTS; None: not made
    sidecar_mtime_ns: int | None = None  # None: it had none


def known(connection: sqlite3.Connection, root: str) -> dict[str, Known]:
    """Return what the library remembers of the paths under a folder, by path."""
    low, high = below(root)
    query = """
        SELECT path, size, mtime_ns, missing_since IS NOT NULL, NULL,
               sidecar_mtime_ns, captions.model_id, tags_model_id, vectors.model_id
        FROM photos LEFT JOIN captions ON captions.photo_id = id AND rank = 0
        LEFT JOIN vectors ON vectors.photo_id = id
        WHERE path = :root OR (path > :low AND path < :high)
        UNION ALL SELECT path, size, mtime_ns, 0, reason, NULL, NULL, NULL, NULL
        FROM failures
        WHERE path = :root OR (path > :low AND path < :high)"""
    rows = connection.execute(query, {"root": os.fsencode(root), "low": low, "high": high})
    # A file that was a photo and then failed stands in both; the failure comes last.
    return {
        os.fsdecode(path): Known(
            size, mtime_ns, bool(missing), reason, tuple(models), sidecar_mtime_ns
        )
        for path, size, mtime_ns, missing, reason, sidecar_mtime_ns, *models in rows
    }


def knows(connection: sqlite3.Connection, folder: str) -> bool:
    """Tell whether a photo in a folder is known, and not hidden."""
    query = "SELECT 1 FROM photos WHERE path > ? AND path < ? AND missing_since IS NULL LIMIT 1"
    return connection.execute(query, below(folder)).fetchone() is not None


def is_emptied(connection: sqlite3.Connection, root: str) -> bool:
    """Tell whether a folder is empty that held photos: the place of an unplugged drive is."""
    if not os.path.isdir(root) or not is_empty_or_closed(root):
        return False
    return knows(connection, root)


def start_run(connection: sqlite3.Connection) -> int:
    """Note that indexing starts; return the run's number."""
    with connection:
        cursor = connection.execute("INSERT INTO runs (started_at) VALUES (?)", (now(),))
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def finish_run(connection: sqlite3.Connection, run: int) -> None:
    """Note that a run came to its end."""
    with connection:
        connection.execute("UPDATE runs SET finished_at = ? WHERE id = ?", (now(), run))


def write_batch(
    connection: sqlite3.Connection,
    run: int,
    models: Models | None,
    photos: Sequence[Photo],
    failures: Sequence[Failure],
) -> None:
    """Write photos and failures in one transaction: all of them or, at a kill, none.

    Args:
        connection: to the library.
        run: number of the run.
        models: numbers of what described; None where the photos are known and only what
            their files and sidecars tell is written anew.
        photos: new or changed; what was known of the same path is replaced.
        failures: new or repeated.
    """
    with connection:
        for photo in photos:
            _write_photo(connection, run, models, photo)
        for failure in failures:
            _write_failure(connection, failure)
        connection.execute(
            "UPDATE runs SET captioned = captioned + ?, failed = failed + ? WHERE id = ?",
            (0 if models is None else len(photos), len(failures), run),
        )


def _write_photo(
    connection: sqlite3.Connection, run: int, models: Models | None, photo: Photo
) -> None:
    file, data, path = photo.file, photo.metadata, os.fsencode(photo.file.path)
    xmp_date = photo.written.taken_at if photo.written else None
    taken_at, taken_from = when_taken(data.taken_at, xmp_date, path, file.mtime_ns)
    if photo.unread is not None:
        query = "SELECT taken_at, taken_from FROM photos WHERE path = ? AND taken_from = 'xmp'"
        before = connection.execute(query, (path,)).fetchone()
        taken_at, taken_from = before or (taken_at, taken_from)
    values = {
        "path": path, "display": display(file.path), "size": file.size,
        "mtime_ns": file.mtime_ns, "inode": signed(file.inode), "format": photo.format,
        "width": photo.width, "height": photo.height, "taken_at": taken_at,
        "taken_from": taken_from, "sidecar_mtime_ns": _sidecar_time(photo),
        "camera": data.camera, "lens": data.lens, "latitude": data.latitude,
        "longitude": data.longitude, "run_id": run, "missing_since": None,
        "content_hash": photo.content_hash,
    }  # fmt: skip
    if models is not None and _is_another(connection, path, photo, taken_at, taken_from):
        set_aside(connection, path, only_edited=True)
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    updates = ", ".join(f"{name} = excluded.{name}" for name in values)
    query = f"""INSERT INTO photos ({names}) VALUES ({marks})
                ON CONFLICT (path) DO UPDATE SET {updates} RETURNING id"""
    (number,) = connection.execute(query, values).fetchone()
    sidecar = None if file.sidecar is None else os.fsencode(file.sidecar)
    connection.execute("DELETE FROM failures WHERE path IN (?, ?)", (path, sidecar))
    write_written(connection, number, photo.written, keep=photo.unread is not None)
    if models is not None and photo.description is not None:
        write_description(connection, number, models, photo.description)
    write_search_row(connection, number, photo.root)


def _is_another(
    connection: sqlite3.Connection,
    path: bytes,
    photo: Photo,
    taken_at: str | None,
    taken_from: str | None,
) -> bool:
    """Tell whether another photo has come where one was, as when a camera counts anew.

    Where one was gone, it is, unless it was taken at the same time: that one was worked on while
    it was out of reach. Where one was shown until now, it is if that one lies elsewhere now and
    was taken at another time.
    """
    query = """SELECT missing_since IS NOT NULL,
                      taken_from = 'exif' AND :taken_from = 'exif', taken_at = :taken_at,
                      EXISTS (SELECT 1 FROM photos AS other
                              WHERE other.size = photos.size AND other.id <> photos.id
                              AND other.content_hash = photos.content_hash
                              AND other.missing_since IS NULL)
               FROM photos WHERE path = :path AND content_hash <> :content_hash"""
    values = {
        "path": path, "content_hash": photo.content_hash, "taken_at": taken_at,
        "taken_from": taken_from,
    }  # fmt: skip
    row = connection.execute(query, values).fetchone()
    if row is None:
        return False
    was_gone, comparable, same_time, is_elsewhere = row
    if was_gone:
        return not (comparable and same_time)
    return bool(comparable and not same_time and is_elsewhere)


def _sidecar_time(photo: Photo) -> int | None:
    """Return what is kept of a sidecar's time: all bits turned if it was damaged.

    Nothing if it couldn't be reached, so that it is another one to the next run.
    """
    time = photo.file.sidecar_mtime_ns
    if photo.unread is None or time is None:
        return time
    return None if photo.unread.mtime_ns is None else ~time


def _write_failure(connection: sqlite3.Connection, failure: Failure) -> None:
    connection.execute(
        """INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
           reason = excluded.reason, last_at = excluded.last_at, stage = excluded.stage""",
        (os.fsencode(failure.path), display(failure.path), failure.size, failure.mtime_ns,
         failure.reason, now(), now(), failure.stage),
    )  # fmt: skip


def set_missing(connection: sqlite3.Connection, paths: Iterable[str]) -> int:
    """Hide photos whose files are gone, and drop failures of files that are gone.

    Nothing is forgotten: a photo that is seen again comes back with its captions.

    Returns:
        How many photos were hidden.
    """
    hidden = 0
    with connection:
        for path in paths:
            key = (os.fsencode(path),)
            connection.execute("DELETE FROM failures WHERE path = ?", key)
            query = """UPDATE photos SET missing_since = ? WHERE path = ?
                       AND missing_since IS NULL RETURNING id"""
            for row in connection.execute(query, (now(), *key)).fetchall():
                connection.execute("DELETE FROM search WHERE photo_id = ?", row)
                hidden += 1
    return hidden


def set_aside(connection: sqlite3.Connection, path: bytes, *, only_edited: bool = False) -> None:
    """Hide a photo under a path that no file can have: another one lies at its own now.

    Its words are back with its content. Call it within a transaction.

    Args:
        connection: to the library, for writing.
        path: where the photo was.
        only_edited: only if a person captioned it.
    """
    query = "SELECT id FROM photos LEFT JOIN edits ON photo_id = id WHERE path = ?"
    query += " AND photo_id IS NOT NULL" * only_edited
    for (number,) in connection.execute(query, (path,)).fetchall():
        query = "UPDATE photos SET path = ?, missing_since = ? WHERE id = ?"
        connection.execute(query, (b"%b\0%d" % (path, number), now(), number))
        connection.execute("DELETE FROM search WHERE photo_id = ?", (number,))


def set_found(connection: sqlite3.Connection, paths: Iterable[str], root: str) -> None:
    """Show photos again whose files came back unchanged."""
    with connection:
        for path in paths:
            query = "UPDATE photos SET missing_since = NULL WHERE path = ? RETURNING id"
            for (number,) in connection.execute(query, (os.fsencode(path),)).fetchall():
                write_search_row(connection, number, root)


def prune(
    connection: sqlite3.Connection,
    *,
    dry_run: bool = False,
    holds_drives: Callable[[str], bool] = holds_drives,
) -> int:
    """Forget missing photos whose folder can be reached and whose file isn't there.

    One is kept if nothing at all is in the nearest folder that is still there, if that is closed
    or one where drives have their places, or if a link leads to where nothing is: a drive may
    have been unplugged there.

    Args:
        connection: to the library, for writing.
        dry_run: only count.
        holds_drives: tells whether drives have their places in a folder.

    Returns:
        How many photos.
    """
    within = reachable(connection)
    may_return = functools.cache(lambda folder: is_unplugged(folder, holds_drives))
    query = "SELECT id, path FROM photos WHERE missing_since IS NOT NULL"
    gone = [
        (number,)
        for number, path in connection.execute(query).fetchall()
        if os.fsdecode(path).startswith(within)
        and is_gone(path)
        and not may_return(os.path.dirname(os.fsdecode(path)))
    ]
    if not dry_run:
        with connection:
            connection.executemany("DELETE FROM photos WHERE id = ?", gone)
    return len(gone)


def forget(connection: sqlite3.Connection, folder: str) -> int | None:
    """Take a folder, or a single photo, out of a library.

    Returns:
        How many photos; None where the library knows nothing of the folder.
    """
    low, high = below(folder)
    values = {"path": os.fsencode(folder), "low": low, "high": high}
    with connection:
        counts = [
            connection.execute(
                f"DELETE FROM {table} WHERE path = :path OR (path > :low AND path < :high)", values
            ).rowcount
            for table in ("photos", "failures", "roots")
        ]
    return counts[0] if any(counts) else None


def failures(connection: sqlite3.Connection) -> list[dict[str, str]]:
    """Return what can't be read: path, reason, stage (see `Failure`), first and last time."""
    query = "SELECT display, reason, stage, first_at, last_at FROM failures ORDER BY path"
    names = ("path", "reason", "stage", "first_at", "last_at")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query)]


def stats(connection: sqlite3.Connection) -> dict[str, object]:
    """Return counts, folders and models of a library."""

    def count(query: str) -> int:
        number: int = connection.execute(query).fetchone()[0]
        return number

    models = connection.execute(
        """SELECT models.name, count(*) FROM captions JOIN models ON models.id = model_id
           WHERE rank = 0 GROUP BY models.name ORDER BY 2 DESC"""
    )
    return {
        "photos": count("SELECT count(*) FROM photos WHERE missing_since IS NULL"),
        "missing": count("SELECT count(*) FROM photos WHERE missing_since IS NOT NULL"),
        "captions": count("SELECT count(*) FROM captions"),
        "failures": count("SELECT count(*) FROM failures"),
        "folders": [display(root) for root in outer_roots(connection)],
        "models": dict(models.fetchall()),
    }
