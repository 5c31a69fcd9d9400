"""The rows of a damaged file, as far as they can be reached."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_GAP = 256  # ids looked for on either side of each that is known
_DISORDER = 1000  # rows out of order, after which pages seem to lead in a circle
_RANKS = 64  # captions or tags of a photo, at most


@dataclass(frozen=True, slots=True)
class Table:
    """What is to be read of a table."""

    name: str
    columns: tuple[str, ...]  # that both the damaged file and the new one have
    key: tuple[str, ...]  # the first is an integer

    def query(self, rest: str) -> str:
        """Return a query for key and columns."""
        return f"SELECT {', '.join((*self.key, *self.columns))} FROM {self.name} {rest}"


def tables(damaged: sqlite3.Connection, new: sqlite3.Connection) -> list[Table]:
    """Return the tables of a library, those that others belong to first.

    Args:
        damaged: to the file that is read.
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


def is_path(value: object) -> bool:
    """Tell whether a value can be the path of a photo or root: a damaged row's may be anything."""
    return isinstance(value, bytes) and os.path.isabs(value)


def indexed_paths(damaged: sqlite3.Connection) -> dict[int, bytes]:
    """Return the paths of photos by id, from the index over paths, where that can be read."""
    found: dict[int, bytes] = {}
    for order in ("", "DESC"):
        with contextlib.suppress(sqlite3.DatabaseError):
            query = f"""SELECT id, path FROM photos INDEXED BY sqlite_autoindex_photos_1
                        ORDER BY path {order}"""
            last, disorder = None, 0
            for photo_id, path in damaged.execute(query):
                if is_path(path) and photo_id > 0:
                    found[photo_id] = path
                    disorder += last is not None and (path < last) != bool(order)
                    last = path
                if disorder > _DISORDER:
                    break
    return found


class TableReader:
    """Reads every row of a table that can be reached, in any order, each once."""

    def __init__(self, damaged: sqlite3.Connection, table: Table) -> None:
        """Get ready to read; nothing is read yet."""
        self.damaged = damaged
        self.table = table
        self.keys: set[tuple[int, ...]] = set()  # of the rows read so far
        self.has_gaps = False  # whether a row was met that can't be read, or stands out of order

    def rows(self, wanted: Collection[int]) -> Iterator[tuple[object, ...]]:
        """Yield the values of the table's columns.

        Args:
            wanted: first parts of keys that are known from elsewhere: photo ids.
        """
        yield from self.scan("ASC")
        if self.has_gaps:
            yield from self.scan("DESC")
            yield from self._probe(wanted)

    def scan(self, order: str) -> Iterator[tuple[object, ...]]:
        """Yield the rows in ascending (ASC) or descending order, up to one that can't be read."""
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
        """Yield what lies between damaged pages, asking for one id after the other.

        SQLite looks for each from the root of the tree, and so passes by the damaged pages that
        are not on its way.
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
        """Yield the rows not read yet whose key begins with an id."""
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
            if not rest:  # all rows of this id could be read
                return


def _queries(table: Table, thoroughly: bool) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the ways to ask for an id's rows, and the further parameters of each.

    Of a key with two parts, rows stand on the leading pages, too: the ways to a row from its left
    and from its right end at different leaves. These ask for one row each, because Python loses
    a row before an error.
    """
    first = table.key[0]
    yield f"WHERE {first} = ?", ()
    if len(table.key) == 1 or not thoroughly:
        return
    second = table.key[1]
    for rank in range(_RANKS):
        yield f"WHERE {first} = ? AND {second} = ?", (rank,)
        yield f"WHERE {first} = ? AND {second} <= ? ORDER BY {second} DESC LIMIT 1", (rank,)
