"""Lemmas: the words of captions without their plurals, for the words that a photo shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from captioner.describe.plurals import PLURALS
from captioner.errors import DataError
from captioner.training.tokenizer import tokenize
from captioner.training.word_list import WordTable

_WORD = re.compile(r"[a-z][a-z'-]{2,}")
# Words that say nothing of what a photo shows.
_EMPTY = frozenset(
    """a an and are as at be been being but by can could do does doing for from had has have having
    he her hers him his how i if in into is it its itself just me my no nor not of off on onto or
    other another our out over own per she should so some such than that the their them then there
    these they this those to too upon very was we were what when where which while who whose why
    will with would you your one each both all any many several few more most much every same
    around near along beside behind above below across against among between before after during
    under through up down also about get gets getting go goes going via picture pictures image
    images photo photos photograph photographs view background front next side top back left right
    middle something someone appear appears seen shown shows show showing various different lot lots
    like three two four five six""".split()
)

_SINGULAR_OF = {form: word for word, forms in PLURALS.items() for form in forms.split()}
# Words that end in s, and are no plurals, or mean another thing without it.
SINGULAR = frozenset(
    """glasses sunglasses jeans pants shorts trousers scissors pajamas goggles clothes tennis grass
    glass bus dress gas class cross canvas across christmas is was has his this its as us yes always
    towards upwards downwards news species series lens brass moss boss pass mess iris cactus campus
    circus chess bass princess actress waitress business fitness wilderness mattress harness
    process access express address plus atlas swiss perhaps besides sideways
    headphones binoculars stairs woods tights leggings overalls octopus walrus cyprus paris
    los angeles texas dallas vegas wales netherlands james jesus harris thomas""".split()
)


def lemma(word: str, counts: Mapping[str, int]) -> str:
    """Return a word without its plural ending.

    An ending is cut only if the shorter word is seen, too, and not much more seldom: "bus" is no
    plural of "bu". Verbs keep their endings: "running" and "run" are different sights.

    Args:
        word: in lower case.
        counts: how often each word is seen in captions.
    """
    if word in _SINGULAR_OF:
        return _SINGULAR_OF[word]
    if word in SINGULAR or len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
        return word
    shorter = [word[:-1]]
    if word.endswith("ies"):
        shorter.insert(0, word[:-3] + "y")
    if word.endswith(("ches", "shes", "xes", "sses", "zzes", "oes")):
        shorter.insert(0, word[:-2])
    for short in shorter:
        if 20 * counts.get(short, 0) >= counts.get(word, 0) > 0:
            return short
    return word


def choose_words(photos: Sequence[Sequence[str]], least: int, most: int) -> list[str]:
    """Choose the words that a word head learns.

    Args:
        photos: the captions or classes of each photo.
        least: in how many photos' captions a word must stand.
        most: how many words, at most; the most frequent are taken.

    Returns:
        Lemmas, the most frequent first; tied lemmas (kid, child) as their first.

    Raises:
        DataError: no word stands in that many photos' captions.
    """
    seen = spellings(photos)
    table = WordTable.read()
    counts = Counter(
        word for captions in photos for word in {
            table.canonical(lemma(word, seen))
            for caption in captions for word in tokenize(caption)
            if _WORD.fullmatch(word) and word not in _EMPTY
        }
    )  # fmt: skip
    chosen = [word for word, count in counts.most_common(most) if count >= least]
    if not chosen:
        raise DataError(f"no word stands in the captions of {least} photos", "add photos")
    return chosen


def spellings(photos: Sequence[Sequence[str]]) -> Counter[str]:
    """Return how often captions hold each spelling."""
    return Counter(word for texts in photos for text in texts for word in tokenize(text))
