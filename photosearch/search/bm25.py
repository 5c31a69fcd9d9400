"""BM25+: how many of a query's words are in a photo's text; a rare word counts more."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from rank_bm25 import BM25Plus

from photosearch.store.search_fields import SEARCH_FIELDS

K1, B, DELTA = 1.2, 0.75, 0.5

# For a stem of a query: the weights, 0 to 1, of other stems that stand for it.
Others = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Statistics:
    """The statistics of a library's words."""

    documents: int  # number of searchable photos
    length: float  # mean number of stems in a document
    frequencies: Mapping[str, int]  # by stem: the number of documents that hold it


def read_statistics(connection: sqlite3.Connection, stems: Sequence[str]) -> Statistics:
    """Read the statistics of a library for some stems.

    FTS5 keeps the number of rows and of tokens in each column as varints in its averages
    record: https://www.sqlite.org/fts5.html#the_totals_table_or_the_averages_record
    """
    row = connection.execute("SELECT block FROM search_fts_data WHERE id = 1").fetchone()
    documents, *tokens = _varints(row[0]) if row and row[0] else [0]
    tokens = tokens[: len(SEARCH_FIELDS)]  # other spellings make no text longer
    frequencies = {}
    for stem in set(stems):
        found = connection.execute("SELECT doc FROM search_terms WHERE term = ?", (stem,))
        frequencies[stem] = next(found, (0,))[0]
    return Statistics(documents, sum(tokens) / max(documents, 1), frequencies)


def idf(statistics: Statistics, stem: str, others: Iterable[str] = ()) -> float:
    """Return the inverse document frequency of a stem; positive even if every document has it.

    If other stems stand for the stem, it is as frequent as the most frequent of them all.

    ln(1 + (N - n + 0.5) / (n + 0.5)), as Lucene has it (Kamphuis et al. 2020, "Which BM25
    do you mean?", https://doi.org/10.1007/978-3-030-45442-5_4).
    """
    n = max(statistics.frequencies.get(each, 0) for each in (stem, *others))
    return math.log(1 + max(statistics.documents - n + 0.5, 0.0) / (n + 0.5))


def normalised_scores(
    documents: Sequence[Sequence[str]],
    query: Sequence[str],
    statistics: Statistics,
    others: Others = MappingProxyType({}),
) -> np.ndarray:
    """Score documents by BM25+ (Lv and Zhai 2011, https://doi.org/10.1145/2063576.2063584).

    Args:
        documents: the stems of each, (n).
        query: stems, each once.
        statistics: of the library, for the stems of the query and the other stems.
        others: other stems that stand for a stem of the query. A document has the score of the
            stem that gives most, times its weight.

    Returns:
        Scores divided by the highest score that a document can have, 0 (no word of the query) to
        1, float32 (n,). If no photo has a word of the query, all scores are lower.
    """
    weights = {stem: idf(statistics, stem, others.get(stem, ())) for stem in query}
    alike = {stem: {stem: 1.0, **others.get(stem, {})} for stem in query}
    counted = {other for stems in alike.values() for other in stems}
    most = sum(weights.values()) * (K1 + 1 + DELTA)
    if not documents or most <= 0:
        return np.zeros(len(documents), np.float32)
    # Only these stems are counted. One document is added, because perhaps no other document
    # has any of them.
    asked = [[stem for stem in document if stem in counted] for document in documents]
    model = BM25Plus([*asked, []], k1=K1, b=B, delta=DELTA)
    model.doc_len = [*map(len, documents), 0]
    model.idf, model.avgdl = dict.fromkeys(counted, 1.0), max(statistics.length, 1.0)
    found = {stem: _scores(model, stem) for stem in counted}
    scores = np.zeros(len(documents))
    for stem, stems in alike.items():
        best = np.max([weight * found[other] for other, weight in stems.items()], axis=0)
        scores += weights[stem] * best
    return np.asarray(scores / most, np.float32)


def _scores(model: BM25Plus, stem: str) -> np.ndarray:
    """Return the scores of all documents but the last, which was added, for one stem."""
    # rank_bm25 adds its delta even to documents without the word.
    held = np.array([stem in document for document in model.doc_freqs[:-1]])
    return np.where(held, model.get_scores([stem])[:-1], 0.0)


def _varints(block: bytes) -> list[int]:
    """Decode SQLite's variable-length integers: seven bits a byte, the highest first."""
    numbers, number = [], 0
    for byte in block:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    return numbers
