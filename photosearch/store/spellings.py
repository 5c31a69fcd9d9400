"""Spellings: other ways to write the words that people wrote about a photo.

The text index knows a word by its stem only, finds no part of a word, and drops emoji. So the
column `spellings` of the table `search` holds, for the words of a photo's texts by people:

- each whole word with folded letters ("Straße" is strasse, "Müller" muller and mueller), and
  `MARK` behind it, so that the index cuts no stem of it;
- the parts of a word of several parts ("BeachHoliday", "DSC01234");
- each pair of neighbouring letters of scripts that have no blanks between words: a part of such a
  text is a phrase of pairs;
- emoji, by their code points.

The words of a query are folded in the same way.
"""

from __future__ import annotations

import functools
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from photosearch.store import stop_words
from photosearch.store.stop_words import STOP_WORDS
from photosearch.text import EMOJI

# Behind a whole word. A character for private use is a letter to FTS5; its stemmer knows no ending
# with it.
MARK = "\ue000"
_SAFE = 0xE100  # from here on: characters that stand for combining marks, which FTS5 drops

# Letters of one alphabet that are also written with letters of another.
_LETTERS = str.maketrans({
    "ß": "ss", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
    "ħ": "h", "ŧ": "t", "ŋ": "n", "ſ": "s", "ƒ": "f", "ك": "ک", "ي": "ی", "ى": "ی", "ة": "ه",
    "ـ": "",
})  # fmt: skip
_DIGRAPHS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_ACCENTS_END = "\u0700"  # the marks before it are accents, the vowel signs behind it are letters

# Combining marks within words: accents; vowel signs of India, Thailand, Laos, Tibet, Burma and
# Cambodia, with the letters between them; voicing marks of Japan.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u0900-\u0963\u0971-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u0f71-\u0f84"
    "\u102b-\u103e\u17b4-\u17d3\u3099\u309a"
)
# What stands for an apostrophe; to Unicode, some are letters: Hawaiʻi. At last those of Hebrew, and
# the dot of Catalan.
_APOSTROPHES = "'’‘`´′＇ʻʼʽʹʾʿˈꞌ׳״·"
# Scripts without blanks between words, and Hangul, in which a name stands before other syllables.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# To compile these patterns takes 20 ms, and texts of ASCII need none. So `re` compiles each of them
# when it is first used.
_LETTER = rf"[^\W_{_APOSTROPHES}]"
_WORD = rf"{_LETTER}+(?:[{_MARKS}]+{_LETTER}*)*|{EMOJI}"
_RUN = f"[{_UNSPACED}]+"
_RUNS = f"[{_UNSPACED}]+|[^{_UNSPACED}]+"
_ASCII_WORD = "[A-Za-z0-9]+"

# "dog's" is dog, "don't" is don: a clitic says nothing about a photo.
_CLITIC = re.compile(r"(?<=\w)['’ʼ＇′](?:s|t|d|m|re|ve|ll)\b", re.IGNORECASE)
_OWNER = re.compile(r"['’ʼ＇′]s$", re.IGNORECASE)
# O'Brien, Jean-Luc; AC/DC, R.E.M.; J. R.; u.s.a.
_NAME = rf"[^\W\d_{_APOSTROPHES}]+"
_JOINED = re.compile(
    rf"{_NAME}(?:[{_APOSTROPHES}-]{_NAME})+|\b[A-Z]{{1,3}}(?:[./&][A-Z]{{1,3}})+(?![a-z0-9])"
    r"|\b[A-Z](?:\. ?[A-Z])+(?!\w)|\b[a-z](?:\.[a-z])+(?!\w)"
)
_NUMBERED = re.compile(r"(?<![^\W_])([^\W\d_]+)[ -](\d{1,3})(?![^\W_])")  # iPhone 12, F-16
_JOINTS = frozenset(f"{_APOSTROPHES}-./&")
_PARTS = re.compile(r"U+(?=Ul)|U?l+|U+|d+|x+")  # of a word in classes of letters, see `_classes`
_SHORTEST = 3  # letters of a part; of a number, one less


@dataclass(frozen=True, slots=True)
class Form:
    """A word as it is compared with other words."""

    folded: str  # in small letters without accents, as the text index has it
    keys: frozenset[str]  # other spellings, see `_keys`; one of them is for the index
    parts: frozenset[str]  # of a word of several parts, by their keys


def words_of(text: str) -> list[str]:
    """Return the words and emoji of a text of composed letters, as they are written."""
    return re.findall(_ASCII_WORD if text.isascii() else _WORD, text)


def places_of(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the words of `words_of`, then those of `joined_words`, begin and end."""
    for found in re.finditer(_ASCII_WORD if text.isascii() else _WORD, text):
        yield found.span()
    for start, end, _, _ in joined_words(text):
        yield start, end


def without_clitics(text: str) -> str:
    """Return a text with a blank in place of each clitic."""
    return _CLITIC.sub(" ", text) if "'" in text or not text.isascii() else text


def joined_words(text: str) -> Iterator[tuple[int, int, str, list[str]]]:
    """Yield words that are also written in one: obrien, acdc, mcdonalds.

    Yields:
        Where they begin and end in the text; the word in small letters; the words that it joins.
    """
    if " " in text or "-" in text:
        for found in _NUMBERED.finditer(text):
            yield *found.span(), "".join(found.groups()).lower(), [*found.groups()]
    if _JOINTS.isdisjoint(text):
        return
    for found in _JOINED.finditer(text):
        words = words_of(without_clitics(found[0]))
        if len(words) > 1:
            yield *found.span(), "".join(words).lower(), words
        if _OWNER.search(found[0]):
            yield *found.span(), "".join([*words, "s"]).lower(), words


def is_emoji(word: str) -> bool:
    """Return whether a word of `words_of` is an emoji."""
    return not word.isascii() and re.match(EMOJI, word) is not None


def runs(word: str) -> list[str]:
    """Return the runs of a word: in scripts without blanks between words, and in other scripts."""
    return [word] if word.isascii() else re.findall(_RUNS, word)


def is_unspaced(run: str) -> bool:
    """Return whether a run of a word is in a script without blanks between words."""
    return not run.isascii() and re.match(_RUN, run) is not None


@functools.lru_cache(maxsize=1 << 17)
def form(word: str) -> Form:
    """Return the form of a word or an emoji.

    Args:
        word: of composed letters; capitals may begin a part of it.
    """
    if is_emoji(word):
        key = "".join(f"u{ord(char):x}" for char in word)
        return Form(word, frozenset((key,)), frozenset())
    folded = _folded(word)
    return Form(folded, frozenset(_keys(word, folded)), frozenset(_parts(word)))


def pairs(run: str) -> list[str]:
    """Return the pairs of letters of a run, and its last letter; what another run begins with too.

    Args:
        run: folded, in a script without blanks.
    """
    letters = _safe(run)
    return [letters[at : at + 2] for at in range(len(letters))]


def phrase(word: str) -> str | None:
    """Return an FTS5 phrase that finds a word in `spellings` of which only parts are there.

    Args:
        word: of a query; None is returned if its script has blanks between words.
    """
    folded = form(word).folded
    if not is_unspaced(folded):
        return None
    first, *others = pairs(folded)
    return f'"{" ".join([first, *others[:-1]])}"' if others else f'"{first}" *'


def marked(key: str) -> str:
    """Return the token of a whole word, by its key."""
    return _safe(key) + MARK


def named(field: str, text: str) -> set[str]:
    """Return the stop words that are names in a text, in lower case.

    Args:
        field: the name of the text's search field.
        text: lines, or a folder.
    """
    find = stop_words.names_of_people if field == "people" else stop_words.names
    lines = (text.replace(os.sep, "\n") if field == "folder" else text).splitlines()
    found = (find(words_of(without_clitics(line)), line) for line in lines)
    # "U.S." is US in one word.
    short = {whole for _, _, whole, words in joined_words(text) if "".join(words).isupper()}
    return set().union(*found, short & STOP_WORDS)


def spellings(texts: Mapping[str, str]) -> str:
    """Return what the column `spellings` holds for a photo: tokens, separated by blanks.

    Args:
        texts: that people wrote, by search field.
    """
    found: dict[str, None] = {}
    for field, text in filter(all, texts.items()):
        names = named(field, text)
        whole = [each for _, _, each, _ in joined_words(text)]
        for word in dict.fromkeys([*words_of(without_clitics(text)), *whole]):
            if word.lower() not in STOP_WORDS or word.lower() in names:
                found[" ".join(_tokens(word))] = None
    return " ".join(filter(None, found))


def _tokens(word: str) -> Iterator[str]:
    """Yield the tokens of a word."""
    found = form(word)
    unspaced = [run for run in runs(found.folded) if is_unspaced(run)]
    if not unspaced and not (word.isdigit() and word.isascii()):  # a number has no stem
        yield from map(marked, sorted(found.keys))
    yield from map(_safe, sorted(found.parts))
    for run in unspaced:
        yield from pairs(run)


def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", word).lower())
    letters = (c for c in apart if c >= _ACCENTS_END or not unicodedata.combining(c))
    digits = (str(unicodedata.decimal(c)) if c.isdecimal() else c for c in letters)
    return unicodedata.normalize("NFC", "".join(digits)).replace("ς", "σ")


def _keys(word: str, folded: str) -> Iterator[str]:
    """Yield the spellings of a word in plain letters, the usual one first: ü is u, or else ue."""
    yield folded.translate(_LETTERS)
    if not word.isascii():
        composed = unicodedata.normalize("NFKC", word).lower()
        yield _folded(composed.translate(_DIGRAPHS)).translate(_LETTERS)


def _parts(word: str) -> Iterator[str]:
    """Yield the keys of a word's parts, and numbers without leading zeros."""
    if word.isalpha() and word[1:].islower() and (word.isascii() or not re.search(_RUN, word)):
        return
    found = [*_PARTS.finditer("d" * len(word) if word.isdigit() else _classes(word))]
    runs_of_letters = re.finditer(r"[Ul]+", _classes(word))
    names = (word[slice(*run.span())] for run in runs_of_letters if run[0] != _classes(word))
    yield from (_folded(name).translate(_LETTERS) for name in names if len(name) >= _SHORTEST)
    for each in found:
        part = word[each.start() : each.end()]
        if part.isdigit():
            short = part.lstrip("0")
            kept = [part] * (len(found) > 1) + [short] * (short != part)
            yield from (number for number in kept if len(number) >= _SHORTEST - 1)
        elif len(found) > 1 and each[0][0] != "x" and len(part) >= _SHORTEST:
            yield _folded(part).translate(_LETTERS)


def _classes(word: str) -> str:
    """Return a letter for each character: U(pper), l(ower), d(igit), or x, see `is_unspaced`."""
    kinds = []
    for char in word:
        if is_unspaced(char):
            kinds.append("x")
        else:
            kinds.append("d" if char.isdigit() else "U" if char.isupper() else "l")
    return "".join(kinds)


def _safe(key: str) -> str:
    """Return a key with letters for the marks at which FTS5 would cut it."""
    if key.isascii():
        return key
    return "".join(
        chr(_SAFE + ord(char) % 0x1000) if unicodedata.category(char)[0] == "M" else char
        for char in key
    )
