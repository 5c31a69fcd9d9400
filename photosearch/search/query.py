"""The query: a person's search, checked, with the words to look for."""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from photosearch.errors import UsageError
from photosearch.search.synonyms import synonyms
from photosearch.store.search_fields import FIELD_NAMES
from photosearch.text import bindable

# Words of nearly every sentence, and words that say only that photos are searched ("pictures of").
STOP_WORDS = frozenset(
    """a about across again all along also am an and another any are around as at away be because
    been before behind being beside between both but by can could did do does doing down during each
    either else few for from get gets getting had has have having he her here hers him his i if in
    into is it its just let like lot lots made make makes making many me more most much my next
    not of off on only onto or other others our ours out over own same several she so some someone
    something such than that the their theirs them then there these they thing things this those
    through to together too toward towards until up upon us use uses using various very via was we
    were what when where which while who whose why will with within would you your yours
    image images photo photograph photographs photos pic picture pictures pics show""".split()
)

_WORD = re.compile(r"[^\W_]+")
# "dog's" is dog, "don't" is don: a clitic says nothing about a photo.
_CLITIC = re.compile(r"(?<=\w)['’ʼ](?:s|t|d|m|re|ve|ll)\b", re.IGNORECASE)


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
        object.__setattr__(self, "words", tuple(words(self.text)))

    @property
    def asks(self) -> bool:
        """Whether the query has a text or a photo to compare with."""
        wanted = bool(self.words) or self.like is not None
        return wanted and (self.limit is None or self.limit > 0)

    @property
    def says_something(self) -> bool:
        """Whether the query has a photo to compare with, or a word that isn't a stop word."""
        return self.like is not None or not STOP_WORDS.issuperset(self.words)

    @functools.cached_property
    def synonyms(self) -> Mapping[str, Mapping[str, float]]:
        """The other words that stand for a word of the query, with weights; see `synonyms`."""
        return {} if self.ranker is Ranker.FTS5 else {word: synonyms(word) for word in self.words}

    @functools.cached_property
    def terms(self) -> tuple[str, ...]:
        """The words to look for: those of the query, then their synonyms, each once."""
        others = (other for each in self.synonyms.values() for other in each)
        return tuple(dict.fromkeys((*self.words, *others)))

    @property
    def searched(self) -> tuple[str, ...]:
        """The names of the fields in which words are looked for."""
        return tuple(self.fields or FIELD_NAMES)


def words(text: str) -> list[str]:
    """Return the words of a query, each once, in the order typed.

    Anything may be typed: punctuation only separates words, nothing is an operator. If there are
    other words, stop words are left out.
    """
    # Composed letters: the index has composed letters, too, and drops accents.
    plain = _CLITIC.sub(" ", unicodedata.normalize("NFC", bindable(text)))
    found = list(dict.fromkeys(word.lower() for word in _WORD.findall(plain)))
    return [word for word in found if word not in STOP_WORDS] or found


def match_expression(terms: Sequence[str], fields: Sequence[str] | None = None) -> str:
    """Return an FTS5 expression that matches a text with any of some words.

    Args:
        terms: the words.
        fields: the fields in which the words are looked for; if there are none, all fields.
    """
    # Words are quoted, so that FTS5 reads none as its syntax (AND, NEAR, *, ^, -).
    either = " OR ".join(f'"{word}"' for word in terms)
    return f"{{{' '.join(fields)}}} : ({either})" if fields and terms else either
