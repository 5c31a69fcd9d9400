"""Descriptions that can't be used: found, and taken out, so that a model makes them anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from captioner.describe.description import Part
from captioner.describe.model_folder import read_fingerprints
from captioner.describe.words import BYTES, NO_WORD, Words, split
from captioner.errors import CaptionerError
from photosearch.errors import ModelError
from photosearch.store.dates import are_damaged
from photosearch.store.library_model import model_folder

PIECE = 10_000  # photos whose words are read at once

Ids = Sequence[tuple[int, ...]]  # of photos; of captions, photo and rank


@dataclass(frozen=True)
class ModelInUse:
    """What the doctor needs to know of the model in use."""

    fingerprints: Mapping[str, str]  # by part
    words: int  # how many words its word head knows

    @classmethod
    def of(cls, connection: sqlite3.Connection, library: str, named: Path | None) -> Self | None:
        """Read it from the model's folder; None: the folder is missing, damaged or not known.

        Args:
            connection: to the library.
            library: the library's file.
            named: the model folder that a person names; None: no folder is named.
        """
        try:
            folder = model_folder(connection, library, named)
            return cls(read_fingerprints(folder), len(Words.load(folder)))
        except (ModelError, CaptionerError, sqlite3.Error, ValueError):  # a damaged setting, too
            return None


def vectors(connection: sqlite3.Connection) -> Ids:
    """Return the ids of photos whose vector can't be used.

    A vector can't be used if most vectors of the same model have another length, or if its hubness
    is no number.
    """
    query = """
        WITH sizes AS (SELECT model_id, length(vector) AS size, count(*) AS photos
                       FROM vectors GROUP BY 1, 2),
             usual AS (SELECT model_id, size FROM sizes AS one WHERE 2 * photos > (
                       SELECT sum(photos) FROM sizes WHERE model_id = one.model_id))
        SELECT photo_id FROM vectors JOIN usual USING (model_id)
        WHERE length(vector) <> size OR hubness IS NULL OR abs(hubness) > 1e300"""
    return connection.execute(query).fetchall()


def words(connection: sqlite3.Connection, model: ModelInUse | None = None) -> Ids:
    """Return the ids of photos whose likeliest words can't be used.

    A photo's words can't be used if another model made the photo's tags, or if no model can have
    made these bytes: see `are_words`. If the model that made the tags has made words of other
    photos, but not of this photo, the words are lost.

    Args:
        connection: to the library.
        model: the model in use; None: it is not known how many words there are.
    """
    query = """
        SELECT photo_id FROM words JOIN photos ON id = photo_id
        WHERE length(words) <> ? OR model_id <> tags_model_id
        UNION SELECT id FROM photos LEFT JOIN words ON photo_id = id
        WHERE photo_id IS NULL AND tags_model_id IN (SELECT model_id FROM words)"""
    found = set(connection.execute(query, (BYTES,)))
    query = """SELECT photo_id, words, fingerprint FROM words JOIN models ON models.id = model_id
               WHERE length(words) = ?"""
    cursor = connection.execute(query, (BYTES,))
    while rows := cursor.fetchmany(PIECE):
        packed = np.frombuffer(b"".join(row[1] for row in rows), np.uint8).reshape(-1, BYTES)
        known = {model.fingerprints[Part.TAGS]: model.words} if model else {}
        most = np.array([known.get(fingerprint, NO_WORD) for _, _, fingerprint in rows])
        right = are_words(*split(packed), most)
        found |= {(row[0],) for row, is_right in zip(rows, right, strict=True) if not is_right}
    return sorted(found)


def are_words(ids: np.ndarray, codes: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Return whether a model can have packed words, bool (N,); see `captioner.describe.words`.

    Args:
        ids: of words, uint16 (N, KEPT).
        codes: of their probabilities, uint8 (N, KEPT).
        most: how many words the model has, (N,).
    """
    beyond = (ids >= most[:, None]) & (ids != NO_WORD)
    ordered = np.sort(ids, axis=1)
    repeated = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NO_WORD)
    out_of_order = codes[:, 1:] < codes[:, :-1]  # the likeliest word comes first
    wrong: np.ndarray = beyond.any(axis=1) | (repeated | out_of_order).any(axis=1)
    return ~wrong


def confidences(connection: sqlite3.Connection) -> Ids:
    """Return photo and rank of captions whose confidence, or a word's, is no probability."""
    # As bytes: damaged text may not be UTF-8.
    query = "SELECT photo_id, rank, confidence, CAST(word_confidences AS BLOB) FROM captions"
    return [
        (photo, rank)
        for photo, rank, caption, said in connection.execute(query)
        if not (caption is None or _is_probability(caption)) or not _are_confidences(said)
    ]


def dates(connection: sqlite3.Connection) -> Ids:
    """Return the ids of photos whose stored dates are no JSON object."""
    query = "SELECT id, CAST(dates AS BLOB) FROM photos WHERE dates IS NOT NULL"
    return [(photo,) for photo, stored in connection.execute(query) if are_damaged(stored)]


def _are_confidences(said: bytes | None) -> bool:
    """Return whether JSON is a list of [word, probability]; None is unknown, and right."""
    if said is None:
        return True
    try:
        pairs = json.loads(said)
        return isinstance(pairs, list) and all(
            isinstance(word, str) and _is_probability(sure) for word, sure in pairs
        )
    except (TypeError, ValueError):
        return False


def _is_probability(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def take_out(
    connection: sqlite3.Connection,
    *,
    vectors: Ids = (),
    words: Ids = (),
    captions: Ids = (),
    dates: Ids = (),
) -> None:
    """Take out what can't be used, in one transaction.

    The next `index --upgrade` makes the vectors, tags and words of these photos anew. The
    confidence of the captions becomes unknown. The next `index` reads the metadata of photos whose
    dates are taken out.

    Args:
        connection: to the library, for writing.
        vectors: ids of photos, see the function `vectors`.
        words: ids of photos, see the function `words`.
        captions: photo and rank of each, see the function `confidences`.
        dates: ids of photos, see the function `dates`.
    """
    unknown = """UPDATE captions SET confidence = NULL, word_confidences = NULL
                 WHERE photo_id = ? AND rank = ?"""
    with connection:
        connection.executemany("DELETE FROM vectors WHERE photo_id = ?", vectors)
        connection.executemany("DELETE FROM words WHERE photo_id = ?", words)
        connection.executemany("UPDATE photos SET tags_model_id = NULL WHERE id = ?", words)
        connection.executemany(unknown, captions)
        connection.executemany(
            "UPDATE photos SET dates = NULL, metadata_unread = 1 WHERE id = ?", dates
        )
