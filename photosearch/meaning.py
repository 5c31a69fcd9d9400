"""Meaning: how near a library's photos are to a sentence or to another photo."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np

from captioner.sentences import SentenceEncoder
from photosearch import query, vectors
from photosearch.fusion import Weights, standardise
from photosearch.vectors import Vectors


@dataclass(frozen=True)
class Meaning:
    """A text tower beside the vectors of the photos that it can be compared with."""

    encoder: SentenceEncoder
    vectors: Vectors
    weights: Weights

    def sentence(self, text: str) -> np.ndarray:
        """Return a sentence as a unit vector, float32 (D,)."""
        return np.asarray(self.encoder.encode([query.readable(text)])[0])

    def deviations(self, vector: np.ndarray) -> np.ndarray:
        """Return how far each photo stands out for a query, float32 (N,).

        Args:
            vector: unit vector of a sentence or a photo, float32 (D,).

        Returns:
            The cosines in standard deviations above the mean over photos of all kinds.
        """
        background = self.encoder.background @ vector  # (m,)
        return standardise(self.vectors.cosines(vector), background)


def load(connection: sqlite3.Connection, encoder: SentenceEncoder) -> Meaning:
    """Bring a text tower and a library together.

    Raises:
        ValueError: the model's ranking weights have other names.
    """
    try:
        weights = Weights(**encoder.ranking)
    except TypeError as error:
        raise ValueError(f"the model's weights for ranking can't be used: {error}") from error
    return Meaning(encoder, vectors.load(connection, encoder.fingerprint), weights)
