"""Search rows: the searched texts of photos, with the caption that is shown."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from photosearch.store.search_fields import FIELD_NAMES, SEARCH_FIELDS
from photosearch.store.spellings import spellings
from photosearch.text import searchable

# The texts whose words are spelt in other ways, see `photosearch.store.spellings`. A camera's name
# has one spelling.
_BY_PEOPLE = tuple(each.name for each in SEARCH_FIELDS if each.by_person and each.name != "camera")


class CaptionSource(StrEnum):
    """The sources of a photo's caption, the preferred source first."""

    EDIT = "edit"  # a person's caption, by `photosearch edit`
    ALT_TEXT = "alt_text"  # this and the next two are written into the photo or its sidecar
    DESCRIPTION = "description"
    TITLE = "title"
    GENERATED = "generated"  # the captioner's


@dataclass(frozen=True, slots=True)
class ShownCaption:
    """The caption of a photo: it is shown, searched as `caption`, and exported."""

    text: str
    source: CaptionSource


def shown_caption(texts: Mapping[CaptionSource, str | None]) -> ShownCaption:
    """Return the caption of a photo: the text of the first source in `CaptionSource` that has one.

    An edit counts even if it is empty. Any other empty text counts as absent.

    Args:
        texts: by source; None or absent: the source has no text.
    """
    for source in CaptionSource:
        text = texts.get(source)
        if text or (text is not None and source is CaptionSource.EDIT):
            return ShownCaption(text, source)
    return ShownCaption("", CaptionSource.GENERATED)  # lost with a damaged file


def search_values(
    connection: sqlite3.Connection, photo: int, root: str | None = None
) -> dict[str, str | int]:
    """Return the search row of a photo, by column.

    Args:
        connection: to the library.
        photo: the photo's id.
        root: the root that the photo was found under. Without a root, `folder` is that of the row
            that the photo has; if it has none, empty.
    """
    query = """SELECT path, coalesce(camera, ''), coalesce(lens, ''), edits.caption,
                      coalesce(title, ''), coalesce(description, ''), coalesce(alt_text, ''),
                      coalesce(keywords, ''), coalesce(people, ''), coalesce(places, ''),
                      coalesce(notes, '')
               FROM photos LEFT JOIN edits ON edits.photo_id = id
               LEFT JOIN user_metadata ON user_metadata.photo_id = id WHERE id = ?"""
    row = connection.execute(query, (photo,)).fetchone()
    path, camera, lens, edit, title, description, alt_text, keywords, people, places, notes = row
    query = "SELECT text FROM captions WHERE photo_id = ? ORDER BY rank"
    generated = [text for (text,) in connection.execute(query, (photo,))]
    caption = shown_caption({
        CaptionSource.EDIT: edit,
        CaptionSource.ALT_TEXT: alt_text,
        CaptionSource.DESCRIPTION: description,
        CaptionSource.TITLE: title,
        CaptionSource.GENERATED: generated[0] if generated else None,
    })  # fmt: skip
    others = generated[1:] if caption.source is CaptionSource.GENERATED else generated
    query = "SELECT text, synonyms FROM tags WHERE photo_id = ? ORDER BY rank"
    tags = [text for pair in connection.execute(query, (photo,)) for text in pair if text]
    path = os.fsdecode(path)
    texts = {
        "caption": caption.text,
        "alternatives": "\n".join(others),
        "tags": "\n".join(tags),
        "title": title,
        "description": "\n".join(filter(None, (description, alt_text))),
        "keywords": keywords,
        "people": people,
        "place": places,
        "notes": notes,
        "camera": f"{camera} {lens}".strip(),
        "folder": _known_folder(connection, photo) if root is None else _folder(path, root),
        "filename": searchable(os.path.basename(path)),
    }
    fields = {name: texts[name] for name in FIELD_NAMES}
    by_people = {name: texts[name] for name in _BY_PEOPLE}
    by_people["filename"] = os.path.splitext(texts["filename"])[0]
    by_people["caption"] = caption.text if caption.source is CaptionSource.EDIT else ""
    return {
        "photo_id": photo, **fields, "caption_source": caption.source.value,
        "spellings": spellings(by_people),
    }  # fmt: skip


def write_search_row(connection: sqlite3.Connection, photo: int, root: str | None = None) -> None:
    """Write the search row of a photo, from what is known of the photo.

    Args:
        connection: to the library.
        photo: the photo's id.
        root: the root that the photo was found under. Without a root, the row keeps its `folder`.
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


def _known_folder(connection: sqlite3.Connection, photo: int) -> str:
    row = connection.execute("SELECT folder FROM search WHERE photo_id = ?", (photo,)).fetchone()
    return str(row[0]) if row else ""


def _folder(path: str, root: str) -> str:
    """Return a photo's folder, beginning with the name of the root.

    The folders above the root (home, the user's name) say nothing about a photo.
    """
    return searchable(os.path.relpath(os.path.dirname(path), os.path.dirname(root)))


def is_folder_of(text: str, path: str) -> bool:
    """Return whether a text can be the `folder` of the photo at a path, whatever was indexed."""
    folder = os.path.dirname(path)
    return text in (".", searchable(folder)) or searchable(folder).endswith(os.sep + text)
