"""Salvage: what can still be read of a damaged library, in a new file."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from photosearch.errors import LibraryError, UsageError
from photosearch.repair import doctor
from photosearch.store import database, schema
from photosearch.store.clock import now
from photosearch.store.lock import locked
from photosearch.text import display

_GAP = 256  # numbers looked for on either side of each that is known
_DISORDER = 1000  # times that rows may come out of order before the way is taken for a circle
_RANKS = 64  # captions or tags of a photo, at most
# Rows that others belong to, and that can be made up: which columns name them.
_PARENTS = {"run_id": "runs", "model_id": "models", "tags_model_id": "models"}
_MADE_UP = {
    "runs": "INSERT OR IGNORE INTO runs (id, started_at) VALUES (:id, :now)",
    "models": """INSERT OR IGNORE INTO models (id, name, fingerprint, first_used_at)
                 VALUES (:id, 'unknown', 'lost ' || :id, :now)""",
}


@dataclass
class Salvaged:
    """What was saved, and what wasn't."""

    rows: dict[str, int] = field(default_factory=dict)  # saved, by table
    dropped: dict[str, int] = field(default_factory=dict)  # read, but without a photo or path
    unreadable: list[str] = field(default_factory=list)  # tables with parts that can't be read
    bare: int = 0  # photos of which only the path was left; the next index describes them
    unplaced: list[str] = field(default_factory=list)  # people's captions among the dropped


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: tuple[str, ...]  # that both files have
    key: tuple[str, ...]  # the first is a number

    def query(self, rest: str) -> str:
        return f"SELECT {', '.join((*self.key, *self.columns))} FROM {self.name} {rest}"


def salvage(path: str, target: str) -> Salvaged:
    """Write what can be read of a library into a new file; the damaged one stays as it is.

    Args:
        path: the library's file; a write-ahead log beside it is read, too.
        target: the new file; nothing must be there.

    Raises:
        LibraryError: nothing can be read, the new file can't be written, or the library is
            being indexed.
        UsageError: there is something at `target`.
    """
    path, target = os.path.abspath(path), os.path.abspath(target)
    if not os.path.isfile(path):
        raise LibraryError(f"no library at {display(path)}")
    beside = os.access(os.path.dirname(path), os.W_OK)  # or nobody can be at work on it
    with locked(path) if beside else contextlib.nullcontext():
        return _salvage_into(path, target)


def _salvage_into(path: str, target: str) -> Salvaged:
    for ending in ("", "-wal", "-journal"):
        if os.path.lexists(target + ending):
            raise UsageError(f"{display(target + ending)} is there already: name a new file")
    try:
        # Beside the new file, which needs as much room as the copy that is read.
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
    """Let SQLite read the log of an empty file, which it would delete."""
    if os.path.getsize(copy):
        return
    with contextlib.suppress(FileNotFoundError), open(f"{copy}-wal", "rb") as log:
        page_size = int.from_bytes(log.read(12)[8:], "big")  # https://sqlite.org/fileformat2.html
        if 512 <= page_size <= 65536:
            os.truncate(copy, page_size)


def _salvage(path: str, copy: str, made: str) -> Salvaged:
    with contextlib.closing(_connect(copy)) as old:
        version = _opened(old, path)
        _restore_definitions(old, version)
    with (
        contextlib.closing(_connect(copy)) as old,
        contextlib.closing(sqlite3.connect(made)) as new,
    ):
        schema.make(new, version)
        new.execute("PRAGMA foreign_keys = ON")
        salvaged = _transfer(old, new)
    with contextlib.closing(database.open_for_writing(made)) as new:
        doctor.mend_rows(new, list(doctor.wrong_rows(new)))
        wrong = doctor.damages(new)
        if wrong or doctor.text_index_is_wrong(new):
            raise LibraryError(f"what was salvaged is not sound: {wrong[:1]}")
    return salvaged


def _connect(copy: str) -> sqlite3.Connection:
    """Open a damaged file, which may be written to."""
    old = sqlite3.connect(copy)
    # One bad byte must not cost the text around it.
    old.text_factory = lambda text: text.decode("utf-8", "replace")
    # Lets a file be read that is shorter than it says, and one with a damaged definition.
    old.execute("PRAGMA writable_schema = ON")
    return old


def _opened(old: sqlite3.Connection, path: str) -> int:
    """Make sure that a damaged file is a library; return the version of its schema."""
    try:
        version: int
        version, application = old.execute(
            "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id"
        ).fetchone()
        tables = schema.tables(old)
    except sqlite3.Error as error:
        raise LibraryError(
            f"nothing can be read of {display(path)}: its beginning, which tells where all else "
            f"is, is lost or is no library's ({error})"
        ) from error
    if application != database.APPLICATION_ID or "photos" not in tables:
        raise LibraryError(f"{display(path)} is no library, or the list of its tables is lost")
    if version > database.SCHEMA:
        raise LibraryError(f"{display(path)} was made by a newer photosearch: update photosearch")
    # The number may be damaged: the tables tell which steps were taken.
    return max(
        number
        for number in range(1, database.SCHEMA + 1)
        if number == 1
        or tables.keys() & (schema.known(number).keys() - schema.known(number - 1).keys())
    )


def _restore_definitions(old: sqlite3.Connection, version: int) -> None:
    """Put back what makes up the tables, where a bad byte would keep a whole one from reading."""
    known = schema.known(version)
    for name, sql in schema.tables(old).items():
        if name in known and sql != known[name] and " VIRTUAL " not in known[name]:
            with contextlib.suppress(sqlite3.DatabaseError), old:
                query = "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?"
                old.execute(query, (known[name], name))


def _transfer(old: sqlite3.Connection, new: sqlite3.Connection) -> Salvaged:
    """Copy all rows that can be read and belong to something."""
    tables = list(_tables(old, new))
    salvaged = Salvaged(rows={table.name: 0 for table in tables})
    paths = dict(_paths(old))
    wanted = set(paths)
    for table in tables:
        if table.name == "photos" or "photo_id" in table.columns:
            wanted.update(_numbers(old, table))
    with new:
        for table in tables:
            marks = ", ".join("?" * len(table.columns))
            insert = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"
            saved = dropped = 0
            for row in _rows(old, table, wanted, salvaged.unreadable):
                if table.name == "photos":
                    row = _with_path(table, row, paths)
                if _put(new, table, insert, row):
                    saved += 1
                    continue
                dropped += 1
                if table.name == "edits":
                    salvaged.unplaced.append(str(row[table.columns.index("caption")]))
            if table.name == "photos":
                salvaged.bare = _put_bare(new, paths)
                saved += salvaged.bare
            salvaged.rows[table.name] = saved
            if dropped:
                salvaged.dropped[table.name] = dropped
    return salvaged


def _tables(old: sqlite3.Connection, new: sqlite3.Connection) -> Iterator[_Table]:
    """Yield the tables of a library, those that others belong to first."""
    query = """SELECT master.name, wr FROM sqlite_master AS master
               JOIN pragma_table_list AS list ON list.name = master.name
               WHERE list.type = 'table' AND master.name NOT LIKE '%sqlite\\_%' ESCAPE '\\'
               ORDER BY master.rowid"""
    for name, without_rowid in new.execute(query).fetchall():
        columns = new.execute(f"PRAGMA table_info({name})").fetchall()
        theirs = {column[1] for column in old.execute(f"PRAGMA table_info({name})")}
        both = tuple(column[1] for column in columns if column[1] in theirs)
        key = tuple(column[1] for column in columns if column[5]) if without_rowid else ("rowid",)
        # Without its definition a table can't be read.
        yield _Table(name, both or key, key)


def _paths(old: sqlite3.Connection) -> Iterator[tuple[int, bytes]]:
    """Yield number and path of photos from the index over paths, where it can be read."""
    for order in ("", "DESC"):
        with contextlib.suppress(sqlite3.DatabaseError):
            query = f"SELECT id, path FROM photos INDEXED BY sqlite_autoindex_photos_1 \
                      ORDER BY path {order}"
            last, disorder = None, 0
            for number, path in old.execute(query):
                if _is_path(path) and number > 0:
                    yield number, path
                    disorder += last is not None and (path < last) != bool(order)
                    last = path
                if disorder > _DISORDER:
                    break


def _is_path(value: object) -> bool:
    """Tell whether a value can be the path of a photo or root: a damaged row's may be anything."""
    return isinstance(value, bytes) and os.path.isabs(value)


def _numbers(old: sqlite3.Connection, table: _Table) -> set[int]:
    """Return the numbers of photos in a table, as far as both its ends lead."""
    name = table.key[0]
    bare = _Table(table.name, (name,), table.key)
    seen: set[tuple[int, ...]] = set()
    for order in ("ASC", "DESC"):
        for _ in _scan(old, bare, order, seen, []):
            pass
    return {key[0] for key in seen}


def _rows(
    old: sqlite3.Connection, table: _Table, wanted: Collection[int], unreadable: list[str]
) -> Iterator[tuple[object, ...]]:
    """Yield every row of a table that can be reached, in any order, each once."""
    seen: set[tuple[int, ...]] = set()
    stops: list[str] = []
    yield from _scan(old, table, "ASC", seen, stops)
    if not stops:
        return
    unreadable.append(table.name)
    yield from _scan(old, table, "DESC", seen, stops)
    yield from _probe(old, table, seen, wanted)


def _scan(
    old: sqlite3.Connection,
    table: _Table,
    order: str,
    seen: set[tuple[int, ...]],
    stops: list[str],
) -> Iterator[tuple[object, ...]]:
    """Yield the rows in order up to the first that can't be read, noting that in `stops`."""
    ordered = ", ".join(f"{name} {order}" for name in table.key)
    width = len(table.key)
    last, disorder = None, 0
    try:
        for row in old.execute(table.query(f"ORDER BY {ordered}")):
            key = row[:width]
            if not all(isinstance(number, int) for number in key):
                disorder += 1
            else:
                disorder += last is not None and (key > last) != (order == "ASC")
                last = key
                if key not in seen:
                    seen.add(key)
                    yield row[width:]
            if disorder > _DISORDER:
                break
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        stops.append(str(error))
    if disorder:
        stops.append("rows out of order")


def _probe(
    old: sqlite3.Connection, table: _Table, seen: set[tuple[int, ...]], wanted: Collection[int]
) -> Iterator[tuple[object, ...]]:
    """Yield what lies between damaged pages, asking for one number after the other.

    Each is looked for from the root down, past what is damaged beside its own way.
    """
    width, first = len(table.key), table.key[0]
    found = {key[0] for key in seen}
    known = found.union(wanted)
    anchors = sorted(number for number in {0, *known} if 0 <= number < 2**62)
    queries: list[tuple[str, tuple[int, ...]]] = [(f"WHERE {first} = ?", ())]
    more_queries = queries
    if width > 1:
        # Rows stand on the leading pages, too: the ways to one of them from its left and from its
        # right end at different leaves. One row a query, as Python loses that before an error.
        left = f"WHERE {first} = ? AND {table.key[1]} = ?"
        right = f"WHERE {first} = ? AND {table.key[1]} <= ? ORDER BY {table.key[1]} DESC LIMIT 1"
        single = [(side, (rank,)) for rank in range(_RANKS) for side in (left, right)]
        more_queries = [*queries, *single]
    tried = 0
    for anchor in anchors:
        tried, end = max(tried, anchor - _GAP), anchor + _GAP
        while tried < end:
            tried += 1
            if width == 1 and tried in found:
                continue
            for query, more in more_queries if tried in known else queries:
                try:
                    for row in old.execute(table.query(query), (tried, *more)):
                        key = row[:width]
                        if key not in seen and all(isinstance(part, int) for part in key):
                            seen.add(key)
                            end = max(end, tried + _GAP)
                            yield row[width:]
                except (sqlite3.DatabaseError, UnicodeDecodeError):
                    continue
                if not more:  # all of this number could be read
                    break


def _with_path(
    table: _Table, row: tuple[object, ...], paths: dict[int, bytes]
) -> tuple[object, ...]:
    """Return a photo's row with the path that the index over paths has, if its own can be none."""
    values = dict(zip(table.columns, row, strict=True))
    number = values.get("id")
    if not isinstance(number, int) or number not in paths or _is_path(values.get("path")):
        return row
    path = paths[number]
    right = {"path": path, "display": display(os.fsdecode(path))}
    return tuple(right.get(name, value) for name, value in values.items())


def _put(new: sqlite3.Connection, table: _Table, insert: str, row: tuple[object, ...]) -> bool:
    """Write a row, with what it belongs to where that can be made up; tell whether it fits."""
    if "path" in table.columns and not _is_path(row[table.columns.index("path")]):
        return False
    try:
        new.execute(insert, row)
    except sqlite3.IntegrityError:
        for name, value in zip(table.columns, row, strict=True):
            if name in _PARENTS and isinstance(value, int):
                new.execute(_MADE_UP[_PARENTS[name]], {"id": value, "now": now()})
        try:
            new.execute(insert, row)
        except sqlite3.IntegrityError:
            return False
    return True


def _put_bare(new: sqlite3.Connection, paths: dict[int, bytes]) -> int:
    """Write photos of which only the path is left, so that people's words keep their place.

    Size and time are 0, which no photo has: the next `index` takes them for changed.
    """
    known = {number for (number,) in new.execute("SELECT id FROM photos")}
    lost = [(number, path) for number, path in paths.items() if number not in known]
    if not lost:
        return 0
    (run,) = new.execute("SELECT max(1, coalesce(max(id), 1)) FROM runs").fetchone()
    new.execute(_MADE_UP["runs"], {"id": run, "now": now()})
    before = new.total_changes
    new.executemany(
        """INSERT OR IGNORE INTO photos
           (id, path, display, size, mtime_ns, inode, format, width, height, run_id)
           VALUES (?, ?, ?, 0, 0, 0, '', 0, 0, ?)""",
        [(number, path, display(os.fsdecode(path)), run) for number, path in lost],
    )
    return new.total_changes - before
