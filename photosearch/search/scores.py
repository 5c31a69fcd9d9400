"""Scores: how well each candidate matches a query."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from photosearch.search import fusion
from photosearch.search.candidates import Candidates
from photosearch.search.fusion import Weights
from photosearch.search.meaning import Comparison, Meaning
from photosearch.search.query import Query, Ranker, every_word
from photosearch.search.results import Part, PartKind
from photosearch.search.stems import Stemmer
from photosearch.search.wording import word_scores

# By words alone: of the score of a photo for which a person wrote the query, the share that tells
# how many of the words stand in its text, and how often.
SHARE = 0.25


@dataclass(frozen=True)
class Scores:
    """The scores of candidates, with their parts."""

    photos: np.ndarray  # ids, ascending, int64 (n,)
    values: np.ndarray  # the higher the better, float64 (n,)
    least: float = 0.0  # the ranker's own threshold
    parts: Mapping[PartKind, np.ndarray] = field(default_factory=dict)  # float32 (n,) each
    baselines: Mapping[PartKind, float] = field(default_factory=dict)
    weights: Weights = field(default_factory=Weights)

    @property
    def sure(self) -> float:
        """The score from which on a photo surely matches; by words alone, every photo does."""
        return self.weights.sure if self.parts else self.least

    def order(self) -> np.ndarray:
        """Return the rows of the photos, the best first; equal scores in the order of ids, (n,)."""
        return np.argsort(-self.values, kind="stable")

    def parts_of(self, row: int) -> dict[str, Part]:
        """Return the parts of the score in a row."""
        added = {
            kind: max(float(values[row]), 0.0)
            for kind, values in fusion.contributions(self.parts, self.weights).items()
        }
        total = sum(added.values()) or 1.0
        return {
            kind: Part(float(values[row]), added[kind] / total, self.baselines.get(kind, 0.0))
            for kind, values in self.parts.items()
        }


def score(
    connection: sqlite3.Connection,
    stemmer: Stemmer,
    query: Query,
    found: Candidates,
    meaning: Meaning | None,
    compared: Mapping[PartKind, Comparison],
) -> Scores:
    """Score candidates as the ranker does.

    Args:
        connection: to a library.
        stemmer: cuts words into stems.
        query: the query.
        found: the candidates.
        meaning: the library's vectors; None: words alone decide.
        compared: comparisons of all photos of `meaning` with the query, by kind.
    """
    photos = found.photos
    if query.ranker is Ranker.FTS5:
        words, _ = word_scores(connection, stemmer, photos, query)
        photos = photos[words > 0]
        return Scores(photos, np.array([found.bm25[photo] for photo in photos.tolist()], float))
    parts: dict[PartKind, np.ndarray] = {}
    if query.words and (meaning is None or query.ranker.asks_words):
        visible = meaning.seen.sees if meaning and meaning.seen else lambda word: False
        is_noun = _nouns(meaning) if meaning else lambda word: True
        words, by_person = word_scores(connection, stemmer, photos, query, visible, is_noun)
        parts = {PartKind.WORDS: words, PartKind.PERSON: by_person}
    if meaning is None or not len(photos):
        words, by_person = parts.values() if parts else np.zeros((2, len(photos)))
        values = np.asarray(words, float)
        if 1 < len(query.words) < len(every_word(query.text)):
            # A phrase may be a name: the Isle of Man is no man on an isle.
            values = np.maximum(values, by_person * (1 - SHARE + SHARE * words))
        return Scores(photos[values > 0], values[values > 0])
    rows = meaning.vectors.rows(photos)
    baselines = {kind: each.baseline for kind, each in compared.items()}
    # If a photo has no vector of this model, its value is the baseline: words decide.
    near = {
        kind: np.where(rows >= 0, each.values[rows], each.baseline)
        for kind, each in compared.items()
    }
    parts = near | parts
    weights = meaning.weights
    odds = fusion.log_odds(parts, weights, baselines, len(meaning.vectors.photos))
    values = fusion.probability(odds)
    return Scores(photos, values, weights.min_score, parts, baselines, weights)


def _nouns(meaning: Meaning) -> Callable[[str], bool]:
    """Return whether a word stands in the model's own lists; they are read when first asked."""
    listed = functools.cache(lambda: meaning.encoder.listed())
    return lambda word: word in listed()
