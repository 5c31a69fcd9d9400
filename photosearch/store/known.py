"""Known paths: what a library remembers of them from earlier runs."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from photosearch.files import drives
from photosearch.store.failures import Stage
from photosearch.store.roots import below


@dataclass(slots=True)  # not frozen: that takes twice the time, and there is one for each file
class Known:
    """The library's knowledge of a path."""

    size: int | None
    mtime_ns: int | None
    missing: bool = False
    reason: str | None = None  # of a failure
    models: tuple[int | None, ...] = ()  # the model of each of PARTS; None: the part wasn't made
    sidecar_mtime_ns: int | None = None  # None: no sidecar, or none that could be reached
    sidecar_damaged: bool = False
    metadata_unread: bool = False  # what people wrote in the photo is still to be read


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A photo of the library, with the values that identify its file."""

    photo_id: int
    path: str | None  # None: the photo is set aside, because another photo lies at its path
    last_path: str  # the path at which its file was last seen
    mtime_ns: int
    inode: int | None
    content_hash: bytes | None
    sidecar_mtime_ns: int | None
    sidecar_damaged: bool
    metadata_unread: bool
    missing: bool  # hidden since an earlier run
    edited: bool  # by a person

    def has_read(self, sidecar_mtime_ns: int | None) -> bool:
        """Return whether the library has what people wrote in the photo and its sidecar.

        Args:
            sidecar_mtime_ns: of the sidecar that is beside the file now; None: no sidecar.
        """
        unread = self.metadata_unread or self.sidecar_damaged
        return not unread and self.sidecar_mtime_ns == sidecar_mtime_ns


def known_below(connection: sqlite3.Connection, root: str) -> dict[str, Known]:
    """Return the library's knowledge of a folder's paths, or of a single file, by path."""
    low, high = below(root)
    query = """
        SELECT path, size, mtime_ns, missing_since IS NOT NULL, NULL, sidecar_mtime_ns,
               sidecar_damaged, metadata_unread, captions.model_id, tags_model_id, vectors.model_id
        FROM photos LEFT JOIN captions ON captions.photo_id = id AND rank = 0
        LEFT JOIN vectors ON vectors.photo_id = id
        WHERE path = :root OR (path > :low AND path < :high)
        UNION ALL SELECT path, size, mtime_ns, 0, reason, NULL, 0, 0, NULL, NULL, NULL
        FROM failures
        WHERE (path = :root OR (path > :low AND path < :high)) AND stage <> :harmless"""
    values = {"root": os.fsencode(root), "low": low, "high": high, "harmless": Stage.METADATA}
    rows = connection.execute(query, values)
    # If a file was a photo and later failed, it has a row in both tables. The failure's row comes
    # last, and so replaces the photo's.
    return {
        os.fsdecode(path): Known(
            size, mtime_ns, bool(missing), reason, tuple(models), sidecar_mtime_ns,
            bool(damaged), bool(unread),
        )
        for path, size, mtime_ns, missing, reason, sidecar_mtime_ns, damaged, unread, *models
        in rows
    }  # fmt: skip


def knows(connection: sqlite3.Connection, folder: str) -> bool:
    """Return whether the library shows any photo of a folder."""
    query = "SELECT 1 FROM photos WHERE path > ? AND path < ? AND missing_since IS NULL LIMIT 1"
    return connection.execute(query, below(folder)).fetchone() is not None


def is_emptied(connection: sqlite3.Connection, root: str) -> bool:
    """Return whether nothing can be seen in a folder although the library knows its photos."""
    return drives.is_emptied(root) and knows(connection, root)


def photos_of_size(connection: sqlite3.Connection, size: int) -> list[KnownPhoto]:
    """Return the photos whose files have a size in bytes.

    Photos that a person captioned come first, then photos that are shown. Among equals, the photo
    that was indexed first comes first.
    """
    query = """SELECT id, path, coalesce(path, former_path), mtime_ns, inode, content_hash,
                      sidecar_mtime_ns, sidecar_damaged, metadata_unread,
                      missing_since IS NOT NULL AS missing, photo_id IS NOT NULL AS edited
               FROM photos LEFT JOIN edits ON photo_id = id
               WHERE size = ? ORDER BY edited DESC, missing, id"""
    return [
        KnownPhoto(photo_id, path and os.fsdecode(path), os.fsdecode(last_path), *rest)
        for photo_id, path, last_path, *rest in connection.execute(query, (size,))
    ]


def known_hashes(connection: sqlite3.Connection, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the hashes of photos' files, SHA-256, by path; a path of unknown content is absent."""
    query = "SELECT content_hash FROM photos WHERE path = ?"
    rows = ((path, connection.execute(query, (os.fsencode(path),)).fetchone()) for path in paths)
    return {path: row[0] for path, row in rows if row is not None and row[0] is not None}
