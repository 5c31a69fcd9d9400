"""Rows of photos: written, hidden and shown."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from captioner.describe.description import Description
from photosearch.photo.dates import DateSource, when_taken
from photosearch.store.clock import now
from photosearch.store.dates import read_dates, stored_dates
from photosearch.store.descriptions import Models, write_description
from photosearch.store.failures import Failure, Stage, write_failure
from photosearch.store.runs import add_to_run
from photosearch.store.search_rows import write_search_row
from photosearch.store.user_metadata import write_user_metadata
from photosearch.text import display

if TYPE_CHECKING:
    from photosearch.files.file import File
    from photosearch.photo.exif import Exif
    from photosearch.photo.user_metadata import UserMetadata

_TO_THE_SECOND = len("2019-07-04T12:34:56")


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, ready to be written: described now, or known with its description.

    If only the metadata were read, the photo is known, and what is known of its picture stays.
    """

    file: File
    root: str  # the root that the photo was found under
    format: str | None  # None, as width and height: only the metadata were read
    width: int | None
    height: int | None
    exif: Exif
    description: Description | None  # a new photo must have captions
    user_metadata: UserMetadata | None = None  # None: people wrote nothing
    content_hash: bytes | None = None  # SHA-256 of the file; None: not known
    unread: tuple[Failure, ...] = ()  # of its sidecars

    @property
    def keeps_words(self) -> bool:
        """Whether the known words of people stay, because a sidecar says nothing now."""
        return any(not failure.in_part for failure in self.unread)


def write_batch(
    connection: sqlite3.Connection,
    run_id: int,
    models: Models | None,
    photos: Sequence[Photo],
    failures: Sequence[Failure],
) -> None:
    """Write photos and failures in one transaction: all of them or, after a kill, none.

    Args:
        connection: to the library.
        run_id: of the run.
        models: ids of the model that described the photos; None: the photos are known, and only
            the metadata of their files and sidecars is replaced.
        photos: new or changed. If a path is known, its row is replaced.
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
    dates, position = _claims(connection, photo)
    taken_at, taken_from = when_taken(dates, path, file.mtime_ns)
    values = {
        "path": path, "display": display(file.path), "size": file.size,
        "mtime_ns": file.mtime_ns, "inode": file.inode, "content_hash": photo.content_hash,
        "taken_at": taken_at, "taken_from": taken_from, "dates": stored_dates(dates),
        "camera": exif.camera, "lens": exif.lens, "latitude": position[0],
        "longitude": position[1], **_sidecar_values(photo),
        "metadata_unread": False, "run_id": run_id, "missing_since": None,
    }  # fmt: skip
    if photo.format is not None:
        values |= {"format": photo.format, "width": photo.width, "height": photo.height}
    if models is not None and _is_another(connection, photo):
        set_aside(connection, path, only_edited=True)
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    updates = ", ".join(f"{name} = excluded.{name}" for name in values)
    query = f"""INSERT INTO photos ({names}) VALUES ({marks})
                ON CONFLICT (path) DO UPDATE SET {updates} RETURNING id"""
    (photo_id,) = connection.execute(query, values).fetchone()
    unread = {failure.path for failure in photo.unread}
    mended = {file.path, *(sidecar.path for sidecar in file.sidecars)} - unread
    query = "DELETE FROM failures WHERE path = ?"
    connection.executemany(query, [(os.fsencode(there),) for there in mended])
    if photo.user_metadata is not None and photo.user_metadata.damage:
        damage = photo.user_metadata.damage
        write_failure(
            connection,
            Failure(file.path, damage, file.size, file.mtime_ns, Stage.METADATA, in_part=True),
        )
    write_user_metadata(connection, photo_id, photo.user_metadata, keep=photo.keeps_words)
    if models is not None and photo.description is not None:
        write_description(connection, photo_id, models, photo.description)
    write_search_row(connection, photo_id, photo.root)


def _claims(
    connection: sqlite3.Connection, photo: Photo
) -> tuple[dict[DateSource, str], tuple[float | None, float | None]]:
    """Return when and where a photo was taken, by what its file and its sidecar say.

    While a sidecar can't be read, what is known from the sidecar stays. The library doesn't know
    which date or position, other than a sidecar's own kind of date, is from the sidecar. So if the
    file is the same, all that it doesn't say itself stays.
    """
    exif = photo.exif
    dates = {**exif.dates, **(photo.user_metadata.dates if photo.user_metadata else {})}
    position: tuple[float | None, float | None] = (exif.latitude, exif.longitude)
    if photo.user_metadata is not None and photo.user_metadata.position is not None:
        position = photo.user_metadata.position
    if not photo.keeps_words:
        return dates, position
    query = """SELECT content_hash = ?, CAST(dates AS BLOB), latitude, longitude
               FROM photos WHERE path = ?"""
    values = (photo.content_hash, os.fsencode(photo.file.path))
    is_same, stored, latitude, longitude = (
        connection.execute(query, values).fetchone() or [None] * 4
    )
    known = read_dates(stored)
    if not is_same:
        known = {source: date for source, date in known.items() if source is DateSource.SIDECAR}
    elif latitude is not None:
        position = (latitude, longitude)
    return {**known, **dates}, position


def _sidecar_values(photo: Photo) -> dict[str, int | None]:
    """Return what is stored about a photo's sidecars, by column.

    If a sidecar can't be reached, nothing is stored, so that the next run finds a new sidecar.
    """
    reached = all(failure.mtime_ns is not None for failure in photo.unread)
    return {
        "sidecar_mtime_ns": photo.file.sidecar_mtime_ns if reached else None,
        "sidecar_damaged": bool(photo.unread) and reached,
    }


def _is_another(connection: sqlite3.Connection, photo: Photo) -> bool:
    """Return whether a new photo is another photo than the known photo at its path.

    A camera that counts from 1 again gives the same path to two photos. If the known photo was
    missing, the new photo is another photo, unless EXIF gives both the same time: then somebody
    worked on the photo meanwhile. If the known photo was shown, the new photo is another photo only
    if EXIF gives them different times and the known photo's content lies elsewhere now.
    """
    query = """SELECT missing_since IS NOT NULL, CAST(dates AS BLOB),
                      EXISTS (SELECT 1 FROM photos AS other
                              WHERE other.size = photos.size AND other.id <> photos.id
                              AND other.content_hash = photos.content_hash
                              AND other.missing_since IS NULL)
               FROM photos WHERE path = ? AND content_hash <> ?"""
    values = (os.fsencode(photo.file.path), photo.content_hash)
    row = connection.execute(query, values).fetchone()
    if row is None:
        return False
    was_missing, dates, is_elsewhere = row
    before, after = _shutter_time(read_dates(dates)), _shutter_time(photo.exif.dates)
    if was_missing:
        return not before or before != after
    return bool(before and after and before != after and is_elsewhere)


def _shutter_time(dates: Mapping[DateSource, str]) -> str:
    """Return EXIF's time of a photo to the second; empty if it isn't known to the second.

    Programs that write a photo anew may leave out the fraction of the second and the offset.
    """
    time = dates.get(DateSource.EXIF, "")[:_TO_THE_SECOND]
    return time if len(time) == _TO_THE_SECOND else ""


def set_missing(connection: sqlite3.Connection, paths: Iterable[str]) -> int:
    """Hide photos whose files are gone, and drop the failures of files that are gone.

    Nothing of a photo is forgotten: if its file comes back, so does the photo, with its captions.

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
    """Set the photo at a path aside: another photo lies there now, and the known photo is hidden.

    All that is known of the photo stays. When its content is found again, the photo is shown again.
    Call this within a transaction.

    Args:
        connection: to the library, for writing.
        path: of the photo.
        only_edited: do it only if a person captioned the photo.
    """
    query = "SELECT id FROM photos LEFT JOIN edits ON photo_id = id WHERE path = ?"
    query += " AND photo_id IS NOT NULL" * only_edited
    for (photo_id,) in connection.execute(query, (path,)).fetchall():
        connection.execute(
            """UPDATE photos SET former_path = path, path = NULL, missing_since = ?
               WHERE id = ?""",
            (now(), photo_id),
        )
        connection.execute("DELETE FROM search WHERE photo_id = ?", (photo_id,))


def set_found(connection: sqlite3.Connection, paths: Iterable[str], root: str) -> None:
    """Show hidden photos again, after their files came back unchanged."""
    with connection:
        for path in paths:
            query = "UPDATE photos SET missing_since = NULL WHERE path = ? RETURNING id"
            for (photo_id,) in connection.execute(query, (os.fsencode(path),)).fetchall():
                write_search_row(connection, photo_id, root)
