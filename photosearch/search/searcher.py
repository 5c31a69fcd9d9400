"""The searcher of a library: query, candidates, scores and evidence in turn."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

import numpy as np

from photosearch.errors import UnknownPathError
from photosearch.search import evidence
from photosearch.search.candidates import candidates
from photosearch.search.known import knows
from photosearch.search.meaning import Comparison, Meaning, stored_vector
from photosearch.search.names import understood
from photosearch.search.query import Query
from photosearch.search.results import Hits, Nothing, PartKind, Result
from photosearch.search.scores import Scores, score
from photosearch.search.stems import Stemmer
from photosearch.text import display

# If no photo reaches the ranker's own threshold, this many of the nearest photos are shown.
NEAREST = 5

# Returns the vector of a photo outside the library, unit length, float32 (D,).
Describe = Callable[[str], np.ndarray]


def _refuse(path: str) -> np.ndarray:
    raise UnknownPathError(f"{display(path)} is not in the library")


class Searcher:
    """Ranks the photos of one library; keeps what several searches share."""

    def __init__(
        self, connection: sqlite3.Connection, load_meaning: Callable[[], Meaning | None]
    ) -> None:
        """Get ready to search; nothing is read yet.

        Args:
            connection: to a library.
            load_meaning: returns the text tower and the vectors; None if the library has no
                vectors: then words alone rank.
        """
        self.connection = connection
        self._load_meaning = load_meaning
        self._meaning: Meaning | None = None
        self._without_vector = 0
        self._version: int | None = None
        self.stemmer = Stemmer()

    def find(self, query: Query, describe: Describe = _refuse) -> Hits:
        """Rank photos for a query.

        Args:
            query: the query.
            describe: if the library has no vector of the photo `query.like`, called for that photo.

        Returns:
            Results, the best first; photos of equal score in the order they were indexed.

        Raises:
            PhotosearchError: raised by `describe`.
        """
        query = understood(self.connection, query)
        if not (query.asks and (query.words or query.like is not None)):
            return Hits(query, nothing=self._why_nothing(Nothing.NOT_ASKED))
        meaning = self.meaning() if query.ranker.asks_vectors else None
        words_only = self._without_vector if query.ranker.asks_vectors else 0
        like = None if query.like is None else self._vector(query.like, meaning, describe)
        means_nothing = meaning is not None and self._means_nothing(query, meaning)
        compared: Mapping[PartKind, Comparison] = {}
        if meaning is not None:
            sentence = query.text if query.words and not means_nothing else None
            words = query.words if query.ranker.asks_words else ()
            compared = meaning.compare(sentence, like, words)
        found = candidates(self.connection, query, meaning, compared)
        scores = score(self.connection, self.stemmer, query, found, meaning, compared)
        least = scores.least if query.min_score is None else query.min_score
        results, below = self._best(query, scores, least)
        if results:
            return Hits(query, tuple(results), least, below, words_only)
        reason = Nothing.BELOW_THRESHOLD if below else Nothing.NO_MATCH
        why = self._why_nothing(Nothing.UNKNOWN_WORDS if means_nothing else reason)
        return Hits(query, (), least, below, words_only, why)

    def _best(self, query: Query, scores: Scores, least: float) -> tuple[list[Result], int]:
        """Return the results that are shown, and how many candidates are left out as too low."""
        order = scores.order().tolist()
        rows = order[: int((scores.values >= least).sum())]
        results = self._results(query, scores, rows)
        if not results and query.min_score is None:
            # A right photo may be below the ranker's own threshold: people see at a glance.
            rows = order[: NEAREST + (query.like is not None)]
            results = self._results(query, scores, rows)
        return results, len(order) - len(rows)

    def meaning(self) -> Meaning | None:
        """Return the vectors as the library has them now; None if it has none of this model."""
        # `data_version` changes with every commit of another connection, and at no other time.
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            loaded, self._version = self._load_meaning(), version
            vectors = len(loaded.vectors.photos) if loaded else 0
            self._meaning = loaded if vectors else None
            there, _ = self._photos()
            self._without_vector = there - vectors
        return self._meaning

    def _means_nothing(self, query: Query, meaning: Meaning) -> bool:
        """Return whether the model knows no word of the query: then only the text counts.

        A person who sets the threshold by hand gets the nearest photos of any words.
        """
        if not query.words or query.min_score is not None:
            return False
        return not knows(meaning.encoder, self.stemmer, query.words)

    def _vector(self, path: str, meaning: Meaning | None, describe: Describe) -> np.ndarray:
        """Return the vector of a photo, float32 (D,)."""
        stored = None
        if meaning is not None:
            stored = stored_vector(self.connection, path, meaning.encoder.fingerprint)
        return describe(path) if stored is None else stored

    def _results(self, query: Query, scores: Scores, rows: list[int]) -> list[Result]:
        """Return the results of rows of scores, as many as are asked for."""
        # One row more, because the photo of `query.like` may be among them.
        more = None if query.limit is None else query.limit + (query.like is not None)
        found = evidence.results(self.connection, self.stemmer, query, scores, rows[:more])
        return [result for result in found if result.path != query.like][: query.limit]

    def _photos(self) -> tuple[int, int]:
        """Return how many photos are shown, and how many are hidden."""
        query = """SELECT (SELECT count(*) FROM photos),
                          (SELECT count(*) FROM photos WHERE missing_since IS NOT NULL)"""
        known, gone = self.connection.execute(query).fetchone()
        return known - gone, gone

    def _why_nothing(self, reason: Nothing) -> Nothing:
        """Return why nothing was found: the library has no photos, or else the given reason."""
        there, gone = self._photos()
        if there:
            return reason
        return Nothing.ALL_GONE if gone else Nothing.EMPTY_LIBRARY
