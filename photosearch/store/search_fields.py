"""Search fields: the texts of a photo in which words are looked for.

Each field is a column of the table `search` and of the full-text index over that table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchField:
    """A text of a photo that is searched."""

    name: str  # of the column
    weight: float  # of a word in this field, for the BM25 of FTS5
    by_person: bool  # a person or a camera wrote the text, not the model
    label: str  # the field's name for people


# In the order of the index's columns: `bm25()` and `highlight()` take columns by number.
SEARCH_FIELDS = (
    SearchField("caption", 2.0, False, "caption"),
    SearchField("alternatives", 1.0, False, "other captions"),
    SearchField("tags", 1.0, False, "tags"),
    SearchField("title", 2.0, True, "title"),
    SearchField("description", 2.0, True, "description"),
    SearchField("keywords", 2.0, True, "keywords"),
    SearchField("place", 1.0, True, "place"),
    SearchField("camera", 0.5, True, "camera"),
    SearchField("folder", 1.0, True, "folder"),
    SearchField("filename", 1.0, True, "file name"),
)
FIELD_NAMES = tuple(field.name for field in SEARCH_FIELDS)
CAPTION_FIELDS = ("caption", "alternatives")  # what the captioner says; the first may be a person's
