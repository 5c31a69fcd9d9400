"""What a library knows of photos: every read and write of it but searching."""

from __future__ import annotations

import os
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from photosearch.database import display

if TYPE_CHECKING:
    from photosearch.metadata import Metadata
    from photosearch.walk import File


class Caption(Protocol):
    """What the captioner says of a photo, as far as the store needs it."""

    @property
    def text(self) -> str:
        """The caption, lower case."""

    @property
    def log_probability(self) -> float:
        """Of the whole caption, natural logarithm."""

    @property
    def tokens(self) -> int:
        """Words and end."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A captioned photo, ready to be written."""

    file: File
    root: str  # the folder given by the user that it was found under
    format: str
    width: int
    height: int
    metadata: Metadata
    captions: Sequence[Caption]  # the best first, one or more


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or folder that can't be read."""

    path: str
    reason: str
    size: int | None = None  # of a file
    mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the library remembers of a path."""

    size: int | None
    mtime_ns: int | None
    missing: bool = False
    reason: str | None = None  # of a failure


def now() -> str:
    """Return the time in UTC, ISO 8601, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def known(connection: sqlite3.Connection, root: str) -> dict[str, Known]:
    """Return what the library remembers of the paths under a folder, by path."""
    low, high = _below(root)
    query = """
        SELECT path, size, mtime_ns, missing_since IS NOT NULL, NULL FROM photos
        WHERE path = :root OR (path > :low AND path < :high)
        UNION ALL SELECT path, size, mtime_ns, 0, reason FROM failures
        WHERE path = :root OR (path > :low AND path < :high)"""
    rows = connection.execute(query, {"root": os.fsencode(root), "low": low, "high": high})
    # A file that was a photo and then failed stands in both; the failure comes last.
    return {
        os.fsdecode(path): Known(size, mtime_ns, bool(missing), reason)
        for path, size, mtime_ns, missing, reason in rows
    }


def _below(root: str) -> tuple[bytes, bytes]:
    """Return the bounds between which all paths under a folder sort."""
    prefix = os.fsencode(root).rstrip(os.sep.encode()) + os.sep.encode()
    return prefix, prefix[:-1] + bytes([prefix[-1] + 1])


def add_roots(connection: sqlite3.Connection, roots: Iterable[str]) -> None:
    """Remember folders to index."""
    with connection:
        connection.executemany(
            "INSERT OR IGNORE INTO roots VALUES (?, ?, ?)",
            [(os.fsencode(root), display(root), now()) for root in roots],
        )


def roots(connection: sqlite3.Connection) -> list[str]:
    """Return the folders to index, without those inside another one."""
    paths = [os.fsdecode(path) for (path,) in connection.execute("SELECT path FROM roots")]
    return outermost(paths)


def outermost(paths: Iterable[str]) -> list[str]:
    """Return the paths that lie in no other one of them, sorted."""
    kept: list[str] = []
    for path in sorted(set(paths), key=lambda path: path.rstrip(os.sep) + os.sep):
        inside = kept and (path + os.sep).startswith(kept[-1].rstrip(os.sep) + os.sep)
        if not inside:
            kept.append(path)
    return kept


def start_run(connection: sqlite3.Connection) -> int:
    """Note that indexing starts; return the run's number."""
    with connection:
        cursor = connection.execute("INSERT INTO runs (started_at) VALUES (?)", (now(),))
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def use_model(connection: sqlite3.Connection, run: int, name: str, fingerprint: str) -> int:
    """Note which model captions in a run; return the model's number."""
    with connection:
        connection.execute(
            "INSERT OR IGNORE INTO models (name, fingerprint, first_used_at) VALUES (?, ?, ?)",
            (name, fingerprint, now()),
        )
        query = "SELECT id FROM models WHERE fingerprint = ?"
        model: int = connection.execute(query, (fingerprint,)).fetchone()[0]
        connection.execute("UPDATE runs SET model_id = ? WHERE id = ?", (model, run))
    return model


def finish_run(connection: sqlite3.Connection, run: int) -> None:
    """Note that a run came to its end."""
    with connection:
        connection.execute("UPDATE runs SET finished_at = ? WHERE id = ?", (now(), run))


def write_batch(
    connection: sqlite3.Connection,
    run: int,
    model: int | None,
    photos: Sequence[Photo],
    failures: Sequence[Failure],
) -> None:
    """Write photos and failures in one transaction: all of them or, at a kill, none.

    Args:
        connection: to the library.
        run: number of the run.
        model: number of the model that captioned; needed where there are photos.
        photos: new or changed; what was known of the same path is replaced.
        failures: new or repeated.
    """
    with connection:
        for photo in photos:
            _write_photo(connection, run, model, photo)
        for failure in failures:
            _write_failure(connection, failure)
        connection.execute(
            "UPDATE runs SET captioned = captioned + ?, failed = failed + ? WHERE id = ?",
            (len(photos), len(failures), run),
        )


def _write_photo(connection: sqlite3.Connection, run: int, model: int | None, photo: Photo) -> None:
    file, data, path = photo.file, photo.metadata, os.fsencode(photo.file.path)
    values = {
        "path": path, "display": display(file.path), "size": file.size,
        "mtime_ns": file.mtime_ns, "inode": _signed(file.inode), "format": photo.format,
        "width": photo.width, "height": photo.height, "taken_at": data.taken_at,
        "camera": data.camera, "lens": data.lens, "latitude": data.latitude,
        "longitude": data.longitude, "run_id": run, "missing_since": None,
    }  # fmt: skip
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    updates = ", ".join(f"{name} = excluded.{name}" for name in values)
    query = f"""INSERT INTO photos ({names}) VALUES ({marks})
                ON CONFLICT (path) DO UPDATE SET {updates} RETURNING id"""
    (number,) = connection.execute(query, values).fetchone()
    connection.execute("DELETE FROM failures WHERE path = ?", (path,))
    connection.execute("DELETE FROM captions WHERE photo_id = ?", (number,))
    connection.executemany(
        "INSERT INTO captions VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, rank, caption.text, caption.log_probability, caption.tokens, model)
            for rank, caption in enumerate(photo.captions)
        ],
    )
    write_search_row(connection, number, photo.root)


def _write_failure(connection: sqlite3.Connection, failure: Failure) -> None:
    connection.execute(
        """INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
           reason = excluded.reason, last_at = excluded.last_at""",
        (os.fsencode(failure.path), display(failure.path), failure.size, failure.mtime_ns,
         failure.reason, now(), now()),
    )  # fmt: skip


def write_search_row(connection: sqlite3.Connection, photo: int, root: str) -> None:
    """Write the row that full-text search sees from what is known of a photo."""
    query = "SELECT path, coalesce(camera, ''), coalesce(lens, '') FROM photos WHERE id = ?"
    path, camera, lens = connection.execute(query, (photo,)).fetchone()
    query = "SELECT text FROM captions WHERE photo_id = ? ORDER BY rank"
    captions = [text for (text,) in connection.execute(query, (photo,))]
    # The folder is told from the root's own name on: what lies above it
    # (home, the user's name) says nothing about a photo.
    path = os.fsdecode(path)
    within = os.path.relpath(os.path.dirname(path), os.path.dirname(root))
    values = {
        "photo_id": photo, "caption": captions[0], "alternatives": "\n".join(captions[1:]),
        "tags": "", "place": "", "camera": f"{camera} {lens}".strip(),
        "folder": _searchable(within), "filename": _searchable(os.path.basename(path)),
    }  # fmt: skip
    columns = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    updates = ", ".join(f"{name} = excluded.{name}" for name in values if name != "photo_id")
    connection.execute(
        f"""INSERT INTO search ({columns}) VALUES ({marks})
            ON CONFLICT (photo_id) DO UPDATE SET {updates}""",
        values,
    )


def _searchable(path: str) -> str:
    """Return a path as words to search: composed letters (Macs decompose them), no controls."""
    text = unicodedata.normalize("NFC", display(path))
    return "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)


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


def set_found(connection: sqlite3.Connection, paths: Iterable[str], root: str) -> None:
    """Show photos again whose files came back unchanged."""
    with connection:
        for path in paths:
            query = "UPDATE photos SET missing_since = NULL WHERE path = ? RETURNING id"
            for (number,) in connection.execute(query, (os.fsencode(path),)).fetchall():
                write_search_row(connection, number, root)


def _signed(number: int) -> int:
    """Return an unsigned 64-bit number as the signed one that SQLite can hold."""
    return number - 2**64 if number >= 2**63 else number


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
        "folders": [display(root) for root in roots(connection)],
        "models": dict(models.fetchall()),
    }
