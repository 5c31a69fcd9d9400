"""Candidates: the photos that are scored for a query.

They come from the text index and from the vectors. A filter belongs here: a photo that is no
candidate is not found.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from photosearch.search.fusion import log_odds
from photosearch.search.meaning import Comparison, Meaning
from photosearch.search.query import Query, Ranker, match_expression
from photosearch.search.results import PartKind
from photosearch.search.vectors import best
from photosearch.store.search_fields import SEARCH_FIELDS

POOL = 100  # photos from each source, at least
ALL = -1  # no limit, as SQLite's LIMIT has it


def pool_size(query: Query) -> int:
    """Return how many photos each source gives at most, or `ALL`."""
    return ALL if query.limit is None else max(POOL, 2 * query.limit)


@dataclass(frozen=True)
class Candidates:
    """The photos to score."""

    photos: np.ndarray  # ids, ascending, int64 (n,)
    bm25: Mapping[int, float]  # scores of the text index, by id; only of photos found there


def candidates(
    connection: sqlite3.Connection,
    query: Query,
    meaning: Meaning | None,
    compared: Mapping[PartKind, Comparison],
) -> Candidates:
    """Choose the photos to score.

    Args:
        connection: to a library.
        query: the query.
        meaning: the library's vectors; None: words alone decide.
        compared: comparisons of all photos of `meaning` with the query, by kind.
    """
    near = nearest(query, meaning, compared).tolist() if meaning and compared else []
    by_words = query.words and (meaning is None or query.ranker.asks_words)
    bm25 = with_words(connection, query) if by_words else {}
    return Candidates(np.array(sorted({*near, *bm25}), np.int64), bm25)


def nearest(query: Query, meaning: Meaning, compared: Mapping[PartKind, Comparison]) -> np.ndarray:
    """Return the photos nearest to the query by vectors alone, the best first, int64 (n,)."""
    photos = meaning.vectors.photos
    values = {kind: each.values for kind, each in compared.items()}
    baselines = {kind: each.baseline for kind, each in compared.items()}
    odds = log_odds(values, meaning.weights, baselines, len(photos))
    size = pool_size(query)
    return np.asarray(photos[best(odds, len(odds) if size == ALL else size)])


def with_words(connection: sqlite3.Connection, query: Query) -> dict[int, float]:
    """Return the best photos of the text index, with their scores.

    People's words count most in the final score. So the best photos by these words alone are added.
    A synonym counts less than the word itself, but FTS5 has no weights for words. So synonyms are
    looked for only if few photos hold the words themselves.
    """
    size = pool_size(query)
    found = fts5(connection, match_expression(query.words, query.fields, query.spelt), size)
    if query.ranker is Ranker.FTS5:
        return found
    few = size == ALL or len(found) < size
    names = [f.name for f in SEARCH_FIELDS if f.by_person and f.name in query.searched]
    if names and not few:
        found = fts5(connection, match_expression(query.words, names, query.spelt), size) | found
    if few and query.terms != query.words:
        every = match_expression(query.terms, query.fields, query.spelt)
        found = fts5(connection, every, size) | found
    return found


def fts5(connection: sqlite3.Connection, expression: str, limit: int) -> dict[int, float]:
    """Score photos by BM25 (Robertson and Zaragoza 2009) over weighted fields.

    FTS5's formula: https://www.sqlite.org/fts5.html#the_bm25_function

    Returns:
        Scores by photo, the best first.
    """
    weights = ", ".join(str(field.weight) for field in SEARCH_FIELDS)
    rows = connection.execute(
        f"""SELECT rowid, -rank FROM search_fts
            WHERE search_fts MATCH ? AND rank MATCH 'bm25({weights})'
            ORDER BY rank, rowid LIMIT ?""",
        (expression, limit),
    )
    return dict(rows.fetchall())
