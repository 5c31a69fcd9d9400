"""A query: what a person asks for, checked, and its text as words to look for."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from photosearch.errors import UsageError
from photosearch.store.search_fields import FIELD_NAMES
from photosearch.text import bindable

# Words that stand in nearly every sentence, and words that people put into a query
# for photos because it is one ("pictures of ...").
STOP_WORDS = frozenset(
    """a an and are as at be been being but by can could did do does for from had has have he her
    hers him his i in into is it its me my of on onto or our ours out over she so some that the
    their them then there these they this those to too up us was we were what when where which
    while who whose why will with would you your
    image images photo photograph photographs photos pic picture pictures pics show""".split()
)

_WORD = re.compile(r"[^\W_]+")
# "dog's" is dog, "don't" is don: a clitic says nothing about a photo.
_CLITIC = re.compile(r"(?<=\w)['’ʼ](?:s|t|d|m|re|ve|ll)\b", re.IGNORECASE)


class Ranker(StrEnum):
    """What puts photos in order."""

    FUSED = "fused"  # all that speaks for a photo, as one probability
    MEANING = "meaning"  # what the photo shows, by its vector
    BM25_PLUS = "bm25+"  # the words of its text, by BM25+
    FTS5 = "fts5"  # the same, by the BM25 of FTS5

    @classmethod
    def named(cls, name: str) -> Ranker:
        """Return the ranker of a name.

        Raises:
            UsageError: there is none.
        """
        if name not in list(cls):
            raise UsageError(f"unknown ranker {name}: choose {', '.join(cls)}")
        return cls(name)

    @property
    def asks_vectors(self) -> bool:
        """Whether it compares vectors, so that it knows what is like a photo."""
        return self in (Ranker.FUSED, Ranker.MEANING)

    @property
    def asks_words(self) -> bool:
        """Whether it looks for the words of the query in the text of photos."""
        return self is not Ranker.MEANING


@dataclass(frozen=True)
class Query:
    """What is asked for, and how it was understood.

    Raises:
        UsageError: a field is unknown, `min_score` is not a number, or the ranker
            can't tell what is like a photo.
    """

    text: str = ""  # what a person types
    limit: int | None = 20  # results at most; None: all
    ranker: Ranker = Ranker.FUSED
    fields: Sequence[str] | None = None  # the only ones that words are looked for in; None: all
    min_score: float | None = None  # results below it are left out; None: the ranker's own
    like: str | None = None  # path of a photo; photos that look like it are found, not itself
    words: tuple[str, ...] = field(init=False)  # of the text, see `words`

    def __post_init__(self) -> None:
        """Check what was asked for, and read its words."""
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
        """Whether anything is asked for at all."""
        wanted = bool(self.words) or self.like is not None
        return wanted and (self.limit is None or self.limit > 0)

    @property
    def searched(self) -> tuple[str, ...]:
        """The names of the fields that words are looked for in."""
        return tuple(self.fields or FIELD_NAMES)


def words(text: str) -> list[str]:
    """Return the words of a query, once each, in the order typed.

    Anything may be typed: punctuation only separates, nothing is an operator. Stop
    words are left out, unless there is nothing else.
    """
    # Composed letters, as the index has them after it drops its accents.
    plain = _CLITIC.sub(" ", unicodedata.normalize("NFC", bindable(text)))
    found = list(dict.fromkeys(word.lower() for word in _WORD.findall(plain)))
    return [word for word in found if word not in STOP_WORDS] or found


def match_expression(terms: Sequence[str], fields: Sequence[str] | None = None) -> str:
    """Return words as an FTS5 expression that any of them satisfies.

    Args:
        terms: words.
        fields: where they are looked for; without any, everywhere.
    """
    # Quoted, a word can't be read as FTS5 syntax (AND, NEAR, *, ^, -).
    either = " OR ".join(f'"{word}"' for word in terms)
    return f"{{{' '.join(fields)}}} : ({either})" if fields and terms else either
