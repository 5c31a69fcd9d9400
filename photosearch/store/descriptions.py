"""Descriptions: what a model, or a person, says of a photo, as the library keeps it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from photosearch.store.clock import now
from photosearch.text import searchable

if TYPE_CHECKING:
    pass


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


# The parts of a description. Each has its own fingerprint: a new model makes anew only the parts
# in which it differs.
PARTS = ("captions", "tags", "vectors")


@dataclass(frozen=True, slots=True)
class Models:
    """The ids of a model's parts in a library."""

    captions: int
    tags: int
    vectors: int


def model_ids(
    connection: sqlite3.Connection, fingerprints: Mapping[str, str]
) -> tuple[int | None, ...]:
    """Return the ids of a model's parts in the order of `PARTS`; None: never used here."""
    query = "SELECT id FROM models WHERE fingerprint = ?"
    rows = [connection.execute(query, (fingerprints[part],)).fetchone() for part in PARTS]
    return tuple(row and row[0] for row in rows)


def use_models(
    connection: sqlite3.Connection, run_id: int, name: str, fingerprints: Mapping[str, str]
) -> Models:
    """Note which model describes in a run; return the ids of its parts.

    Args:
        connection: to the library.
        run_id: of the run.
        name: what the model is called.
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
    """Replace those parts of a photo's description that were made; keep the other parts.

    Raises:
        ValueError: captions were made, but there is none.
    """
    if description.captions is not None:
        if not description.captions:
            raise ValueError("a photo without a caption")
        connection.execute("DELETE FROM captions WHERE photo_id = ?", (photo_id,))
        connection.executemany(
            "INSERT INTO captions VALUES (?, ?, ?, ?, ?, ?)",
            [
                (photo_id, rank, said.text, said.log_probability, said.tokens, models.captions)
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
    if description.vector is not None:
        connection.execute(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
            (photo_id, models.vectors, description.vector, description.hubness),
        )


def search_values(
    connection: sqlite3.Connection, photo: int, root: str | None = None
) -> dict[str, str | int]:
    """Return the row that full-text search sees of a photo, by column.

    Args:
        connection: to the library.
        photo: its number.
        root: the folder that it was found under; without it `folder` is empty.
    """
    query = """SELECT path, coalesce(camera, ''), coalesce(lens, ''), edits.caption,
                      coalesce(title, ''), coalesce(description, ''), coalesce(alt_text, ''),
                      coalesce(keywords, '')
               FROM photos LEFT JOIN edits ON edits.photo_id = id
               LEFT JOIN user_metadata ON user_metadata.photo_id = id WHERE id = ?"""
    path, camera, lens, edit, *written = connection.execute(query, (photo,)).fetchone()
    title, description, alt_text, keywords = written
    query = "SELECT text FROM captions WHERE photo_id = ? ORDER BY rank"
    captions = [text for (text,) in connection.execute(query, (photo,))]
    own = edit if edit is not None else alt_text or description or title
    if own or edit is not None:
        captions.insert(0, own)
    query = "SELECT text, synonyms FROM tags WHERE photo_id = ? ORDER BY rank"
    tags = [text for row in connection.execute(query, (photo,)) for text in row if text]
    path = os.fsdecode(path)
    return {
        "photo_id": photo,
        "caption": captions[0] if captions else "",  # lost with a damaged file
        "alternatives": "\n".join(captions[1:]),
        "tags": "\n".join(tags), "title": title,
        "description": "\n".join(filter(None, (description, alt_text))),
        "keywords": keywords, "place": "",
        "camera": f"{camera} {lens}".strip(),
        "folder": "" if root is None else _folder(path, root),
        "filename": searchable(os.path.basename(path)),
    }  # fmt: skip


def write_search_row(connection: sqlite3.Connection, photo: int, root: str | None = None) -> None:
    """Write the row that full-text search sees from what is known of a photo.

    Args:
        connection: to the library.
        photo: its number.
        root: the folder that it was found under; None keeps what the row has.
    """
    values = search_values(connection, photo, root)
    columns = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    kept = ("photo_id",) if root is not None else ("photo_id", "folder")
    updates = ", ".join(f"{name} = excluded.{name}" for name in values if name not in kept)
    connection.execute(
        f"""INSERT INTO search ({columns}) VALUES ({marks})
            ON CONFLICT (photo_id) DO UPDATE SET {updates}""",
        values,
    )


def _folder(path: str, root: str) -> str:
    """Return a photo's folder from the root's own name on.

    What lies above it (home, the user's name) says nothing about a photo.
    """
    return searchable(os.path.relpath(os.path.dirname(path), os.path.dirname(root)))


def is_folder_of(text: str, path: str) -> bool:
    """Tell whether the searched row of a photo may have a `folder`: it depends on the root."""
    folder = os.path.dirname(path)
    return text in (".", searchable(folder)) or searchable(folder).endswith(os.sep + text)
