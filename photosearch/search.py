"""Searching a library: the photos that match a query, the best first, with the evidence."""

from __future__ import annotations

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
    return [_result(connection, expression, photo, -rank) for photo, rank in ranked]


def _result(connection: sqlite3.Connection, expression: str, photo: int, score: float) -> Result:
    columns = ", ".join(
        f"highlight(search_fts, {number}, '{_OPEN}', '{_CLOSE}')" for number in range(len(WEIGHTS))
    )
    marked = connection.execute(
        f"SELECT {columns} FROM search_fts WHERE search_fts MATCH ? AND rowid = ?",
        (expression, photo),
    ).fetchone()
    (path,) = connection.execute("SELECT path FROM photos WHERE id = ?", (photo,)).fetchone()
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
