"""Wording: how many of a query's words stand in the texts of photos, and who wrote them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

import numpy as np

from photosearch.search import bm25
from photosearch.search.query import Query
from photosearch.search.stems import Stemmer
from photosearch.store.search_fields import SEARCH_FIELDS, SURE, SearchField
from photosearch.store.search_rows import CaptionSource

PARTLY = 0.4  # what a visible word counts if a person wrote it, but not the other words
TRUSTS = sorted({field.trust for field in SEARCH_FIELDS})  # 0, the model's texts, is the first


def word_scores(
    connection: sqlite3.Connection,
    stemmer: Stemmer,
    photos: np.ndarray,
    query: Query,
    visible: Callable[[str], bool] = lambda word: False,
) -> tuple[np.ndarray, np.ndarray]:
    """Score the text of photos.

    Args:
        connection: to a library.
        stemmer: cuts words into stems.
        photos: ids, int64 (n,).
        query: with the words, their synonyms, and the fields that count.
        visible: returns whether the model sees what a word means in photos.

    Returns:
        The BM25+ scores, 0 to 1, and the part of the query that a person or a camera wrote, 0 to 1,
        see `own_scores`; float32 (n,) each.
    """
    stems, others = _stems(stemmer, query)
    statistics = bm25.read_statistics(connection, [*stems, *(o for s in stems for o in others[s])])
    texts = _texts(connection, photos.tolist(), query.searched)
    written = [stemmer.stems([text[level] for text in texts]) for level in range(len(TRUSTS))]
    documents = [[stem for text in each for stem in text] for each in zip(*written, strict=True)]
    scores = bm25.normalised_scores(documents, stems, statistics, others)
    rarity = np.array([bm25.idf(statistics, stem, others[stem]) for stem in stems])
    held = np.zeros((len(photos), len(stems)))
    for trust, each in zip(TRUSTS[1:], written[1:], strict=True):
        held = np.maximum(held, trust * _held(each, stems, others))
    seen = [stem for word in filter(visible, query.words) for stem in stemmer.stems([word])[0]]
    return scores, own_scores(held, rarity, np.isin(stems, seen))


def own_scores(held: np.ndarray, rarity: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Return how much of a query a person or a camera wrote, 0 to 1, float32 (n,).

    It is the sum of share * held, times the sum of the shares of the words that are held at all.
    The share of a word is its part of the rarity of all words. So the fraction of the query counts
    twice: in a folder "Backup old phone" a word of "old church" says little, but in a folder
    "Kunigunde" the rare word of "Kunigunde on the beach" says much. If not all words are held, a
    visible word counts `PARTLY`: whether the photo shows an old church, the model sees better than
    the folder "Backup old phone" tells.

    Args:
        held: for each photo and word of the query: 0, the photo doesn't hold the word, to 1, a
            person wrote the word itself about this photo, (n, words).
        rarity: inverse document frequencies, (words,).
        visible: whether the model sees what the word means in photos, bool (words,).
    """
    shares = rarity / (rarity.sum() or 1.0)
    partly = shares * np.where(visible, PARTLY, 1.0)
    sure = np.where((held > 0).all(axis=1), held @ shares, held @ partly)
    return np.asarray(sure * ((held > 0) @ shares), np.float32)


def _stems(stemmer: Stemmer, query: Query) -> tuple[list[str], dict[str, dict[str, float]]]:
    """Return the stems of a query, each once, and the weighted other stems for each of them."""
    others: dict[str, dict[str, float]] = {}
    for word, cut in zip(query.words, stemmer.stems(query.words), strict=True):
        for stem in cut:
            others.setdefault(stem, {})
        if len(cut) == 1:  # synonyms stand for the whole word
            same = query.synonyms.get(word, {})
            for (other, *more), weight in zip(stemmer.stems([*same]), same.values(), strict=True):
                if not more and other != cut[0]:
                    known = others[cut[0]]
                    known[other] = max(weight, known.get(other, 0.0))
    return [*others], others


def _held(texts: Sequence[Sequence[str]], stems: Sequence[str], others: bm25.Others) -> np.ndarray:
    """Return how well texts hold stems: 1 for the stem itself, less for another one, (n, words)."""
    alike = [{**others[stem], stem: 1.0} for stem in stems]
    wanted = {other for each in alike for other in each}
    held = np.zeros((len(texts), len(stems)))
    for row, text in enumerate(texts):
        there = wanted.intersection(text)
        if there:
            held[row] = [max((each.get(s, 0.0) for s in there), default=0.0) for each in alike]
    return held


def _texts(
    connection: sqlite3.Connection, photos: list[int], fields: Sequence[str]
) -> list[list[str]]:
    """Return the texts of each photo, one for each of `TRUSTS`."""
    chosen = [each for each in SEARCH_FIELDS if each.name in fields]
    rows = connection.execute(
        f"""SELECT photo_id, caption_source, {", ".join(each.name for each in chosen)}
            FROM search WHERE photo_id IN (SELECT value FROM json_each(?))""",
        (json.dumps(photos),),
    )
    found = {}
    for photo, source, *texts in rows:
        by_trust: dict[float, list[str]] = {trust: [] for trust in TRUSTS}
        for each, text in zip(chosen, texts, strict=True):
            by_trust[_trust(each, source)].append(text)
        found[photo] = ["\n".join(some) for some in by_trust.values()]
    return [found.get(photo, [""] * len(TRUSTS)) for photo in photos]


def _trust(field: SearchField, caption_source: str) -> float:
    by_person = caption_source != CaptionSource.GENERATED
    return SURE if field.name == "caption" and by_person else field.trust
