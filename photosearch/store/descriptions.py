"""Descriptions: what a model, or a person, says of a photo, as the library keeps it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from photosearch.store.database import now
from photosearch.store.search_rows import write_search_row

if TYPE_CHECKING:
    from photosearch.photo.user_metadata import Written


class Caption(Protocol):
    """What the captioner says of a photo, as far as the store needs it."""

    @property
    def text(self) -> str:
        """The caption, lower case."""

    @property
    def log_probability(self) -> float:
        """Of the whole caption, natural logarithm."""

    @property
    def tokens(self) -> int:
        """Words and end."""


class Tag(Protocol):
    """What the classifier says of a photo, as far as the store needs it."""

    @property
    def text(self) -> str:
        """The tag, lower case."""

    @property
    def synonyms(self) -> Sequence[str]:
        """Other words that it is found by."""

    @property
    def probability(self) -> float:
        """0 to 1."""

    @property
    def shown(self) -> bool:
        """Sure enough to be shown, not only searched."""


class Description(Protocol):
    """What a model says of a photo; a part that wasn't asked for is None."""

    @property
    def captions(self) -> Sequence[Caption] | None:
        """The best first, one or more."""

    @property
    def tags(self) -> Sequence[Tag] | None:
        """The most probable first."""

    @property
    def vector(self) -> bytes | None:
        """In the space of the joint embedding, int8, a byte a dimension."""

    @property
    def hubness(self) -> float:
        """How near the vector lies to sentences of all kinds."""


# What a model makes of a photo; each part has a fingerprint of its own, so that a new
# model need not make anew what is the same.
PARTS = ("captions", "tags", "vectors")


@dataclass(frozen=True, slots=True)
class Models:
    """The numbers of a model's parts in a library."""

    captions: int
    tags: int
    vectors: int


def model_numbers(
    connection: sqlite3.Connection, fingerprints: Mapping[str, str]
) -> tuple[int | None, ...]:
    """Return the numbers of a model's parts in the order of `PARTS`; None: never used here."""
    query = "SELECT id FROM models WHERE fingerprint = ?"
    rows = [connection.execute(query, (fingerprints[part],)).fetchone() for part in PARTS]
    return tuple(row and row[0] for row in rows)


def use_models(
    connection: sqlite3.Connection, run: int, name: str, fingerprints: Mapping[str, str]
) -> Models:
    """Note which model describes in a run; return the numbers of its parts.

    Args:
        connection: to the library.
        run: the run's number.
        name: what the model is called.
        fingerprints: of each of `PARTS`.
    """
    numbers = {}
    with connection:
        for part in PARTS:
            connection.execute(
                """INSERT OR IGNORE INTO models (name, fingerprint, first_used_at, part)
                   VALUES (?, ?, ?, ?)""",
                (name, fingerprints[part], now(), part),
            )
            query = "SELECT id FROM models WHERE fingerprint = ?"
            (numbers[part],) = connection.execute(query, (fingerprints[part],)).fetchone()
        query = "UPDATE runs SET model_id = ? WHERE id = ?"
        connection.execute(query, (numbers["captions"], run))
    return Models(**numbers)


def write_description(
    connection: sqlite3.Connection, photo: int, models: Models, description: Description
) -> None:
    """Replace the parts of a photo's description that were made; keep the others.

    Raises:
        ValueError: captions were made, but there is none.
    """
    if description.captions is not None:
        if not description.captions:
            raise ValueError("a photo without a caption")
        connection.execute("DELETE FROM captions WHERE photo_id = ?", (photo,))
        connection.executemany(
            "INSERT INTO captions VALUES (?, ?, ?, ?, ?, ?)",
            [
                (photo, rank, said.text, said.log_probability, said.tokens, models.captions)
                for rank, said in enumerate(description.captions)
            ],
        )
    if description.tags is not None:
        connection.execute("DELETE FROM tags WHERE photo_id = ?", (photo,))
        connection.executemany(
            "INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?)",
            [
                (photo, rank, tag.text, "\n".join(tag.synonyms), tag.probability, tag.shown)
                for rank, tag in enumerate(description.tags)
            ],
        )
        query = "UPDATE photos SET tags_model_id = ? WHERE id = ?"
        connection.execute(query, (models.tags, photo))
    if description.vector is not None:
        connection.execute(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
            (photo, models.vectors, description.vector, description.hubness),
        )


def write_edit(connection: sqlite3.Connection, path: str, caption: str | None) -> bool:
    """Keep a person's caption of a photo, or go back to the generated one.

    Returns:
        Whether the library knows the photo.
    """
    with connection:
        query = "SELECT id FROM photos WHERE path = ?"
        row = connection.execute(query, (os.fsencode(path),)).fetchone()
        if row is None:
            return False
        if caption is None:
            connection.execute("DELETE FROM edits WHERE photo_id = ?", row)
        else:
            connection.execute(
                "INSERT OR REPLACE INTO edits VALUES (?, ?, ?)", (*row, caption, now())
            )
        shown = connection.execute("SELECT 1 FROM search WHERE photo_id = ?", row).fetchone()
        if shown:
            write_search_row(connection, row[0])
    return True


def write_written(
    connection: sqlite3.Connection, photo: int, written: Written | None, *, keep: bool = False
) -> None:
    """Replace what people wrote into a photo or its sidecar; no row where that is nothing.

    Args:
        connection: to the library.
        photo: its number.
        written: what is known now.
        keep: leave what was known, if anything was.
    """
    query = "SELECT 1 FROM written WHERE photo_id = ?"
    if keep and connection.execute(query, (photo,)).fetchone():
        return
    connection.execute("DELETE FROM written WHERE photo_id = ?", (photo,))
    if written is None:
        return
    values = (
        written.title, written.description, written.alt_text, "\n".join(written.keywords),
        written.rating,
    )  # fmt: skip
    if any(values):
        connection.execute("INSERT INTO written VALUES (?, ?, ?, ?, ?, ?)", (photo, *values))
