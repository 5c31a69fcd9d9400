"""Synonyms: other words that stand for a word of a query.

The stemmer of the text index joins regular forms (dog, dogs) only. `PLURALS` knows irregular
plurals (goose, geese). The table `synonyms.txt` knows irregular forms of verbs, words of the same
meaning (sofa, couch), and kinds of a thing (dog, puppy).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from captioner.describe.plurals import PLURALS

FORM = 1.0  # another form or spelling of the word itself
SPELLING = 0.95  # the word in other letters: "strasse" for "straße"
SAME = 0.8  # a word of the same meaning
KIND = 0.7  # a kind of what was asked for: "puppy" for "dog"
GENERAL = 0.4  # what was asked for is a kind of it: "dog" for "puppy"

_SINGULAR = re.compile(rf"\b(?:{'|'.join(PLURALS)})\b")

TABLE = Path(__file__).with_name("synonyms.txt")


def synonyms(word: str) -> dict[str, float]:
    """Return the other words that stand for a word, each with its weight, 0 to 1.

    Args:
        word: lower case, in any regular form.
    """
    found: dict[str, float] = {}
    for form in _singulars(word):
        for line in _table():
            if form in line:  # perhaps as a part of another word: then nothing is yielded
                for other, weight in _others(form, line):
                    found[other] = max(weight, found.get(other, 0.0))
        if found:
            break
    found.pop(word, None)
    return found


@functools.cache
def _table() -> list[str]:
    """Return the lines of the table, with the irregular plurals of their words."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    known = [_with_plurals(line) for line in lines if not line.startswith("#")]
    return [*known, *map(_with_plurals, PLURALS)]


def _with_plurals(line: str) -> str:
    return _SINGULAR.sub(lambda found: "/".join([found[0], *PLURALS[found[0]].split()]), line)


def _others(word: str, line: str) -> Iterator[tuple[str, float]]:
    """Yield what stands for a word by one line of the table; nothing if the word isn't there."""
    sign = ":" if ":" in line else ">"
    left, _, right = line.partition(sign)
    same, kinds = ([each.split("/") for each in side.split()] for side in (left, right))
    own = next((forms for forms in same + kinds if word in forms), None)
    if own is None:
        return
    yield from ((form, FORM) for form in own if form != word)
    of_kind = {GENERAL: same} if sign == ":" else {}
    others = {SAME: same, KIND: kinds} if own in same else of_kind
    for weight, words in others.items():
        yield from ((form, weight) for forms in words if forms is not own for form in forms)


def _singulars(word: str) -> Iterator[str]:
    """Yield a word, and what it may be the regular plural of."""
    yield word
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if word.endswith("s"):
        yield word[:-1]
    if word.endswith("es"):
        yield word[:-2]
