"""Which words of a query mean something to the model.

The model compares any sentence with photos, also a sentence of words that it never read. Such a
comparison means nothing: "zzzqqq" is near to some photos by chance.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from typing import Protocol

from photosearch.search.stems import Stemmer

# The model reads a word in pieces. If it reads many pieces of a letter or two, and the word has a
# vowel at most, the word is noise. Measured: docs/explained/decisions/search.md.
PIECES = 4
LETTERS = 2.0  # of a piece, on average
MOST_VOWELS = 1
VOWELS = frozenset("aeiou")


class Reader(Protocol):
    """What reads a sentence, as `captioner.describe.sentence_encoder.SentenceEncoder` does."""

    def pieces(self, word: str) -> int:
        """Return how many pieces a word is read in; 0 if it can't be read."""

    def listed(self) -> Collection[str]:
        """Return the words that stand in the model's own lists, lower case."""


def knows(reader: Reader, stemmer: Stemmer, words: Sequence[str]) -> bool:
    """Return whether the model knows any of some words.

    It knows a word that it doesn't read in fragments, and every form of a word in its lists.

    Args:
        reader: reads a sentence.
        stemmer: cuts words into stems; two forms of a word have the same stem.
        words: of a query, lower case.
    """
    if not all(_in_fragments(reader, word) for word in words):
        return True
    listed = {stem for stems in stemmer.stems(sorted(reader.listed())) for stem in stems}
    return any(not listed.isdisjoint(stems) for stems in stemmer.stems(words))


def _in_fragments(reader: Reader, word: str) -> bool:
    """Return whether a word is read as noise: in many small pieces, or not at all."""
    letters = [char for char in unicodedata.normalize("NFD", word) if char.isalnum()]
    if not any(char.isascii() for char in letters):
        return True  # the model reads the Latin alphabet only
    pieces = reader.pieces(word)
    if sum(char in VOWELS for char in letters) > MOST_VOWELS:
        return pieces == 0
    return pieces == 0 or (pieces >= PIECES and len(letters) < LETTERS * pieces)
