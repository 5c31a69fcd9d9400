"""A query: what a person types, as words to look for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

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


def words(text: str) -> list[str]:
    """Return the words of a query, once each, in the order typed.

    Anything may be typed: punctuation only separates, nothing is an operator. Stop
    words are left out, unless there is nothing else.
    """
    # Composed letters, as the index has them after it drops its accents.
    plain = _CLITIC.sub(" ", unicodedata.normalize("NFC", bindable(text)))
    found = list(dict.fromkeys(word.lower() for word in _WORD.findall(plain)))
    return [word for word in found if word not in STOP_WORDS] or found


def match_expression(terms: list[str], columns: Sequence[str] | None = None) -> str:
    """Return words as an FTS5 expression that any of them satisfies.

    Args:
        terms: words.
        columns: where they are looked for; None: everywhere.
    """
    # Quoted, a word can't be read as FTS5 syntax (AND, NEAR, *, ^, -).
    either = " OR ".join(f'"{word}"' for word in terms)
    return f"{{{' '.join(columns)}}} : ({either})" if columns and terms else either
