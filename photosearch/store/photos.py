"""Photos: their rows, written, hidden and shown."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from photosearch.photo.dates import when_taken
from photosearch.store.clock import now
from photosearch.store.descriptions import Description, Models, write_description, write_search_row
from photosearch.store.failures import Failure, write_failure
from photosearch.store.runs import add_to_run
from photosearch.store.user_metadata import write_user_metadata
from photosearch.text import display

if TYPE_CHECKING:
    from photosearch.files.file import File
    from photosearch.photo.exif import Exif
    from photosearch.photo.user_metadata import UserMetadata


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, ready to be written: described, or one of which the description is known."""

    file: File
    root: str  # the folder given by the user that it was found under
    format: str
    width: int
    height: int
    exif: Exif
    description: Description | None  # captions are not None for a photo that is new
    user_metadata: UserMetadata | None = None  # by people; None: nothing
    content_hash: bytes | None = None  # of the file; None: not known
    unread: Failure | None = None  # of its sidecar: what people wrote stays as it was known


def write_batch(
    connection: sqlite3.Connection,
    run_id: int,
    models: Models | None,
    photos: Sequence[Photo],
    failures: Sequence[Failure],
) -> None:
    """Write photos and failures in one transaction: all of them or, at a kill, none.

    Args:
        connection: to the library.
        run_id: of the run.
        models: ids of what described; None where the photos are known and only what
            their files and sidecars tell is written anew.
        photos: new or changed; what was known of the same path is replaced.
        failures: new or repeated.
    """
    with connection:
        for photo in photos:
            _write_photo(connection, run_id, models, photo)
        for failure in failures:
            write_failure(connection, failure)
        captioned = 0 if models is None else len(photos)
        add_to_run(connection, run_id, captioned=captioned, failed=len(failures))


def _write_photo(
    connection: sqlite3.Connection, run_id: int, models: Models | None, photo: Photo
) -> None:
    file, exif, path = photo.file, photo.exif, os.fsencode(photo.file.path)
    xmp_date = photo.user_metadata.taken_at if photo.user_metadata else None
    taken_at, taken_from = when_taken(exif.taken_at, xmp_date, path, file.mtime_ns)
    if photo.unread is not None:
        query = "SELECT taken_at, taken_from FROM photos WHERE path = ? AND taken_from = 'xmp'"
        before = connection.execute(query, (path,)).fetchone()
        taken_at, taken_from = before or (taken_at, taken_from)
    values = {
        "path": path, "display": display(file.path), "size": file.size,
        "mtime_ns": file.mtime_ns, "inode": file.inode, "format": photo.format,
        "width": photo.width, "height": photo.height, "taken_at": taken_at,
        "taken_from": taken_from, "sidecar_mtime_ns": _sidecar_time(photo),
        "camera": exif.camera, "lens": exif.lens, "latitude": exif.latitude,
        "longitude": exif.longitude, "run_id": run_id, "missing_since": None,
        "content_hash": photo.content_hash,
    }  # fmt: skip
    if models is not None and _is_another(connection, path, photo, taken_at, taken_from):
        set_aside(connection, path, only_edited=True)
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    updates = ", ".join(f"{name} = excluded.{name}" for name in values)
    query = f"""INSERT INTO photos ({names}) VALUES ({marks})
                ON CONFLICT (path) DO UPDATE SET {updates} RETURNING id"""
    (photo_id,) = connection.execute(query, values).fetchone()
    sidecar = None if file.sidecar is None else os.fsencode(file.sidecar)
    connection.execute("DELETE FROM failures WHERE path IN (?, ?)", (path, sidecar))
    write_user_metadata(connection, photo_id, photo.user_metadata, keep=photo.unread is not None)
    if models is not None and photo.description is not None:
        write_description(connection, photo_id, models, photo.description)
    write_search_row(connection, photo_id, photo.root)


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
    for (photo_id,) in connection.execute(query, (path,)).fetchall():
        query = "UPDATE photos SET path = ?, missing_since = ? WHERE id = ?"
        connection.execute(query, (b"%b\0%d" % (path, photo_id), now(), photo_id))
        connection.execute("DELETE FROM search WHERE photo_id = ?", (photo_id,))


def set_found(connection: sqlite3.Connection, paths: Iterable[str], root: str) -> None:
    """Show photos again whose files came back unchanged."""
    with connection:
        for path in paths:
            query = "UPDATE photos SET missing_since = NULL WHERE path = ? RETURNING id"
            for (photo_id,) in connection.execute(query, (os.fsencode(path),)).fetchall():
                write_search_row(connection, photo_id, root)
