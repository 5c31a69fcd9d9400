"""Wording: how many of a query's words stand in the texts of photos, and who wrote them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

import numpy as np

from photosearch.search import bm25
from photosearch.search.matching import PART, Matcher, Text, Writer, text_of
from photosearch.search.query import Query
from photosearch.search.stems import Stemmer
from photosearch.store.search_fields import SEARCH_FIELDS
from photosearch.store.stop_words import of_every_file

PARTLY = 0.4  # what a visible word counts if a person wrote it, but not the other words


def word_scores(
    connection: sqlite3.Connection,
    stemmer: Stemmer,
    photos: np.ndarray,
    query: Query,
    visible: Callable[[str], bool] = lambda word: False,
    is_noun: Callable[[str], bool] = lambda word: True,
) -> tuple[np.ndarray, np.ndarray]:
    """Score the text of photos.

    Args:
        connection: to a library.
        stemmer: cuts words into stems.
        photos: ids, int64 (n,).
        query: with the words, their synonyms, and the fields that count.
        visible: returns whether the model sees what a word means in photos.
        is_noun: returns whether a word, in small letters, has plurals, see `Matcher`.

    Returns:
        The BM25+ scores, 0 to 1, and the part of the query that a person or a camera wrote, 0 to 1,
        see `own_scores`; float32 (n,) each.
    """
    matcher = Matcher(query, stemmer, is_noun)
    texts = _texts(connection, photos.tolist(), query.searched)
    cut = iter(matcher.tokens([text for some in texts for text in some]))
    tokens = [[next(cut) for _ in some] for some in texts]
    documents = [[token for text in some for token in text] for some in tokens]
    alike = matcher.alike()
    statistics = _statistics(connection, matcher, query)
    scores = bm25.normalised_scores(documents, query.words, statistics, alike)
    rarity = np.array([bm25.idf(statistics, word) for word in query.words])
    seen = np.array([visible(word) for word in query.words], bool)
    return scores, own_scores(*_held(matcher, texts, tokens), rarity, seen)


def own_scores(
    held: np.ndarray,
    near: np.ndarray,
    named: np.ndarray,
    rarity: np.ndarray,
    visible: np.ndarray,
) -> np.ndarray:
    """Return how much of a query a person or a camera wrote, 0 to 1, float32 (n,).

    It is the sum of share * held, times the sum of share * near. The share of a word is its part of
    the rarity of all words. So the fraction of the query counts twice: in a folder "Backup old
    phone" a word of "old church" says little, but in a folder "Kunigunde" the rare word of
    "Kunigunde on the beach" says much. If not all words are held, a visible word counts `PARTLY`:
    whether the photo shows an old church, the model sees better than the folder "Backup old phone"
    tells. Names of people that can't be seen are surest: of them the fraction counts once.

    Args:
        held: for each photo and word of the query: 0, the photo doesn't hold the word, to 1, a
            person wrote the word itself about this photo, (n, words).
        near: how near the word that is held is to the word of the query, 0 to 1, (n, words).
        named: the same for names of people in the photo, (n, words).
        rarity: inverse document frequencies, (words,).
        visible: whether the model sees what the word means in photos, bool (words,).
    """
    shares = rarity / (rarity.sum() or 1.0)
    partly = shares * np.where(visible, PARTLY, 1.0)
    sure = np.where((near > 0).all(axis=1), held @ shares, held @ partly)
    people = np.where(named >= PART, named, 0.0) @ np.where(visible, 0.0, shares)
    return np.asarray(np.maximum(sure * (near @ shares), people), np.float32)


def _statistics(connection: sqlite3.Connection, matcher: Matcher, query: Query) -> bm25.Statistics:
    """Return the statistics of a library, with frequencies of the words of a query.

    A word is as frequent as the most frequent stem or spelling that stands for it.
    """
    tokens = matcher.index_tokens()
    every = {token for some in tokens.values() for each in some for token in each}
    statistics = bm25.read_statistics(connection, [*every])
    known = statistics.frequencies
    frequencies = {
        word: max((min(known[token] for token in each) for each in some), default=0)
        for word, some in tokens.items()
    }
    # These words say no more of a photo than a word that all photos have.
    empty = of_every_file(query.text) & tokens.keys()
    frequencies |= dict.fromkeys(empty, statistics.documents)
    return bm25.Statistics(statistics.documents, statistics.length, frequencies)


def _held(
    matcher: Matcher, texts: Sequence[Sequence[Text]], tokens: Sequence[Sequence[Sequence[str]]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how well photos hold words by people, see `own_scores`: held, near and named."""
    held, near, named = np.zeros((3, len(texts), len(matcher.terms)))
    for photo, (some, cut) in enumerate(zip(texts, tokens, strict=True)):
        for text, words in zip(some, cut, strict=True):
            for token in {*words} - {""} if text.trust else ():
                for at, weight in matcher.weights(token).items():
                    held[photo, at] = max(held[photo, at], text.trust * weight)
                    near[photo, at] = max(near[photo, at], weight)
                    if text.writer is Writer.NAMES:
                        named[photo, at] = max(named[photo, at], weight)
    return held, near, named


def _texts(
    connection: sqlite3.Connection, photos: list[int], fields: Sequence[str]
) -> list[list[Text]]:
    """Return the texts of each photo in some fields: those by the model as one, then the others."""
    chosen = [each for each in SEARCH_FIELDS if each.name in fields]
    rows = connection.execute(
        f"""SELECT photo_id, caption_source, {", ".join(each.name for each in chosen)}
            FROM search WHERE photo_id IN (SELECT value FROM json_each(?))""",
        (json.dumps(photos),),
    )
    found = {}
    for photo, source, *texts in rows:
        some = [
            text_of(each.name, text, source)
            for each, text in zip(chosen, texts, strict=True)
            if text
        ]
        by_model = "\n".join(each.text for each in some if each.writer is Writer.MODEL)
        by_people = [each for each in some if each.writer is not Writer.MODEL]
        found[photo] = [Text("", by_model, Writer.MODEL, 0.0), *by_people]
    return [found.get(photo, []) for photo in photos]
