"""Seen: what the word head sees in photos, compared with the words of a query.

A sentence's vector knows what whole sentences mean. The word head knows single words better. The
library keeps the `KEPT` likeliest words of each photo, see `captioner.describe.words`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from captioner.describe.sentence_encoder import SentenceEncoder
from captioner.describe.words import BYTES, KEPT, NO_WORD, STEP, Words, split
from photosearch.search.blobs import PIECE, read_blobs
from photosearch.search.fusion import standardise
from photosearch.search.synonyms import SAME, synonyms

LEAST = 255  # the code of a word that is not among a photo's likeliest words


@dataclass(frozen=True)
class Likeliest:
    """The likeliest words of photos, in memory."""

    ids: np.ndarray  # of words, uint16 (N, KEPT)
    codes: np.ndarray  # of their probabilities, uint8 (N, KEPT)

    def log_probabilities(self, words: Sequence[int]) -> np.ndarray:
        """Return the sum of the logarithms of the probabilities of words, float32 (N,).

        If a word is not among the likeliest words of a photo, its probability is the least one that
        has a code.

        Args:
            words: ids, each once.
        """
        asked = np.zeros(NO_WORD + 1, bool)
        asked[list(words)] = True
        held = np.flatnonzero(asked[self.ids])
        more = np.bincount(held // KEPT, LEAST - self.codes.ravel()[held], len(self.ids))
        return np.asarray((more - LEAST * len(words)) / STEP, np.float32)


@dataclass(frozen=True)
class Seen:
    """The likeliest words of a library's photos."""

    words: Callable[[], Words]  # of the model; read when they are first asked for
    photos: Likeliest  # N photos
    there: np.ndarray  # whether the photo has words of this model, bool (N,)
    background: Likeliest  # photos of all kinds

    def compare(self, words: Sequence[str]) -> tuple[np.ndarray, float] | None:
        """Return how surely each photo shows the words of a query, and the baseline.

        The value is the z-score of the sum of the words' log-probabilities over photos of all
        kinds, divided by the number of words: the more words, the more does the vector of the
        sentence know that single words don't. If a photo has no words of this model, its value is
        the baseline.

        Args:
            words: of the query, lower case, at least one.

        Returns:
            Values, float32 (N,), and the mean value of the best photos of all kinds, see
            `fusion.standardise`; None if the model knows none of the words.
        """
        known = {word for word in map(self._find, words) if word is not None}
        if not known:
            return None
        asked = sorted(known)
        background = self.background.log_probabilities(asked)
        scores, best = standardise(self.photos.log_probabilities(asked), background)
        values, baseline = scores / len(words), best / len(words)
        return np.where(self.there, values, np.float32(baseline)), baseline

    def _find(self, word: str) -> int | None:
        """Return the word of the model that a word or its nearest synonym stands for."""
        others = sorted(synonyms(word).items(), key=lambda pair: -pair[1])
        near = [word, *(other for other, weight in others if weight >= SAME)]
        found = (self.words().find(each) for each in near)
        return next((index for index in found if index is not None), None)


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
        rows = np.full((len(photos), BYTES), 255, np.uint8)  # NO_WORD, with the least probability
        rows[there] = kept
    return Seen(encoder.words, Likeliest(*split(rows)), there, Likeliest(*encoder.background_words))
