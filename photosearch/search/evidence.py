"""Evidence: the reasons why a photo was found, for people."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from photosearch.search.query import Query, match_expression
from photosearch.search.results import Result
from photosearch.search.scores import Scores
from photosearch.store.search_fields import FIELD_NAMES, WRITTEN_FIELDS
from photosearch.store.search_rows import CaptionSource
from photosearch.wording import Confidence

# Characters that no cleaned text holds, put around matched words by FTS5.
_OPEN, _CLOSE = "\x02", "\x03"
_MARKED = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Shown:
    """The values of a photo that are shown."""

    path: str
    taken_at: str | None
    taken_from: str | None
    confidence: Confidence | None
    texts: dict[str, str]  # by field


def results(
    connection: sqlite3.Connection, query: Query, scores: Scores, rows: Sequence[int]
) -> list[Result]:
    """Return results for rows of scores, in the order of the rows.

    If a photo was removed or set aside meanwhile, it is left out.
    """
    photos = [int(scores.photos[row]) for row in rows]
    shown = _shown(connection, photos)
    marked = _marked(connection, match_expression(query.terms, query.fields), photos)
    tags = _tags(connection, photos)
    found = []
    for row, photo in zip(rows, photos, strict=True):
        if photo not in shown:
            continue
        values = shown[photo]
        texts = marked.get(photo, values.texts)
        words = {name: [m.lower() for m in _MARKED.findall(text)] for name, text in texts.items()}
        matches = {name: list(dict.fromkeys(some)) for name, some in words.items() if some}
        caption, marks = _unmark(texts["caption"])
        found.append(
            Result(
                values.path, float(scores.values[row]), caption, matches, marks,
                tags.get(photo, []), scores.parts_of(row), values.taken_at, values.taken_from,
                values.confidence, query.says_something and bool(scores.values[row] >= scores.sure),
                _written(values.texts),
            )
        )  # fmt: skip
    return found


def _written(texts: dict[str, str]) -> dict[str, list[str]]:
    """Return what people wrote, by field: each line is a value of its own."""
    return {name: texts[name].split("\n") for name in WRITTEN_FIELDS if texts[name]}


def _shown(connection: sqlite3.Connection, photos: list[int]) -> dict[int, _Shown]:
    """Return the values of photos that are shown, by id."""
    rows = connection.execute(
        f"""SELECT photos.id, path, taken_at, taken_from, confidence, word_confidences,
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
            dict(zip(FIELD_NAMES, texts, strict=True)),
        )
        for photo, path, taken_at, taken_from, sure, words, *texts in rows
    }


def _marked(
    connection: sqlite3.Connection, expression: str, photos: list[int]
) -> dict[int, dict[str, str]]:
    """Return the matching texts of photos, by id and field, with marks around matched words."""
    if not expression:
        return {}
    columns = ", ".join(
        f"highlight(search_fts, {column}, '{_OPEN}', '{_CLOSE}')"
        for column in range(len(FIELD_NAMES))
    )
    # Without the plus, SQLite would run the match again for each photo.
    rows = connection.execute(
        f"""SELECT rowid, {columns} FROM search_fts
            WHERE search_fts MATCH ? AND +rowid IN (SELECT value FROM json_each(?))""",
        (expression, json.dumps(photos)),
    )
    return {photo: dict(zip(FIELD_NAMES, texts, strict=True)) for photo, *texts in rows}


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


def _unmark(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a text without marks, and the positions of the marked words."""
    marks, shift = [], 0
    for match in _MARKED.finditer(marked):
        start = match.start() - shift
        marks.append((start, start + len(match[1])))
        shift += 2
    return _MARKED.sub(r"\1", marked), marks
