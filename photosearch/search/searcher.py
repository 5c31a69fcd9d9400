"""Searching a library: the photos that match a query, the best first, with the evidence."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from photosearch.errors import UsageError
from photosearch.search import query
from photosearch.search.stems import Stemmer

if TYPE_CHECKING:
    import numpy as np

    from photosearch.search.meaning import Meaning

# What a word is worth to FTS5 by where it stands. The text columns of `search`, in order.
WEIGHTS = {
    "caption": 2.0,
    "alternatives": 1.0,
    "tags": 1.0,
    "title": 2.0,
    "description": 2.0,
    "keywords": 2.0,
    "place": 1.0,
    "camera": 0.5,
    "folder": 1.0,
    "filename": 1.0,
}
# Columns that hold what a person or a camera wrote, not the model.
OWN = ("title", "description", "keywords", "place", "camera", "folder", "filename")

BY_MEANING = ("fused", "meaning")
RANKERS = (*BY_MEANING, "bm25+", "fts5")
POOL = 100  # candidates from the words and from the vectors, at least

# Characters that no cleaned text holds, put around matched words by FTS5.
_OPEN, _CLOSE = "\x02", "\x03"
_MARKED = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """What one kind of evidence adds to a score."""

    value: float  # see `photosearch.search.fusion.Weights` for the unit of each
    share: float  # of all that speaks for the photo, 0 to 1
    bar: float = 0.0  # what the value is held against, in its unit


@dataclass(frozen=True, slots=True)
class Result:
    """A photo that was found."""

    path: str
    score: float  # higher is better; of the fused ranker, the probability that it matches
    caption: str
    matches: dict[str, list[str]]  # the matched words by the column they stand in
    marks: list[tuple[int, int]]  # where in the caption, as (start, end)
    tags: list[str] = field(default_factory=list)  # sure enough to be shown
    parts: dict[str, Part] = field(default_factory=dict)  # of the fused ranker
    taken_at: str | None = None  # ISO 8601, local time, as precise as it is known
    taken_from: str | None = None  # exif, xmp, name (of the file) or file (its own time)


@dataclass(frozen=True)
class Request:
    """What is looked for, and how."""

    text: str = ""
    limit: int | None = 20
    ranker: str = "fused"
    columns: Sequence[str] | None = None  # of `WEIGHTS`, the only ones to look at; None: all
    min_score: float | None = None  # None: the ranker's own
    like: np.ndarray | None = None  # vector of a photo, float32 (D,)
    without: str | None = None  # path of a photo that is not to be found: the one of `like`


class Searcher:
    """Ranks the photos of one library; keeps what several searches share."""

    def __init__(
        self, connection: sqlite3.Connection, load_meaning: Callable[[], Meaning | None]
    ) -> None:
        """Get ready to search; nothing is read yet.

        Args:
            connection: to a library.
            load_meaning: gives the vectors and what turns sentences into such; None
                where there are none, then words alone rank.
        """
        self.connection = connection
        self._load_meaning = load_meaning
        self._meaning: Meaning | None = None
        self._version: int | None = None
        self._stemmer = Stemmer()

    def find(self, request: Request) -> list[Result]:
        """Rank photos for a request.

        Returns:
            Results, the best first; photos of equal score in the order they were indexed.

        Raises:
            UsageError: an unknown ranker or column.
        """
        if request.ranker not in RANKERS:
            raise UsageError(f"unknown ranker {request.ranker}: choose {', '.join(RANKERS)}")
        unknown = set(request.columns or ()) - set(WEIGHTS)
        if unknown:
            raise UsageError(f"unknown field {min(unknown)}: choose from {', '.join(WEIGHTS)}")
        words = query.words(request.text)
        if (not words and request.like is None) or (request.limit or 1) <= 0:
            return []
        expression = query.match_expression(words, request.columns)
        ranked, parts = self._rank(request, words, expression)
        results = self._results(expression, ranked, parts)
        return [result for result in results if result.path != request.without]

    def meaning(self) -> Meaning | None:
        """Return the vectors as the library has them now."""
        # Changes with every commit of another connection, and at no other time.
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._meaning, self._version = self._load_meaning(), version
        return self._meaning

    def _rank(
        self, request: Request, words: list[str], expression: str
    ) -> tuple[list[tuple[int, float]], dict[int, dict[str, Part]]]:
        """Return photos with their scores, the best first, and what the scores are made of."""
        pool = -1 if request.limit is None else max(POOL, 2 * request.limit)
        if request.ranker == "fts5":
            found = _fts5(self.connection, expression, pool) if words else []
            return _cut(found, request, 0.0), {}
        meaning = None if request.ranker == "bm25+" else self.meaning()
        if meaning is None or not len(meaning.vectors.photos):
            return self._rank_by_words(request, words, expression, pool), {}
        return self._fuse(request, meaning, words, expression, pool)

    def _rank_by_words(
        self, request: Request, words: list[str], expression: str, pool: int
    ) -> list[tuple[int, float]]:
        if not words:
            return []
        photos = sorted(self._by_words(words, expression, request.columns, pool))
        shares, _ = self.word_shares(photos, words, request.columns)
        ranked = sorted(zip(photos, shares.tolist(), strict=True), key=lambda pair: -pair[1])
        return _cut(ranked, request, 0.0)

    def _by_words(
        self, words: list[str], expression: str, columns: Sequence[str] | None, pool: int
    ) -> set[int]:
        """Return the candidates that hold words of a query.

        What a person wrote counts most in the end, so its best have places of their own.
        """
        found = {photo for photo, _ in _fts5(self.connection, expression, pool)}
        own = [name for name in OWN if columns is None or name in columns]
        if own and pool >= 0:
            written = query.match_expression(words, own)
            found.update(photo for photo, _ in _fts5(self.connection, written, pool))
        return found

    def _fuse(
        self, request: Request, meaning: Meaning, words: list[str], expression: str, pool: int
    ) -> tuple[list[tuple[int, float]], dict[int, dict[str, Part]]]:
        import numpy as np

        from photosearch.search import fusion
        from photosearch.search.vectors import best

        nearness = {}
        if words:
            nearness["meaning"] = meaning.near_sentence(meaning.sentence(request.text))
        if request.like is not None:
            nearness["like"] = meaning.near_photo(request.like)
        near = {name: each.photos for name, each in nearness.items()}
        bars = {name: each.bar for name, each in nearness.items()}
        size = len(meaning.vectors.photos)
        odds = fusion.log_odds(near, meaning.weights, bars, size)
        count = len(odds) if request.limit is None else pool
        candidates = set(meaning.vectors.photos[best(odds, count)].tolist())
        by_words = words and request.ranker == "fused"
        if by_words:
            candidates |= self._by_words(words, expression, request.columns, pool)
        photos = np.array(sorted(candidates), np.int64)
        rows = meaning.vectors.rows(photos)
        parts = {
            # Without a vector (another model described it), at the bar: its words decide.
            name: np.where(rows >= 0, values[rows], bars[name])
            for name, values in near.items()
        }
        if by_words:
            shares = self.word_shares(photos.tolist(), words, request.columns)
            parts["words"], parts["own"] = shares
        scores = fusion.probability(fusion.log_odds(parts, meaning.weights, bars, size))
        order = np.argsort(-scores, kind="stable")
        ranked = _cut(
            list(zip(photos[order].tolist(), scores[order].tolist(), strict=True)),
            request,
            meaning.weights.min_score,
        )
        places = {photo: place for place, photo in enumerate(photos.tolist())}
        added = fusion.contributions(parts, meaning.weights)
        return ranked, {photo: _parts(parts, added, bars, places[photo]) for photo, _ in ranked}

    def word_shares(
        self, photos: list[int], words: list[str], columns: Sequence[str] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return each photo's BM25+ share, and the share of the words that a person wrote."""
        import numpy as np

        from photosearch.search import bm25  # with numpy, which most commands don't need

        stems = list(dict.fromkeys(s for found in self._stemmer.stems(words) for s in found))
        statistics = bm25.read_statistics(self.connection, stems)
        texts = _texts(self.connection, photos, columns or tuple(WEIGHTS))
        said = self._stemmer.stems([model for model, _ in texts])
        written = self._stemmer.stems([own for _, own in texts])
        documents = [model + own for model, own in zip(said, written, strict=True)]
        shares = bm25.shares(documents, stems, statistics)
        weights = {stem: bm25.idf(statistics, stem) for stem in stems}
        total = sum(weights.values()) or 1.0
        own = [sum(weights[stem] for stem in set(text) & weights.keys()) for text in written]
        return shares, np.array(own, np.float32) / total

    def _results(
        self,
        expression: str,
        ranked: list[tuple[int, float]],
        parts: dict[int, dict[str, Part]],
    ) -> list[Result]:
        photos = [photo for photo, _ in ranked]
        evidence = _evidence(self.connection, expression, photos)
        tags = _shown_tags(self.connection, photos)
        return [
            _result(score, *evidence[photo], tags.get(photo, []), parts.get(photo, {}))
            for photo, score in ranked
            if photo in evidence
        ]


def _cut(
    ranked: list[tuple[int, float]], request: Request, min_score: float
) -> list[tuple[int, float]]:
    """Leave out what is below the threshold or beyond the limit."""
    least = min_score if request.min_score is None else request.min_score
    return [(photo, score) for photo, score in ranked if score >= least][: request.limit]


def _parts(
    values: dict[str, np.ndarray], added: dict[str, np.ndarray], bars: dict[str, float], at: int
) -> dict[str, Part]:
    positive = sum(max(float(contribution[at]), 0.0) for contribution in added.values()) or 1.0
    return {
        name: Part(
            float(value[at]), max(float(added[name][at]), 0.0) / positive, bars.get(name, 0.0)
        )
        for name, value in values.items()
    }


def _fts5(connection: sqlite3.Connection, expression: str, limit: int) -> list[tuple[int, float]]:
    """Rank photos by BM25 (Robertson and Zaragoza 2009) over weighted columns.

    https://www.sqlite.org/fts5.html#the_bm25_function gives the formula as FTS5 has it.

    Returns:
        Photos with their scores, the best first.
    """
    weights = ", ".join(str(weight) for weight in WEIGHTS.values())
    rows = connection.execute(
        f"""SELECT rowid, -rank FROM search_fts
            WHERE search_fts MATCH ? AND rank MATCH 'bm25({weights})'
            ORDER BY rank, rowid LIMIT ?""",
        (expression, limit),
    )
    return rows.fetchall()


def _texts(
    connection: sqlite3.Connection, photos: list[int], columns: Sequence[str]
) -> list[tuple[str, str]]:
    """Return what the model says of photos, and what a person or a camera wrote."""
    rows = connection.execute(
        f"""SELECT photo_id,
                   EXISTS (SELECT 1 FROM edits WHERE photo_id = search.photo_id)
                   OR EXISTS (SELECT 1 FROM user_metadata WHERE photo_id = search.photo_id
                              AND alt_text || description || user_metadata.title <> ''),
                   {", ".join(WEIGHTS)}
            FROM search WHERE photo_id IN (SELECT value FROM json_each(?))""",
        (json.dumps(photos),),
    )
    found = {}
    for photo, by_person, *texts in rows:
        own: list[str] = []
        said: list[str] = []
        for name, text in zip(WEIGHTS, texts, strict=True):
            if name in columns:
                written = name in OWN or (by_person and name == "caption")
                (own if written else said).append(text)
        found[photo] = "\n".join(said), "\n".join(own)
    return [found.get(photo, ("", "")) for photo in photos]


def _shown_tags(connection: sqlite3.Connection, photos: list[int]) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = {}
    rows = connection.execute(
        """SELECT photo_id, text FROM tags WHERE shown
           AND photo_id IN (SELECT value FROM json_each(?)) ORDER BY photo_id, rank""",
        (json.dumps(photos),),
    )
    for photo, text in rows:
        tags.setdefault(photo, []).append(text)
    return tags


def _evidence(
    connection: sqlite3.Connection, expression: str, photos: list[int]
) -> dict[int, tuple[tuple[bytes, str | None, str | None], list[str]]]:
    """Return path and time of some photos and their columns, matched words marked, by photo."""
    chosen = (json.dumps(photos),)
    rows = connection.execute(
        f"""SELECT photos.id, path, taken_at, taken_from,
                   {", ".join(f"search.{name}" for name in WEIGHTS)}
            FROM search JOIN photos ON photos.id = search.photo_id
            WHERE photo_id IN (SELECT value FROM json_each(?))""",
        chosen,
    )
    found = {photo: ((path, at, told_by), texts) for photo, path, at, told_by, *texts in rows}
    if expression:
        columns = ", ".join(
            f"highlight(search_fts, {number}, '{_OPEN}', '{_CLOSE}')"
            for number in range(len(WEIGHTS))
        )
        # The plus keeps SQLite from running the match anew for each of the photos.
        rows = connection.execute(
            f"""SELECT rowid, {columns} FROM search_fts
                WHERE search_fts MATCH ? AND +rowid IN (SELECT value FROM json_each(?))""",
            (expression, *chosen),
        )
        for photo, *marked in rows:
            if photo in found:  # it may have come back since the first statement
                found[photo] = found[photo][0], marked
    return found


def _result(
    score: float,
    photo: tuple[bytes, str | None, str | None],
    marked: list[str],
    tags: list[str],
    parts: dict[str, Part],
) -> Result:
    matches = {}
    for name, column in zip(WEIGHTS, marked, strict=True):
        found = dict.fromkeys(word.lower() for word in _MARKED.findall(column))
        if found:
            matches[name] = list(found)
    caption, marks = _unmark(marked[0])
    path, *taken = photo
    return Result(os.fsdecode(path), score, caption, matches, marks, tags, parts, *taken)


def _unmark(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a text without marks, and where they stood."""
    marks, shift = [], 0
    for match in _MARKED.finditer(marked):
        start = match.start() - shift
        marks.append((start, start + len(match[1])))
        shift += 2
    return _MARKED.sub(r"\1", marked), marks
