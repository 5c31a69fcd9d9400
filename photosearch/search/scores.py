"""Scores: how well each candidate matches a query."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from photosearch.search import bm25, fusion
from photosearch.search.candidates import Candidates
from photosearch.search.fusion import Weights
from photosearch.search.meaning import Comparison, Meaning
from photosearch.search.query import Query, Ranker
from photosearch.search.results import Part, PartKind
from photosearch.search.stems import Stemmer
from photosearch.store.search_fields import FIELD_NAMES, SEARCH_FIELDS
from photosearch.store.search_rows import CaptionSource


@dataclass(frozen=True)
class Scores:
    """The scores of candidates, with their parts."""

    photos: np.ndarray  # ids, ascending, int64 (n,)
    values: np.ndarray  # the higher the better, float64 (n,)
    least: float = 0.0  # the ranker's own threshold
    parts: Mapping[PartKind, np.ndarray] = field(default_factory=dict)  # float32 (n,) each
    baselines: Mapping[PartKind, float] = field(default_factory=dict)
    weights: Weights = field(default_factory=Weights)

    @property
    def sure(self) -> float:
        """The score from which on a photo surely matches; by words alone, every photo does."""
        return self.weights.sure if self.parts else self.least

    def order(self) -> np.ndarray:
        """Return the rows of the photos, the best first; equal scores in the order of ids, (n,)."""
        return np.argsort(-self.values, kind="stable")

    def parts_of(self, row: int) -> dict[str, Part]:
        """Return the parts of the score in a row."""
        added = {
            kind: max(float(values[row]), 0.0)
            for kind, values in fusion.contributions(self.parts, self.weights).items()
        }
        total = sum(added.values()) or 1.0
        return {
            kind: Part(float(values[row]), added[kind] / total, self.baselines.get(kind, 0.0))
            for kind, values in self.parts.items()
        }


def score(
    connection: sqlite3.Connection,
    stemmer: Stemmer,
    query: Query,
    found: Candidates,
    meaning: Meaning | None,
    compared: Mapping[PartKind, Comparison],
) -> Scores:
    """Score candidates as the ranker does.

    Args:
        connection: to a library.
        stemmer: cuts words into stems.
        query: the query.
        found: the candidates.
        meaning: the library's vectors; None: words alone decide.
        compared: comparisons of all photos of `meaning` with the query, by kind.
    """
    photos = found.photos
    if query.ranker is Ranker.FTS5:
        return Scores(photos, np.array([found.bm25[photo] for photo in photos.tolist()], float))
    parts: dict[PartKind, np.ndarray] = {}
    if query.words and (meaning is None or query.ranker.asks_words):
        words, by_person = word_scores(connection, stemmer, photos, query.words, query.searched)
        parts = {PartKind.WORDS: words, PartKind.PERSON: by_person}
    if meaning is None or not len(photos):
        return Scores(photos, np.asarray(parts.get(PartKind.WORDS, np.zeros(len(photos))), float))
    rows = meaning.vectors.rows(photos)
    baselines = {kind: each.baseline for kind, each in compared.items()}
    # If a photo has no vector of this model, its value is the baseline: words decide.
    near = {
        kind: np.where(rows >= 0, each.values[rows], each.baseline)
        for kind, each in compared.items()
    }
    parts = near | parts
    weights = meaning.weights
    odds = fusion.log_odds(parts, weights, baselines, len(meaning.vectors.photos))
    values = fusion.probability(odds)
    return Scores(photos, values, weights.min_score, parts, baselines, weights)


def word_scores(
    connection: sqlite3.Connection,
    stemmer: Stemmer,
    photos: np.ndarray,
    words: Sequence[str],
    fields: Sequence[str] = FIELD_NAMES,
) -> tuple[np.ndarray, np.ndarray]:
    """Score the text of photos.

    Args:
        connection: to a library.
        stemmer: cuts words into stems.
        photos: ids, int64 (n,).
        words: of a query.
        fields: the names of the fields that count.

    Returns:
        The BM25+ scores, 0 to 1, and the fraction of the query's words that a person or a camera
        wrote, 0 to 1, rare words counting more; float32 (n,) each.
    """
    stems = list(dict.fromkeys(stem for cut in stemmer.stems(words) for stem in cut))
    statistics = bm25.read_statistics(connection, stems)
    texts = _texts(connection, photos.tolist(), fields)
    by_model = stemmer.stems([model for model, _ in texts])
    by_person = stemmer.stems([person for _, person in texts])
    documents = [model + person for model, person in zip(by_model, by_person, strict=True)]
    scores = bm25.normalised_scores(documents, stems, statistics)
    weights = {stem: bm25.idf(statistics, stem) for stem in stems}
    total = sum(weights.values()) or 1.0
    held = [sum(weights[stem] for stem in weights.keys() & text) for text in by_person]
    return scores, np.array(held, np.float32) / total


def _texts(
    connection: sqlite3.Connection, photos: list[int], fields: Sequence[str]
) -> list[tuple[str, str]]:
    """Return the texts of photos: by the model, and by a person or a camera."""
    chosen = [each for each in SEARCH_FIELDS if each.name in fields]
    rows = connection.execute(
        f"""SELECT photo_id, caption_source, {", ".join(each.name for each in chosen)}
            FROM search WHERE photo_id IN (SELECT value FROM json_each(?))""",
        (json.dumps(photos),),
    )
    found = {}
    for photo, source, *texts in rows:
        by_person = source != CaptionSource.GENERATED
        model: list[str] = []
        person: list[str] = []
        for each, text in zip(chosen, texts, strict=True):
            is_by_person = each.by_person or (each.name == "caption" and by_person)
            (person if is_by_person else model).append(text)
        found[photo] = "\n".join(model), "\n".join(person)
    return [found.get(photo, ("", "")) for photo in photos]
