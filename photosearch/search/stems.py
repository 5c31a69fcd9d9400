"""Stems: words as SQLite's tokenizer cuts them for the text index."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from photosearch.store.stop_words import STOP_WORDS

TOKENIZER = "porter unicode61 remove_diacritics 2"  # as the schema's search_fts has it


class Stemmer:
    """Cuts text into stems exactly as FTS5 does; each different word is cut once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.executescript(
            f"""CREATE VIRTUAL TABLE chunks USING fts5 (text, tokenize = '{TOKENIZER}');
                CREATE VIRTUAL TABLE stems USING fts5vocab (chunks, instance)"""
        )

    def stems(self, texts: Sequence[str]) -> list[list[str]]:
        """Return the stems of each text, in the order of its words.

        No stem reaches over white space, so the text between white space is cut in chunks. Each
        different chunk is cut once.
        """
        chunks = [text.split() for text in texts]
        self._learn({chunk for text in chunks for chunk in text}.difference(self._known))
        return [[stem for chunk in text for stem in self._known[chunk]] for text in chunks]

    def of_words(self, words: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the stems of words without white space in them, and of all words before."""
        self._learn({*words}.difference(self._known))
        return self._known

    @functools.cached_property
    def of_stop_words(self) -> frozenset[str]:
        """The stems of stop words: of another word they say nothing."""
        return frozenset(stem for stems in self.stems([*STOP_WORDS]) for stem in stems)

    def _learn(self, new: Iterable[str]) -> None:
        numbered = dict(enumerate(new, 1))
        if not numbered:
            return
        connection = self._connection
        found: dict[int, list[str]] = {}
        connection.execute("BEGIN")
        try:
            query = "INSERT INTO chunks (rowid, text) VALUES (?, ?)"
            connection.executemany(query, numbered.items())
            query = "SELECT doc, term FROM stems ORDER BY doc, offset"
            for number, stem in connection.execute(query):
                found.setdefault(number, []).append(stem)
        finally:
            connection.execute("ROLLBACK")
        for number, chunk in numbered.items():
            self._known[chunk] = tuple(found.get(number, ()))
