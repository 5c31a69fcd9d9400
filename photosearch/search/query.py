"""The query: a person's search, checked, with the words to look for."""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from photosearch.errors import UsageError
from photosearch.search.synonyms import FORM, SPELLING, synonyms
from photosearch.store import spellings
from photosearch.store.search_fields import FIELD_NAMES
from photosearch.store.stop_words import STOP_WORDS
from photosearch.text import typed

OTHER_SPELLINGS = "spellings"  # the column of the text index, see `photosearch.store.spellings`


class Ranker(StrEnum):
    """The ways to rank photos."""

    FUSED = "fused"  # by all evidence for a photo, as one probability
    MEANING = "meaning"  # by what the photo shows: its vector
    BM25_PLUS = "bm25+"  # by the words of the photo's text: BM25+
    FTS5 = "fts5"  # by the words of the photo's text: the BM25 of FTS5

    @classmethod
    def named(cls, name: str) -> Ranker:
        """Return the ranker of a name.

        Raises:
            UsageError: no ranker has this name.
        """
        if name not in list(cls):
            raise UsageError(f"unknown ranker {name}: choose {', '.join(cls)}")
        return cls(name)

    @property
    def asks_vectors(self) -> bool:
        """Whether the ranker compares vectors; only then can it find photos like a photo."""
        return self in (Ranker.FUSED, Ranker.MEANING)

    @property
    def asks_words(self) -> bool:
        """Whether the ranker looks for the words of the query in the text of photos."""
        return self is not Ranker.MEANING


@dataclass(frozen=True)
class Query:
    """A person's search, and how it was understood.

    Raises:
        UsageError: a field is unknown, `min_score` is not a number, or `like` is given with a
            ranker that compares no vectors.
    """

    text: str = ""  # as a person typed it
    limit: int | None = 20  # results at most; None: all
    ranker: Ranker = Ranker.FUSED
    fields: Sequence[str] | None = None  # words are looked for in these fields only; None: all
    min_score: float | None = None  # the threshold for scores; None: the ranker's own
    like: str | None = None  # path of a photo: other photos that look like it are found
    # What the library knows of the words, see `photosearch.search.names`:
    names: frozenset[str] = frozenset()  # stop words that are names there, and its emoji
    spelt: tuple[str, ...] = ()  # FTS5 phrases of other spellings that stand there
    words: tuple[str, ...] = field(init=False)  # of the text, see the function `words`

    def __post_init__(self) -> None:
        """Check the values, and read the words of the text."""
        unknown = {*(self.fields or ())} - {*FIELD_NAMES}
        if unknown:
            names = ", ".join(FIELD_NAMES)
            raise UsageError(f"unknown field {min(unknown)}: choose from {names}")
        if self.min_score is not None and math.isnan(self.min_score):
            raise UsageError("min_score is not a number")
        if self.like is not None and not self.ranker.asks_vectors:
            raise UsageError(
                f"the ranker {self.ranker} knows words only: it can't find what is like"
            )
        object.__setattr__(self, "words", tuple(words(self.text, self.names)))

    @property
    def asks(self) -> bool:
        """Whether the query has a text or a photo to compare with.

        An emoji is a text, but a word only if the library has it.
        """
        wanted = bool(self.words or every_word(self.text)) or self.like is not None
        return wanted and (self.limit is None or self.limit > 0)

    @property
    def says_something(self) -> bool:
        """Whether the query has a photo to compare with, or a word that says something of photos.

        A stop word says nothing, unless it is a name in the library.
        """
        return self.like is not None or not (STOP_WORDS - self.names).issuperset(self.words)

    @functools.cached_property
    def synonyms(self) -> Mapping[str, Mapping[str, float]]:
        """The other words that stand for a word of the query, with weights; see `synonyms`.

        Words that are also written in one ("O'Brien") stand for each of their parts. A word is also
        written in plain letters ("ｂｅａｃｈ").
        """
        if self.ranker is Ranker.FTS5:
            return {}
        found = {word: synonyms(word) | _in_plain_letters(word) for word in self.words}
        for _, _, whole, parts in spellings.joined_words(typed(self.text)):
            for part in found.keys() & {part.lower() for part in parts}:
                found[part] = {whole: FORM, **found[part]}
        return found

    @functools.cached_property
    def terms(self) -> tuple[str, ...]:
        """The words to look for: those of the query, then their synonyms, each once."""
        others = (other for each in self.synonyms.values() for other in each)
        return tuple(dict.fromkeys((*self.words, *others)))

    @property
    def searched(self) -> tuple[str, ...]:
        """The names of the fields in which words are looked for."""
        return tuple(self.fields or FIELD_NAMES)


def words(text: str, names: Collection[str] = frozenset()) -> list[str]:
    """Return the words of a query, each once, in the order typed.

    Anything may be typed: punctuation only separates words, nothing is an operator. If there are
    other words, stop words are left out.

    Args:
        text: of the query.
        names: stop words that are names in the library, and emoji that stand in it. Other emoji
            are no words.
    """
    found = [word for word in every_word(text) if word in names or not spellings.is_emoji(word)]
    return [word for word in found if word in names or word not in STOP_WORDS] or found


def every_word(text: str) -> list[str]:
    """Return the words and emoji of a query in small letters, each once, in the order typed.

    A word of several scripts is a word for each of them.
    """
    found = spellings.words_of(spellings.without_clitics(typed(text)))
    return list(dict.fromkeys(run.lower() for word in found for run in spellings.runs(word)))


def match_expression(
    terms: Sequence[str], fields: Sequence[str] | None = None, spelt: Sequence[str] = ()
) -> str:
    """Return an FTS5 expression that matches a text with any of some words.

    Args:
        terms: the words.
        fields: the fields in which the words are looked for; if there are none, all fields. Of
            other spellings, the index doesn't know the field.
        spelt: FTS5 phrases of other spellings of the words.
    """
    # Words are quoted, so that FTS5 reads none as its syntax (AND, NEAR, *, ^, -).
    quoted = [f'"{word}"' for word in terms]
    either = " OR ".join([*quoted, *spelt])
    if not fields or not terms:
        return either
    return f"{{{' '.join(fields)}}} : ({' OR '.join(quoted)}) OR {OTHER_SPELLINGS} : ({either})"


def _in_plain_letters(word: str) -> dict[str, float]:
    keys = spellings.form(word).keys if not word.isascii() else frozenset[str]()
    return dict.fromkeys((key for key in sorted(keys) if key.isascii()), SPELLING)
