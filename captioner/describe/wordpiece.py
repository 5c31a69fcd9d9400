"""WordPiece: the tokens of a sentence, as BERT's tokenizer cuts it.

For the same `tokenizer.json`, the package tokenizers gives the same tokens. Its import is slower.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

# White space to BERT; other controls are dropped.
_SPACES = frozenset(
    "\t\n\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
# Blocks of Chinese characters: each is a word.
_CHINESE = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class WordPiece:
    """Cuts sentences into tokens (Wu et al. 2016, https://arxiv.org/abs/1609.08144, as in BERT)."""

    def __init__(self, settings: dict[str, Any], limit: int) -> None:
        """Read a tokenizer's settings.

        Args:
            settings: the content of `tokenizer.json`.
            limit: the most tokens of a sentence; the rest is left out.

        Raises:
            ValueError: the settings are for another kind of tokenizer.
        """
        normalizer, model = settings["normalizer"], settings["model"]
        if normalizer["type"] != "BertNormalizer" or model["type"] != "WordPiece":
            raise ValueError("the tokenizer is no WordPiece of BERT's")
        self._vocabulary: dict[str, int] = model["vocab"]
        self._unknown = self._vocabulary[model["unk_token"]]
        self._longest: int = model["max_input_chars_per_word"]
        self._prefix: str = model["continuing_subword_prefix"]
        self._first, self._last = self._vocabulary["[CLS]"], self._vocabulary["[SEP]"]
        self._limit = limit
        self._special = [each["content"] for each in settings["added_tokens"]]

    def encode(self, sentence: str) -> list[int]:
        """Return a sentence's tokens, between the tokens for begin and end."""
        tokens: list[int] = []
        for text in self._around_special(sentence):
            if text in self._special:
                tokens.append(self._vocabulary[text])
            else:
                for word in _words(text):
                    tokens += self._pieces(word)
        return [self._first, *tokens[: self._limit - 2], self._last]

    def pieces(self, word: str) -> int:
        """Return how many pieces a word is cut into; 0 if some part of it has no piece."""
        pieces = [piece for part in _words(word) for piece in self._pieces(part)]
        return 0 if self._unknown in pieces else len(pieces)

    def _around_special(self, sentence: str) -> Iterator[str]:
        """Yield a sentence in parts: special tokens that were typed, and the text between them."""
        while sentence:
            places = [(sentence.find(each), each) for each in self._special if each in sentence]
            if not places:
                yield sentence
                return
            place, special = min(places)
            yield sentence[:place]
            yield special
            sentence = sentence[place + len(special) :]

    def _pieces(self, word: str) -> list[int]:
        """Return the longest known pieces of a word, from the beginning of the word on."""
        if len(word) > self._longest:
            return [self._unknown]
        pieces, start = [], 0
        while start < len(word):
            prefix = self._prefix if start else ""
            for end in range(len(word), start, -1):
                token = self._vocabulary.get(prefix + word[start:end])
                if token is not None:
                    break
            else:
                return [self._unknown]
            pieces.append(token)
            start = end
        return pieces


def _words(text: str) -> list[str]:
    """Return the words of a text: lower case, without accents, each punctuation mark alone."""
    plain = "".join(_cleaned(char) for char in text)
    letters = (c for c in unicodedata.normalize("NFD", plain) if unicodedata.category(c) != "Mn")
    lower = "".join(char.lower() for char in letters)
    return "".join(f" {c} " if _is_punctuation(c) else c for c in lower).split(" ")


@cache
def _cleaned(char: str) -> str:
    if char in _SPACES:
        return " "
    code = ord(char)
    if code == 0xFFFD or unicodedata.category(char) in ("Cc", "Cf", "Co"):
        return ""
    return f" {char} " if any(low <= code <= high for low, high in _CHINESE) else char


@cache
def _is_punctuation(char: str) -> bool:
    code = ord(char)
    ascii_mark = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    return ascii_mark or unicodedata.category(char).startswith("P")
