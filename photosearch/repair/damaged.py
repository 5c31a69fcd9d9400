"""Damaged files: reading the rows that can still be reached."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from photosearch.text import display

_GAP = 256  # ids to look for on either side of each known id
_DISORDER = 1000  # after that many rows out of order, pages seem to lead in a circle
_RANKS = 64  # captions or tags of a photo, at most


@dataclass(frozen=True, slots=True)
class Table:
    """A table and the columns to read."""

    name: str
    columns: tuple[str, ...]  # that both the damaged file and the new one have
    key: tuple[str, ...]  # the first is an integer

    def query(self, rest: str) -> str:
        """Return a query for key and columns."""
        return f"SELECT {', '.join((*self.key, *self.columns))} FROM {self.name} {rest}"


def tables(damaged: sqlite3.Connection, new: sqlite3.Connection) -> list[Table]:
    """Return the tables of a library, each after the tables that its rows refer to.

    Args:
        damaged: to the damaged file.
        new: to an empty library of the same version.
    """
    query = """SELECT list.name, wr FROM pragma_table_list AS list
               LEFT JOIN pragma_foreign_key_list(list.name) AS parent
               WHERE list.schema = 'main' AND list.type = 'table'
               AND list.name NOT LIKE '%sqlite\\_%' ESCAPE '\\'
               GROUP BY list.name
               ORDER BY sum(parent."table" = 'photos'), list.name = 'photos',
                        count(parent."table")"""
    found = []
    for name, without_rowid in new.execute(query).fetchall():
        columns = new.execute(f"PRAGMA table_info({name})").fetchall()
        theirs = {column[1] for column in damaged.execute(f"PRAGMA table_info({name})")}
        both = tuple(column[1] for column in columns if column[1] in theirs)
        key = tuple(column[1] for column in columns if column[5]) if without_rowid else ("rowid",)
        # Without its definition a table can't be read.
        found.append(Table(name, both or key, key))
    return found


def is_path(value: object, photo_id: object = None) -> bool:
    """Return whether a value can be a photo's or root's path: a damaged row may hold anything.

    Args:
        value: of the column.
        photo_id: of the row, if it is a photo's. Before version 4 a NUL and the id stood after the
            path of a photo that was set aside.
    """
    if not isinstance(value, bytes):
        return False
    path, nul, rest = value.partition(b"\0")
    return os.path.isabs(path) and (not nul or rest == str(photo_id).encode())


def shown(path: bytes) -> str:
    """Return a photo's path as text that can be printed, without what marks it as set aside."""
    return display(os.fsdecode(path.partition(b"\0")[0]))


def indexed_paths(damaged: sqlite3.Connection) -> dict[int, bytes]:
    """Return the paths of photos by id, as far as the index over paths can be read."""
    found: dict[int, bytes] = {}
    for order in ("", "DESC"):
        with contextlib.suppress(sqlite3.DatabaseError):
            query = f"""SELECT id, path FROM photos INDEXED BY sqlite_autoindex_photos_1
                        ORDER BY path {order}"""
            last, disorder = None, 0
            for photo_id, path in damaged.execute(query):
                if photo_id > 0 and is_path(path, photo_id):
                    found[photo_id] = path
                    disorder += last is not None and (path < last) != bool(order)
                    last = path
                if disorder > _DISORDER:
                    break
    return found


class TableReader:
    """Reads each row of a table that can be reached, once, in any order."""

    def __init__(self, damaged: sqlite3.Connection, table: Table) -> None:
        """Get ready to read; nothing is read yet."""
        self.damaged = damaged
        self.table = table
        self.keys: set[tuple[int, ...]] = set()  # of the rows read so far
        self.has_gaps = False  # whether a row can't be read or stands out of order

    def rows(self, wanted: Collection[int]) -> Iterator[tuple[object, ...]]:
        """Yield the values of the table's columns.

        Args:
            wanted: photo ids that are known from other tables: the first parts of keys.
        """
        yield from self.scan("ASC")
        if self.has_gaps:
            yield from self.scan("DESC")
            yield from self._probe(wanted)

    def scan(self, order: str) -> Iterator[tuple[object, ...]]:
        """Yield the rows in ascending (ASC) or descending order, until a row can't be read."""
        ordered = ", ".join(f"{name} {order}" for name in self.table.key)
        width = len(self.table.key)
        last, disorder = None, 0
        try:
            for row in self.damaged.execute(self.table.query(f"ORDER BY {ordered}")):
                key = row[:width]
                if not all(isinstance(part, int) for part in key):
                    disorder += 1
                else:
                    disorder += last is not None and (key > last) != (order == "ASC")
                    last = key
                    if key not in self.keys:
                        self.keys.add(key)
                        yield row[width:]
                if disorder > _DISORDER:
                    break
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            self.has_gaps = True
        self.has_gaps |= disorder > 0

    def _probe(self, wanted: Collection[int]) -> Iterator[tuple[object, ...]]:
        """Yield the rows between damaged pages, by asking for one id after the other.

        SQLite looks for each id from the root of the tree. Damaged pages that are not on the way to
        the id do no harm.
        """
        found = {key[0] for key in self.keys}
        known = found.union(wanted)
        tried = 0
        for anchor in sorted(each for each in {0, *known} if 0 <= each < 2**62):
            tried, end = max(tried, anchor - _GAP), anchor + _GAP
            while tried < end:
                tried += 1
                if len(self.table.key) == 1 and tried in found:
                    continue
                for row in self._look_for(tried, thoroughly=tried in known):
                    end = max(end, tried + _GAP)
                    yield row

    def _look_for(self, first: int, *, thoroughly: bool) -> Iterator[tuple[object, ...]]:
        """Yield the rows whose key begins with an id, except rows that are read already."""
        width = len(self.table.key)
        for query, rest in _queries(self.table, thoroughly):
            try:
                for row in self.damaged.execute(self.table.query(query), (first, *rest)):
                    key = row[:width]
                    if key not in self.keys and all(isinstance(part, int) for part in key):
                        self.keys.add(key)
                        yield row[width:]
            except (sqlite3.DatabaseError, UnicodeDecodeError):
                continue
            if not rest:  # this query read all rows of the id
                return


def _queries(table: Table, thoroughly: bool) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the ways to ask for an id's rows, and the further parameters of each.

    If a key has two parts, rows stand on the inner pages of the tree, too: a search from the left
    and a search from the right end at different leaves. Each query asks for one row, because
    Python loses the row before an error.
    """
    first = table.key[0]
    yield f"WHERE {first} = ?", ()
    if len(table.key) == 1 or not thoroughly:
        return
    second = table.key[1]
    for rank in range(_RANKS):
        yield f"WHERE {first} = ? AND {second} = ?", (rank,)
        yield f"WHERE {first} = ? AND {second} <= ? ORDER BY {second} DESC LIMIT 1", (rank,)
