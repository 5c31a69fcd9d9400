"""Meaning: the nearness of a library's photos to a sentence or to another photo."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from captioner.describe.quantise import dequantise
from captioner.describe.sentence_encoder import SentenceEncoder
from photosearch.errors import ModelError, loading_model
from photosearch.search import seen, vectors
from photosearch.search.fusion import Weights, standardise
from photosearch.search.results import PartKind
from photosearch.search.seen import Seen
from photosearch.search.vectors import Vectors
from photosearch.text import bindable


@dataclass(frozen=True)
class Comparison:
    """The nearness of photos to a query, as z-scores over photos of all kinds."""

    values: np.ndarray  # of the library's photos, float32 (N,)
    baseline: float  # for a sentence, of the nearest photos of all kinds; for a photo, fixed


@dataclass(frozen=True)
class Meaning:
    """A text tower, and the vectors of the photos that its sentences can be compared with."""

    encoder: SentenceEncoder
    vectors: Vectors
    background: Vectors  # photos of all kinds
    weights: Weights
    seen: Seen | None  # the likeliest words of the photos of `vectors`; None: the model has none

    def compare(
        self, sentence: str | None, photo: np.ndarray | None, words: Sequence[str] = ()
    ) -> Mapping[PartKind, Comparison]:
        """Compare all photos with a sentence, with a photo, or with both.

        Another kind of vector is added here.

        Args:
            sentence: what the photos should show; None: no comparison with a sentence.
            photo: vector of a photo that the photos should be like, float32 (D,); None: no
                comparison with a photo.
            words: of the sentence, to be compared with the likeliest words of the photos.
        """
        compared = {}
        if sentence is not None:
            compared[PartKind.MEANING] = self.near_sentence(self.sentence(sentence))
            likely = self.seen.compare(words) if self.seen and words else None
            if likely is not None:
                compared[PartKind.SEEN] = Comparison(*likely)
        if photo is not None:
            compared[PartKind.LIKE] = self.near_photo(photo)
        return compared

    def sentence(self, text: str) -> np.ndarray:
        """Return a sentence as a unit vector, float32 (D,)."""
        with loading_model():  # the encoder may still be opening its network
            return np.asarray(self.encoder.encode([bindable(text)])[0])

    def near_sentence(self, vector: np.ndarray) -> Comparison:
        """Return how near each photo is to a sentence's vector, float32 (D,)."""
        hubness = self.weights.hubness
        scores = self.vectors.cosines(vector) - hubness * self.vectors.hubness
        background = self.background.cosines(vector) - hubness * self.background.hubness
        return Comparison(*standardise(scores, background))

    def near_photo(self, vector: np.ndarray) -> Comparison:
        """Return how near each photo is to a photo's vector, float32 (D,).

        The baseline is fixed: two photos are no less alike because other photos are more alike.
        """
        background = self.background.cosines(vector)
        values, _ = standardise(self.vectors.cosines(vector), background)
        return Comparison(values, self.weights.like_bar)


def load(connection: sqlite3.Connection, encoder: SentenceEncoder) -> Meaning:
    """Return a text tower with the vectors of a library.

    Raises:
        ModelError: the model's weights for ranking have unknown names.
    """
    try:
        weights = Weights(**encoder.ranking)
    except TypeError as error:
        unknown = ", ".join(sorted(encoder.ranking.keys() - asdict(Weights()).keys()))
        raise ModelError(
            f"the model's config.json has unknown weights for ranking: {unknown}",
            "take them out of its `ranking`, or upgrade photosearch",
        ) from error
    background = encoder.background
    there = vectors.load(connection, encoder.fingerprint, background.shape[1])
    return Meaning(
        encoder,
        there,
        Vectors(np.arange(len(background)), background, encoder.background_hubness),
        weights,
        seen.load(connection, encoder, there.photos),
    )


def stored_vector(connection: sqlite3.Connection, path: str, fingerprint: str) -> np.ndarray | None:
    """Return a photo's vector in the library, unit length, float32 (D,); None if it has none.

    Args:
        connection: to a library.
        path: of the photo.
        fingerprint: of the model that makes vectors.
    """
    query = """SELECT vector FROM vectors JOIN photos ON photos.id = photo_id
               JOIN models ON models.id = model_id WHERE path = ? AND fingerprint = ?"""
    row = connection.execute(query, (os.fsencode(path), fingerprint)).fetchone()
    return None if row is None else dequantise(np.frombuffer(row[0], np.int8))
