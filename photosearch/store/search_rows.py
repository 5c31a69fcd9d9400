"""Search rows: the text of a photo that is searched, as the library keeps it."""

from __future__ import annotations

import os
import sqlite3

from photosearch.text import searchable


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
