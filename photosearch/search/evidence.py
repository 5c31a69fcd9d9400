"""Evidence: the reasons why a photo was found, for people."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from photosearch.search.matching import Matcher, text_of
from photosearch.search.query import Query
from photosearch.search.results import Result
from photosearch.search.scores import Scores
from photosearch.search.stems import Stemmer
from photosearch.store.search_fields import FIELD_NAMES, WRITTEN_FIELDS
from photosearch.store.search_rows import CaptionSource
from photosearch.wording import Confidence


@dataclass(frozen=True, slots=True)
class _Shown:
    """The values of a photo that are shown."""

    path: str
    taken_at: str | None
    taken_from: str | None
    confidence: Confidence | None
    caption_source: str
    texts: dict[str, str]  # by field


def results(
    connection: sqlite3.Connection,
    stemmer: Stemmer,
    query: Query,
    scores: Scores,
    rows: Sequence[int],
) -> list[Result]:
    """Return results for rows of scores, in the order of the rows.

    If a photo was removed or set aside meanwhile, it is left out.
    """
    photos = [int(scores.photos[row]) for row in rows]
    shown = _shown(connection, photos)
    marked = iter(_marked(Matcher(query, stemmer), query, [shown[p] for p in photos if p in shown]))
    tags = _tags(connection, photos)
    found = []
    for row, photo in zip(rows, photos, strict=True):
        if photo not in shown:
            continue
        values = shown[photo]
        marks = dict(zip(query.searched, next(marked), strict=True))
        matches = {
            name: list(dict.fromkeys(values.texts[name][slice(*at)].lower() for at in some))
            for name, some in marks.items()
            if some
        }
        found.append(
            Result(
                values.path, float(scores.values[row]), values.texts["caption"], matches,
                marks.get("caption", []), tags.get(photo, []), scores.parts_of(row),
                values.taken_at, values.taken_from, values.confidence,
                query.says_something and bool(scores.values[row] >= scores.sure),
                _written(values.texts),
            )
        )  # fmt: skip
    return found


def _marked(
    matcher: Matcher, query: Query, photos: Sequence[_Shown]
) -> list[list[list[tuple[int, int]]]]:
    """Return the positions of matching words in the searched fields of photos."""
    fields = query.searched
    texts = [
        text_of(name, photo.texts[name], photo.caption_source)
        for photo in photos
        for name in fields
    ]
    marks = matcher.marks(texts)
    return [marks[at : at + len(fields)] for at in range(0, len(marks), len(fields))]


def _written(texts: dict[str, str]) -> dict[str, list[str]]:
    """Return what people wrote, by field: each line is a value of its own."""
    return {name: texts[name].split("\n") for name in WRITTEN_FIELDS if texts[name]}


def _shown(connection: sqlite3.Connection, photos: list[int]) -> dict[int, _Shown]:
    """Return the values of photos that are shown, by id."""
    rows = connection.execute(
        f"""SELECT photos.id, path, taken_at, taken_from, confidence, word_confidences,
                   caption_source,
                   {", ".join(f"search.{name}" for name in FIELD_NAMES)}
            FROM search JOIN photos ON photos.id = search.photo_id
            LEFT JOIN captions ON captions.photo_id = photos.id AND rank = 0
                 AND caption_source = ?
            WHERE photos.id IN (SELECT value FROM json_each(?)) AND path IS NOT NULL""",
        (CaptionSource.GENERATED.value, json.dumps(photos)),
    )
    return {
        photo: _Shown(
            os.fsdecode(path),
            taken_at,
            taken_from,
            Confidence.read(sure, words),
            source,
            dict(zip(FIELD_NAMES, texts, strict=True)),
        )
        for photo, path, taken_at, taken_from, sure, words, source, *texts in rows
    }


def _tags(connection: sqlite3.Connection, photos: list[int]) -> dict[int, list[str]]:
    """Return the tags of photos that are sure enough to be shown, by id."""
    tags: dict[int, list[str]] = {}
    rows = connection.execute(
        """SELECT photo_id, text FROM tags WHERE shown
           AND photo_id IN (SELECT value FROM json_each(?)) ORDER BY photo_id, rank""",
        (json.dumps(photos),),
    )
    for photo, text in rows:
        tags.setdefault(photo, []).append(text)
    return tags
