"""Searching a library: the photos that match a query, the best first, with the evidence."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from dataclasses import dataclass

from photosearch import query

# What a word is worth by where it stands. The text columns of `search`, in order.
WEIGHTS = {
    "caption": 2.0,
    "alternatives": 1.0,
    "tags": 1.0,
    "place": 1.0,
    "camera": 0.5,
    "folder": 1.0,
    "filename": 1.0,
}

# Characters that no cleaned text holds, put around matched words by FTS5.
_OPEN, _CLOSE = "\x02", "\x03"
_MARKED = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Result:
    """A photo that was found."""

    path: str
    score: float  # BM25, higher is better; only comparable within one search
    caption: str
    matches: dict[str, list[str]]  # the matched words by the column they stand in
    marks: list[tuple[int, int]]  # where in the caption, as (start, end)


def find(connection: sqlite3.Connection, text: str, limit: int | None = 20) -> list[Result]:
    """Rank photos for a query by BM25 (Robertson and Zaragoza 2009) over weighted columns.

    https://www.sqlite.org/fts5.html#the_bm25_function gives the formula as FTS5 has it.

    Args:
        connection: to a library.
        text: what a person typed; see `photosearch.query.words`.
        limit: results at most; None for all.

    Returns:
        Results, the best first; photos of equal score in the order they were indexed.
    """
    words = query.words(text)
    if not words or (limit is not None and limit <= 0):
        return []
    weights = ", ".join(str(weight) for weight in WEIGHTS.values())
    expression = query.match_expression(words)
    ranked = connection.execute(
        f"""SELECT rowid, rank FROM search_fts
            WHERE search_fts MATCH ? AND rank MATCH 'bm25({weights})'
            ORDER BY rank, rowid LIMIT ?""",
        (expression, -1 if limit is None else limit),
    ).fetchall()
    evidence = _evidence(connection, expression, [photo for photo, _ in ranked])
    return [_result(-rank, *evidence[photo]) for photo, rank in ranked if photo in evidence]


def _evidence(
    connection: sqlite3.Connection, expression: str, photos: list[int]
) -> dict[int, tuple[bytes, list[str]]]:
    """Return path and columns with marked words of some photos, by photo."""
    columns = ", ".join(
        f"highlight(search_fts, {number}, '{_OPEN}', '{_CLOSE}')" for number in range(len(WEIGHTS))
    )
    # The plus keeps SQLite from running the match anew for each of the photos.
    rows = connection.execute(
        f"""SELECT photos.id, photos.path, {columns}
            FROM search_fts JOIN photos ON photos.id = search_fts.rowid
            WHERE search_fts MATCH ? AND +search_fts.rowid IN (SELECT value FROM json_each(?))""",
        (expression, json.dumps(photos)),
    )
    return {photo: (path, marked) for photo, path, *marked in rows}


def _result(score: float, path: bytes, marked: list[str]) -> Result:
    matches = {}
    for name, column in zip(WEIGHTS, marked, strict=True):
        found = dict.fromkeys(word.lower() for word in _MARKED.findall(column))
        if found:
            matches[name] = list(found)
    caption, marks = _unmark(marked[0])
    return Result(os.fsdecode(path), score, caption, matches, marks)


def _unmark(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a text without marks, and where they stood."""
    marks, shift = [], 0
    for match in _MARKED.finditer(marked):
        start = match.start() - shift
        marks.append((start, start + len(match[1])))
        shift += 2
    return _MARKED.sub(r"\1", marked), marks
