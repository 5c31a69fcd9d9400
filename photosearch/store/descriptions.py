"""Descriptions: what a model, or a person, says of a photo, as the library keeps it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from captioner.describe.description import PARTS as PARTS
from captioner.describe.description import Description as Description
from photosearch.store.database import now
from photosearch.text import searchable

if TYPE_CHECKING:
    from photosearch.photo.user_metadata import Written


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
               LEFT JOIN written ON written.photo_id = id WHERE id = ?"""
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
