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
    trust: float  # in a word that a person or a camera wrote, 0 to 1; 0: the model writes the text
    label: str  # the field's name for people
    is_list: bool = False  # whether each line is a value of its own: a keyword, a name

    @property
    def by_person(self) -> bool:
        """Whether a person or a camera writes the text, not the model."""
        return self.trust > 0


# What a person writes about a photo is surer than the name of a folder or a file: "Old laptop" may
# hold photos of dogs.
SURE, NAME = 1.0, 0.7

# In the order of the index's columns: `bm25()` and `highlight()` take columns by number.
SEARCH_FIELDS = (
    SearchField("caption", 2.0, 0.0, "caption"),
    SearchField("alternatives", 1.0, 0.0, "other captions"),
    SearchField("tags", 1.0, 0.0, "tags"),
    SearchField("title", 2.0, SURE, "title"),
    SearchField("description", 2.0, SURE, "description"),
    SearchField("keywords", 2.0, SURE, "keywords", is_list=True),
    SearchField("people", 3.0, SURE, "people", is_list=True),
    SearchField("place", 1.0, SURE, "place", is_list=True),
    SearchField("notes", 1.0, SURE, "notes"),
    SearchField("camera", 0.5, NAME, "camera"),
    SearchField("folder", 1.0, NAME, "folder"),
    SearchField("filename", 1.0, NAME, "file name"),
)
FIELD_NAMES = tuple(field.name for field in SEARCH_FIELDS)
WRITTEN_FIELDS = tuple(field.name for field in SEARCH_FIELDS if field.trust == SURE)
CAPTION_FIELDS = ("caption", "alternatives")  # what the captioner says; the first may be a person's
