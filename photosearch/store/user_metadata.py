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
        keep: if the photo has a row, leave it as it is.
    """
    query = "SELECT 1 FROM user_metadata WHERE photo_id = ?"
    if keep and connection.execute(query, (photo_id,)).fetchone():
        return
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
