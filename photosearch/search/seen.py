"""Seen: what the word head sees in photos, compared with the words of a query.

A sentence's vector knows what whole sentences mean. The word head knows single words better. The
library keeps the `KEPT` likeliest words of each photo, see `captioner.describe.words`.
"""

from __future__ import annotations

import functools
import math
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from captioner.describe.sentence_encoder import SentenceEncoder
from captioner.describe.words import BYTES, KEPT, STEP, Words, split
from photosearch.search.blobs import PIECE, read_blobs
from photosearch.search.fusion import BEST
from photosearch.search.synonyms import SAME, synonyms

LEAST = -255 / STEP  # the log-probability of a word that is not among a photo's likeliest words
# What is among the likeliest words of fewer photos of all kinds is a name, or too rare to be seen.
SEEN = 1 / 500


@dataclass(frozen=True)
class Likeliest:
    """The likeliest words of photos, in memory."""

    ids: np.ndarray  # of words, uint16 (N, KEPT)
    codes: np.ndarray  # of their probabilities, uint8 (N, KEPT)

    def log_probabilities(self, words: Sequence[Mapping[int, float]]) -> np.ndarray:
        """Return the sum of the logarithms of the probabilities that photos show words, (N,).

        Args:
            words: of each the ids that stand for it, with the weights of their probabilities, 0
                to 1. The likeliest one counts.

        Returns:
            float32; at least `LEAST` for each word.
        """
        asked = np.zeros(self.ids.shape, bool)
        for word in {word for alike in words for word in alike}:
            asked |= self.ids == word
        places = np.flatnonzero(asked)  # most photos have none of the words
        photos, ids = places // KEPT, self.ids.ravel()[places]
        logarithms = self.codes.ravel()[places] / -STEP
        total = np.zeros(len(self.ids), np.float32)
        for alike in words:
            best = np.full(len(self.ids), LEAST, np.float32)
            for word, weight in alike.items():
                held = np.flatnonzero(ids == word)
                likely = logarithms[held] + math.log(weight)
                best[photos[held]] = np.maximum(best[photos[held]], likely)
            total += best
        return total


@dataclass(frozen=True)
class Seen:
    """The likeliest words of a library's photos."""

    words: Callable[[], Words]  # of the model; read when they are first asked for
    photos: Likeliest  # N photos
    there: np.ndarray  # whether the photo has words of this model, bool (N,)
    background: Likeliest  # photos of all kinds

    def sees(self, word: str) -> bool:
        """Return whether the word head sees what a word means in photos of all kinds.

        It also knows names that it read in captions ("chelsea"), but it sees them hardly anywhere.
        """
        most = max((self._photos[each] for each in self._alike(word)), default=0)
        return bool(most >= SEEN * len(self.background.ids))

    @functools.cached_property
    def _photos(self) -> np.ndarray:
        """In how many photos of all kinds each word is among the likeliest, int64 (65536,)."""
        return np.bincount(self.background.ids.ravel(), minlength=1 << 16)

    def compare(self, words: Sequence[str]) -> tuple[np.ndarray, float] | None:
        """Return how surely each photo shows the words of a query, and the baseline.

        The value is the sum of the words' log-probabilities, less the mean sum of photos of all
        kinds, divided by n^1.5 for n words. It is in nats: the range of z-scores would be too large
        for words that are hardly ever likely. The power of n was measured: the more words, the
        better is the sentence's vector. If a photo has no words of this model, its value is the
        baseline.

        Args:
            words: of the query, lower case, at least one.

        Returns:
            Values, float32 (N,), and the mean value of the `BEST` surest photos of all kinds; None
            if the word head knows none of the words.
        """
        known = [alike for alike in map(self._alike, words) if alike]
        if not known:
            return None
        scores = self.photos.log_probabilities(known)
        others = self.background.log_probabilities(known)
        scale = len(words) ** 1.5
        baseline = float(np.sort(others)[-BEST:].mean() - others.mean()) / scale
        values = np.where(self.there, (scores - others.mean()) / scale, baseline)
        return np.asarray(values, np.float32), baseline

    def _alike(self, word: str) -> dict[int, float]:
        """Return the head's words for a word and for words of the same meaning, with weights."""
        alike = {word: 1.0, **synonyms(word)}
        near = sorted(alike.items(), key=lambda pair: pair[1])  # the word itself is the last
        found = [(self.words().find(other), weight) for other, weight in near if weight >= SAME]
        return {index: weight for index, weight in found if index is not None}


def load(
    connection: sqlite3.Connection, encoder: SentenceEncoder, photos: np.ndarray, piece: int = PIECE
) -> Seen | None:
    """Read the likeliest words of photos.

    Args:
        connection: to a library.
        encoder: of the model.
        photos: ids, ascending, int64 (N,).
        piece: size of the range of ids that is read at once.

    Returns:
        None if the model has no word head.
    """
    if encoder.background_words is None:
        return None
    found, rows, _ = read_blobs(connection, "words", encoder.words_fingerprint, BYTES, piece=piece)
    there = np.isin(photos, found, assume_unique=True)
    if not np.array_equal(found, photos):
        kept = rows[np.isin(found, photos, assume_unique=True)]
        rows = np.full((len(photos), BYTES), 255, np.uint8)  # no words, with the least probability
        rows[there] = kept
    return Seen(encoder.words, Likeliest(*split(rows)), there, Likeliest(*encoder.background_words))
