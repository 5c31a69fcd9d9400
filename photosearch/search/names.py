"""Names: what the words of a query are in a library.

"will" is a stop word, but if a person in the library is called Will, "Will birthday" asks for him.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from photosearch.search.query import Query, every_word
from photosearch.store import spellings
from photosearch.store.stop_words import STOP_WORDS
from photosearch.text import typed


def understood(connection: sqlite3.Connection, query: Query) -> Query:
    """Return a query with what the library knows of its words."""
    asked = every_word(query.text)
    asked += [whole for _, _, whole, _ in spellings.joined_words(typed(query.text))]
    perhaps = [word for word in asked if word in STOP_WORDS or spellings.is_emoji(word)]
    names = frozenset(word for word in perhaps if _held(connection, _tokens(word)))
    query = replace(query, names=names)
    tokens = _held(connection, (token for word in query.words for token in _tokens(word)))
    quoted = (f'"{token}"' for token in tokens)
    phrases = filter(None, map(spellings.phrase, query.words))
    return replace(query, spelt=tuple(dict.fromkeys((*quoted, *phrases))))


def _tokens(word: str) -> list[str]:
    """Return the tokens of a whole word."""
    return [spellings.marked(key) for key in sorted(spellings.form(word).keys)]


def _held(connection: sqlite3.Connection, tokens: Iterable[str]) -> list[str]:
    """Return the tokens that stand in the text index."""
    query = "SELECT 1 FROM search_terms WHERE term = ?"
    return [token for token in tokens if connection.execute(query, (token,)).fetchone()]
