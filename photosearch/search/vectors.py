"""Vectors: where photos and queries lie in the space of the joint embedding."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numkong
import numpy as np

from captioner.describe.quantise import quantise, scale

PIECE = 100_000


@dataclass(frozen=True)
class Vectors:
    """The photos of a library, in memory."""

    photos: np.ndarray  # their numbers, ascending, int64 (N,)
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
    """Read the vectors of the photos that are where they were.

    Args:
        connection: to a library.
        fingerprint: of the model that made them; those of another can't be compared.
        dimension: of these vectors; one of another length is damaged, and left out.
        piece: vectors that are read at once.
    """
    photos, matrices, hubness, last = [], [], [], -1
    while True:
        # Joined by SQLite, because a Python object for each row takes twice the time; in
        # pieces, because SQLite limits the length of a value.
        numbers, joined, near = connection.execute(
            """SELECT group_concat(photo_id), CAST(group_concat(vector, '') AS BLOB),
                      group_concat(hubness)
               FROM (SELECT photo_id, vector, hubness FROM vectors
                     WHERE model_id = (SELECT id FROM models WHERE fingerprint = ?)
                     AND photo_id NOT IN (SELECT id FROM photos WHERE missing_since IS NOT NULL)
                     AND length(vector) = ? AND photo_id > ? ORDER BY photo_id LIMIT ?)""",
            (fingerprint, dimension, last, piece),
        ).fetchone()
        if numbers is None:
            break
        photos.append(np.fromstring(numbers, np.int64, sep=","))
        matrices.append(np.frombuffer(joined, np.int8).reshape(-1, dimension))
        hubness.append(np.fromstring(near, np.float32, sep=","))
        last = int(photos[-1][-1])
    if not photos:
        photos, matrices = [np.empty(0, np.int64)], [np.empty((0, dimension), np.int8)]
        hubness = [np.empty(0, np.float32)]
    return Vectors(np.concatenate(photos), np.concatenate(matrices), np.concatenate(hubness))


def best(scores: np.ndarray, count: int) -> np.ndarray:
    """Return the places of the highest scores, the highest first; ties in their order."""
    if count <= 0:
        return np.empty(0, np.int64)
    if count < len(scores):
        places = np.argpartition(-scores, count)[:count]
        lowest = scores[places].min()
        places = np.flatnonzero(scores >= lowest)
    else:
        places = np.arange(len(scores))
    order = np.argsort(-scores[places], kind="stable")
    return np.asarray(places[order][:count])
