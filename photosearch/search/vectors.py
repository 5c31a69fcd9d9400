"""Vectors of photos in the space of the joint embedding."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numkong
import numpy as np

from captioner.describe.quantise import quantise, scale
from photosearch.search.blobs import PIECE, read_blobs


@dataclass(frozen=True)
class Vectors:
    """The vectors of a library's photos, in memory."""

    photos: np.ndarray  # ids, ascending, int64 (N,)
    matrix: np.ndarray  # int8 (N, D)
    hubness: np.ndarray  # float32 (N,), see `captioner.networks.embedding`

    def cosines(self, query: np.ndarray) -> np.ndarray:
        """Return the cosine of each photo with a query.

        Args:
            query: unit vector, float32 (D,).

        Returns:
            float32 (N,).
        """
        if not len(self.photos):
            return np.empty(0, np.float32)
        products = numkong.cdist(quantise(query)[None], self.matrix, metric="dot")  # (1, N)
        return np.asarray(np.asarray(products)[0] / scale(len(query)) ** 2, np.float32)

    def rows(self, photos: np.ndarray) -> np.ndarray:
        """Return the rows of photos, int64 (n,); -1 for those without a vector."""
        if not len(self.photos):
            return np.full(len(photos), -1)
        rows = np.minimum(np.searchsorted(self.photos, photos), len(self.photos) - 1)
        return np.where(self.photos[rows] == photos, rows, -1)


def load(
    connection: sqlite3.Connection, fingerprint: str, dimension: int, piece: int = PIECE
) -> Vectors:
    """Read the vectors of the photos whose files are not known to be gone.

    Args:
        connection: to a library.
        fingerprint: of the model that made the vectors. Vectors of other models are left out,
            because they can't be compared.
        dimension: of the vectors. A vector of another length is damaged, and left out.
        piece: size of the range of ids whose vectors are read at once.
    """
    read = read_blobs(connection, "vectors", fingerprint, dimension, "hubness", piece)
    photos, rows, hubness = read
    return Vectors(photos, rows.view(np.int8), hubness)


def best(scores: np.ndarray, count: int) -> np.ndarray:
    """Return the indices of the highest scores, the highest first; ties in index order."""
    if count <= 0:
        return np.empty(0, np.int64)
    if count < len(scores):
        indices = np.argpartition(-scores, count)[:count]
        lowest = scores[indices].min()
        indices = np.flatnonzero(scores >= lowest)
    else:
        indices = np.arange(len(scores))
    order = np.argsort(-scores[indices], kind="stable")
    return np.asarray(indices[order][:count])
