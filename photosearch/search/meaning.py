"""Meaning: how near a library's photos are to a sentence or to another photo."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass

import numpy as np

from captioner.describe.quantise import dequantise
from captioner.describe.sentence_encoder import SentenceEncoder
from photosearch.errors import UsageError
from photosearch.search import vectors
from photosearch.search.fusion import Weights, standardise
from photosearch.search.vectors import Vectors
from photosearch.text import bindable, display


@dataclass(frozen=True)
class Nearness:
    """How near photos are to a query, in standard deviations above photos of all kinds."""

    photos: np.ndarray  # of the library, float32 (N,)
    bar: float  # what the best among photos of all kinds reach, or what counts as alike


@dataclass(frozen=True)
class Meaning:
    """A text tower beside the vectors of the photos that it can be compared with."""

    encoder: SentenceEncoder
    vectors: Vectors
    background: Vectors  # photos of all kinds
    weights: Weights

    def sentence(self, text: str) -> np.ndarray:
        """Return a sentence as a unit vector, float32 (D,)."""
        return np.asarray(self.encoder.encode([bindable(text)])[0])

    def near_sentence(self, vector: np.ndarray) -> Nearness:
        """Return how near each photo is to a sentence's vector, float32 (D,)."""
        hubness = self.weights.hubness
        scores = self.vectors.cosines(vector) - hubness * self.vectors.hubness
        background = self.background.cosines(vector) - hubness * self.background.hubness
        return Nearness(*standardise(scores, background))

    def near_photo(self, vector: np.ndarray) -> Nearness:
        """Return how near each photo is to a photo's vector, float32 (D,).

        The bar is a fixed one: that others somewhere are more alike makes these no less so.
        """
        background = self.background.cosines(vector)
        deviations, _ = standardise(self.vectors.cosines(vector), background)
        return Nearness(deviations, self.weights.like_bar)


def load(connection: sqlite3.Connection, encoder: SentenceEncoder) -> Meaning:
    """Bring a text tower and a library together.

    Raises:
        ValueError: the model's ranking weights have other names.
    """
    try:
        weights = Weights(**encoder.ranking)
    except TypeError as error:
        raise ValueError(f"the model's weights for ranking can't be used: {error}") from error
    background = encoder.background
    return Meaning(
        encoder,
        vectors.load(connection, encoder.fingerprint, background.shape[1]),
        Vectors(np.arange(len(background)), background, encoder.background_hubness),
        weights,
    )


def photo_vector(connection: sqlite3.Connection, path: str, fingerprint: str) -> np.ndarray:
    """Return the vector of a photo, unit length, float32 (D,).

    One that isn't in the library is encoded first, which imports torch.

    Args:
        connection: to a library.
        path: of the photo.
        fingerprint: of the model that makes vectors.

    Raises:
        UsageError: there is no photo, or it can't be read.
    """
    query = """SELECT vector FROM vectors JOIN photos ON photos.id = photo_id
               JOIN models ON models.id = model_id WHERE path = ? AND fingerprint = ?"""
    row = connection.execute(query, (os.fsencode(path), fingerprint)).fetchone()
    vector = row[0] if row is not None else _encode(path)
    return dequantise(np.frombuffer(vector, np.int8))


def _encode(path: str) -> bytes:
    from captioner.describe.model_folder import read_settings, shipped_model
    from photosearch.indexing import describer
    from photosearch.photo.decode import decode
    from photosearch.photo.picture import UndecodableError

    if not os.path.exists(path):
        raise UsageError(f"no photo at {display(path)}")
    size = read_settings(shipped_model())["encoder"]["image_size"]
    try:
        pixels = decode(path, size).pixels
    except UndecodableError as error:
        raise UsageError(f"{path}: {error}") from error
    (description,) = describer.load().describe_pixels(pixels[None], ("vectors",))
    assert description.vector is not None
    return description.vector
