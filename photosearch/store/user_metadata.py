"""User metadata: what people wrote into a photo or its sidecar."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from photosearch.photo.user_metadata import UserMetadata


def write_user_metadata(
    connection: sqlite3.Connection,
    photo_id: int,
    user_metadata: UserMetadata | None,
    *,
    keep: bool = False,
) -> None:
    """Replace a photo's user metadata; if there is none, the photo has no row.

    Args:
        connection: to the library.
        photo_id: of the photo.
        user_metadata: what people wrote into the photo or its sidecar, as read now.
        keep: what the photo's row says stays, and what is new is added to it.
    """
    known = _known(connection, photo_id) if keep else None
    if known is not None:
        user_metadata = known.joined(user_metadata) if user_metadata else known
    connection.execute("DELETE FROM user_metadata WHERE photo_id = ?", (photo_id,))
    if user_metadata is None:
        return
    values = (
        user_metadata.title, user_metadata.description, user_metadata.alt_text,
        "\n".join(user_metadata.keywords), user_metadata.rating or None,  # no stars are no rating
        "\n".join(user_metadata.people),
        "\n".join(user_metadata.places), "\n".join(user_metadata.notes),
    )  # fmt: skip
    if any(values):
        marks = ", ".join("?" * (1 + len(values)))
        connection.execute(f"INSERT INTO user_metadata VALUES ({marks})", (photo_id, *values))


def _known(connection: sqlite3.Connection, photo_id: int) -> UserMetadata | None:
    """Return what the library knows that people wrote about a photo; None: nothing."""
    from photosearch.photo.user_metadata import UserMetadata  # a search needs no reader of photos

    query = """SELECT title, description, alt_text, keywords, rating, people, places, notes
               FROM user_metadata WHERE photo_id = ?"""
    row = connection.execute(query, (photo_id,)).fetchone()
    if row is None:
        return None
    title, description, alt_text, keywords, rating, *lists = row
    people, places, notes = (tuple(text.splitlines()) for text in lists)
    keywords = tuple(keywords.splitlines())
    return UserMetadata(title, description, alt_text, keywords, rating, people, places, notes)
