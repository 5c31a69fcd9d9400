"""Descriptions of photos by models, as the library stores them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from captioner.describe.description import PARTS, Caption, Description, Part
from photosearch.store.clock import now

DESCRIBING = ("captions", "tags", "words", "vectors")
"""The tables of descriptions; all have a column photo_id."""


@dataclass(frozen=True, slots=True)
class Models:
    """The ids of a model's parts in a library."""

    captions: int
    tags: int
    vectors: int


def model_ids(
    connection: sqlite3.Connection, fingerprints: Mapping[str, str]
) -> tuple[int | None, ...]:
    """Return the ids of a model's parts in the order of `PARTS`; None: the library lacks it."""
    query = "SELECT id FROM models WHERE fingerprint = ?"
    rows = [connection.execute(query, (fingerprints[part],)).fetchone() for part in PARTS]
    return tuple(row and row[0] for row in rows)


def count_vectors_of_others(connection: sqlite3.Connection, fingerprints: Mapping[str, str]) -> int:
    """Return how many photos that are shown have a vector that another model made.

    Args:
        connection: to the library.
        fingerprints: of the model, by part.
    """
    query = """SELECT count(*) FROM vectors JOIN models ON models.id = model_id
               JOIN photos ON photos.id = photo_id
               WHERE fingerprint <> ? AND missing_since IS NULL"""
    (count,) = connection.execute(query, (fingerprints[Part.VECTORS],)).fetchone()
    return int(count)


def use_models(
    connection: sqlite3.Connection, run_id: int, name: str, fingerprints: Mapping[str, str]
) -> Models:
    """Store which model describes in a run; return the ids of the model's parts.

    Args:
        connection: to the library.
        run_id: of the run.
        name: of the model.
        fingerprints: of each of `PARTS`.
    """
    ids = {}
    with connection:
        for part in PARTS:
            connection.execute(
                """INSERT OR IGNORE INTO models (name, fingerprint, first_used_at, part)
                   VALUES (?, ?, ?, ?)""",
                (name, fingerprints[part], now(), part),
            )
            query = "SELECT id FROM models WHERE fingerprint = ?"
            (ids[part],) = connection.execute(query, (fingerprints[part],)).fetchone()
        query = "UPDATE runs SET model_id = ? WHERE id = ?"
        connection.execute(query, (ids["captions"], run_id))
    return Models(**ids)


def write_description(
    connection: sqlite3.Connection, photo_id: int, models: Models, description: Description
) -> None:
    """Replace the parts of a photo's description that were made; keep the other parts.

    Raises:
        ValueError: the list of captions was made, but is empty.
    """
    if description.captions is not None:
        if not description.captions:
            raise ValueError("a photo without a caption")
        connection.execute("DELETE FROM captions WHERE photo_id = ?", (photo_id,))
        connection.executemany(
            """INSERT INTO captions (photo_id, rank, text, log_probability, tokens, model_id,
                                     confidence, word_confidences)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            [
                (
                    photo_id,
                    rank,
                    said.text,
                    said.log_probability,
                    said.tokens,
                    models.captions,
                    said.confidence,
                    _words(said),
                )
                for rank, said in enumerate(description.captions)
            ],
        )
    if description.tags is not None:
        connection.execute("DELETE FROM tags WHERE photo_id = ?", (photo_id,))
        connection.executemany(
            "INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?)",
            [
                (photo_id, rank, tag.text, "\n".join(tag.synonyms), tag.probability, tag.shown)
                for rank, tag in enumerate(description.tags)
            ],
        )
        query = "UPDATE photos SET tags_model_id = ? WHERE id = ?"
        connection.execute(query, (models.tags, photo_id))
        connection.execute("DELETE FROM words WHERE photo_id = ?", (photo_id,))
    if description.words is not None:
        query = "INSERT OR REPLACE INTO words VALUES (?, ?, ?)"
        connection.execute(query, (photo_id, models.tags, description.words))
    if description.vector is not None:
        connection.execute(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
            (photo_id, models.vectors, description.vector, description.hubness),
        )


def _words(caption: Caption) -> str | None:
    """Return the confidences of a caption's content words as JSON; None: unknown."""
    return None if caption.confidence is None else json.dumps(caption.words)
