"""Salvage: a new library from the readable rows of a damaged library."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field

from photosearch.errors import LibraryError, UsageError
from photosearch.repair import doctor, unusable
from photosearch.repair.damaged import Table, TableReader, indexed_paths, is_path, shown, tables
from photosearch.store import database, schema
from photosearch.store.clock import now
from photosearch.store.lock import locked
from photosearch.text import display

_RENAMED = {"written": "user_metadata"}  # tables of earlier versions: their names today
# Columns that refer to a row of another table. If that row is lost, a substitute can be written.
_PARENTS = {"run_id": "runs", "model_id": "models", "tags_model_id": "models"}
_MADE_UP = {
    "runs": "INSERT OR IGNORE INTO runs (id, started_at) VALUES (:id, :now)",
    "models": """INSERT OR IGNORE INTO models (id, name, fingerprint, first_used_at)
                 VALUES (:id, 'unknown', 'lost ' || :id, :now)""",
}


@dataclass
class Salvaged:
    """The counts of saved and lost rows; tables have the names of today's schema."""

    rows: dict[str, int] = field(default_factory=dict)  # saved rows, by table
    dropped: dict[str, int] = field(default_factory=dict)  # rows that belong to no photo, by table
    unreadable: list[str] = field(default_factory=list)  # tables that were not read whole
    bare: int = 0  # photos saved by path alone; the next index describes them
    unplaced: list[str] = field(default_factory=list)  # people's captions in the dropped rows


def salvage(path: str, target: str) -> Salvaged:
    """Write what can be read of a library into a new file; the damaged file stays as it is.

    Args:
        path: the library's file. If it has a write-ahead log, that is read, too.
        target: the new file; it must not exist yet.

    Raises:
        LibraryError: nothing can be read, the new file can't be written, or the library is
            being indexed.
        UsageError: `target` exists already.
    """
    path, target = os.path.abspath(path), os.path.abspath(target)
    if not os.path.isfile(path):
        raise LibraryError(f"no library at {display(path)}")
    beside = os.access(os.path.dirname(path), os.W_OK)  # otherwise nobody can write to the library
    with locked(path) if beside else contextlib.nullcontext():
        return _salvage_into(path, target)


def _salvage_into(path: str, target: str) -> Salvaged:
    """Salvage a copy into a temporary file, so that the new file appears whole or not at all."""
    for ending in ("", "-wal", "-journal"):
        if os.path.lexists(target + ending):
            raise UsageError(f"{display(target + ending)} is there already: name a new file")
    try:
        # In the folder of the new file: there must be room in it anyway.
        with tempfile.TemporaryDirectory(
            prefix=".photosearch-salvage-", dir=os.path.dirname(target)
        ) as scratch:
            copy, made = os.path.join(scratch, "damaged.db"), os.path.join(scratch, "made.db")
            for ending in ("", "-wal", "-journal"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(path + ending, copy + ending)
            _keep_log(copy)
            salvaged = _salvage(path, copy, made)
            os.rename(made, target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LibraryError(f"can't salvage into {display(target)}: {reason}") from error
    return salvaged


def _keep_log(copy: str) -> None:
    """If a file is empty, give it one empty page: otherwise SQLite would delete its log."""
    if os.path.getsize(copy):
        return
    with contextlib.suppress(FileNotFoundError), open(f"{copy}-wal", "rb") as log:
        page_size = int.from_bytes(log.read(12)[8:], "big")  # https://sqlite.org/fileformat2.html
        if 512 <= page_size <= 65536:
            os.truncate(copy, page_size)


def _salvage(path: str, copy: str, made: str) -> Salvaged:
    """Salvage the rows of a copy of the file at `path`; the copy is changed."""
    with contextlib.closing(_connect(copy)) as old:
        version = _opened(old, path)
        _restore_definitions(old, version)
    with (
        contextlib.closing(_connect(copy)) as old,
        contextlib.closing(sqlite3.connect(made)) as new,
    ):
        schema.migrate(new, version)
        new.execute("PRAGMA foreign_keys = ON")
        salvaged = _transfer(old, new, version)
    with contextlib.closing(database.open_for_writing(made)) as new:
        doctor.mend_rows(new, list(doctor.wrong_rows(new)))
        words, captions = unusable.words(new), unusable.confidences(new)
        unusable.take_out(new, words=words, captions=captions)
        wrong = doctor.damages(new)
        if wrong or doctor.text_index_is_wrong(new):
            raise LibraryError(f"what was salvaged is not sound: {wrong[:1]}")
    return salvaged


def _connect(copy: str) -> sqlite3.Connection:
    """Open a copy of a damaged file, for reading and writing."""
    old = sqlite3.connect(copy)
    # One bad byte must not cost the text around it.
    old.text_factory = lambda text: text.decode("utf-8", "replace")
    # Without this, SQLite refuses a file that is shorter than its header says, and a file with a
    # damaged definition.
    old.execute("PRAGMA writable_schema = ON")
    return old


def _opened(old: sqlite3.Connection, path: str) -> int:
    """Check that a damaged file is a library; return the version of its schema."""
    try:
        version: int
        version, application = old.execute(
            "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id"
        ).fetchone()
        found = schema.tables(old)
    except sqlite3.Error as error:
        raise LibraryError(
            f"nothing can be read of {display(path)}: its beginning, which tells where all else "
            f"is, is lost or is no library's ({error})"
        ) from error
    if application != database.APPLICATION_ID or "photos" not in found:
        raise LibraryError(f"{display(path)} is no library, or the list of its tables is lost")
    if version > schema.SCHEMA:
        raise LibraryError(f"{display(path)} was made by a newer photosearch: update photosearch")
    return _version_of(found, version)


def _version_of(found: dict[str, str], told: int) -> int:
    """Return the version of a schema by its tables: the number in the file may be damaged.

    Versions are compared by how many names of tables they have in common with the file, then by
    how many definitions. If several versions are equal, the number in the file (`told`) decides.
    """

    def likeness(version: int) -> tuple[int, int, bool]:
        known = schema.known(version)
        return (
            -len(known.keys() ^ found.keys()), len(known.items() & found.items()),
            version == told,
        )  # fmt: skip

    return max(range(1, schema.SCHEMA + 1), key=likeness)


def _restore_definitions(old: sqlite3.Connection, version: int) -> None:
    """Put back the tables' definitions: a bad byte in a definition makes its table unreadable."""
    known = schema.known(version)
    for name, sql in schema.tables(old).items():
        if name in known and sql != known[name] and " VIRTUAL " not in known[name]:
            with contextlib.suppress(sqlite3.DatabaseError), old:
                query = "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?"
                old.execute(query, (known[name], name))


def _transfer(old: sqlite3.Connection, new: sqlite3.Connection, version: int) -> Salvaged:
    """Copy all rows that can be read and whose photo, model and run can be found or replaced."""
    both = tables(old, new)
    salvaged = Salvaged()
    paths = indexed_paths(old)
    photo_ids = _photo_ids(old, both) | paths.keys()
    with new:
        for table in both:
            name = _RENAMED.get(table.name, table.name)
            reader = TableReader(old, table)
            rows = reader.rows(photo_ids)
            if name == "photos":
                rows = (_with_path(table, row, paths) for row in rows)
            salvaged.rows[name], dropped = _put_all(new, table, rows)
            if reader.has_gaps:
                salvaged.unreadable.append(name)
            if dropped:
                salvaged.dropped[name] = len(dropped)
            if name == "photos":
                salvaged.bare = _put_bare(new, version, paths)
                salvaged.rows["photos"] += salvaged.bare
            elif name == "edits" and dropped:
                at = table.columns.index("caption")
                salvaged.unplaced = [str(row[at]) for row in dropped]
    return salvaged


def _photo_ids(old: sqlite3.Connection, both: Iterable[Table]) -> set[int]:
    """Return the ids of photos in any table, read from both ends up to the first damage."""
    found: set[int] = set()
    for table in both:
        if table.name == "photos" or "photo_id" in table.columns:
            name = table.key[0]
            reader = TableReader(old, Table(table.name, (name,), table.key))
            for order in ("ASC", "DESC"):
                for _ in reader.scan(order):
                    pass
            found.update(key[0] for key in reader.keys)
    return found


def _put_all(
    new: sqlite3.Connection, table: Table, rows: Iterable[tuple[object, ...]]
) -> tuple[int, list[tuple[object, ...]]]:
    """Write rows; return how many were written, and the rows that don't fit."""
    marks = ", ".join("?" * len(table.columns))
    insert = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"
    saved, dropped = 0, []
    for row in rows:
        if _put(new, table, insert, row):
            saved += 1
        else:
            dropped.append(row)
    return saved, dropped


def _with_path(
    table: Table, row: tuple[object, ...], paths: dict[int, bytes]
) -> tuple[object, ...]:
    """Return a photo's row. If its path is damaged, it gets the path from the index over paths."""
    values = dict(zip(table.columns, row, strict=True))
    photo_id, path = values.get("id"), values.get("path")
    if not isinstance(photo_id, int) or photo_id not in paths or is_path(path, photo_id):
        return row
    path = paths[photo_id]
    right = {"path": path, "former_path": None, "display": shown(path)}
    return tuple(right.get(name, value) for name, value in values.items())


def _put(new: sqlite3.Connection, table: Table, insert: str, row: tuple[object, ...]) -> bool:
    """Write a row; return whether it fits. If its run or model is lost, write a substitute."""
    values = dict(zip(table.columns, row, strict=True))
    path = values.get("path") or values.get("former_path")
    if "path" in values and not is_path(path, values.get("id")):
        return False
    try:
        new.execute(insert, row)
    except sqlite3.IntegrityError:
        for name, value in values.items():
            if name in _PARENTS and isinstance(value, int):
                new.execute(_MADE_UP[_PARENTS[name]], {"id": value, "now": now()})
        try:
            new.execute(insert, row)
        except sqlite3.IntegrityError:
            return False
    return True


def _put_bare(new: sqlite3.Connection, version: int, paths: dict[int, bytes]) -> int:
    """Write photos of which only the path is left, so that people's words stay with their photos.

    Their size and time are empty: so the next `index` finds that the files have changed.

    Returns:
        How many photos.
    """
    known = {photo_id for (photo_id,) in new.execute("SELECT id FROM photos")}
    lost = [(photo_id, path) for photo_id, path in paths.items() if photo_id not in known]
    if not lost:
        return 0
    (run_id,) = new.execute("SELECT max(1, coalesce(max(id), 1)) FROM runs").fetchone()
    new.execute(_MADE_UP["runs"], {"id": run_id, "now": now()})
    # Before version 4 these columns couldn't be empty. The step to version 4 empties them where
    # the width is 0.
    unknown = (None,) * 6 if version >= 4 else (0, 0, 0, "", 0, 0)
    before = new.total_changes
    new.executemany(
        """INSERT OR IGNORE INTO photos
           (id, path, display, run_id, size, mtime_ns, inode, format, width, height)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [(photo_id, path, shown(path), run_id, *unknown) for photo_id, path in lost],
    )
    return new.total_changes - before
