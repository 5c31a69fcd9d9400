"""Stop words: words that say nothing about a photo, unless a person means a name by them."""

from __future__ import annotations

import re

from photosearch.files.names import SUFFIXES

# Words that say only that photos are searched ("pictures of").
OF_PHOTOS = frozenset(
    "image images photo photograph photographs photos pic picture pictures pics show".split()
)
# Words of nearly every sentence.
STOP_WORDS = OF_PHOTOS | frozenset(
    """a about across again all along also am an and another any are around as at away be because
    been before behind being beside between both but by can could did do does doing down during each
    either else few for from get gets getting had has have having he her here hers him his i if in
    into is it its just let like lot lots made make makes making many me more most much my next
    not of off on only onto or other others our ours out over own same several she so some someone
    something such than that the their theirs them then there these they thing things this those
    through to together too toward towards until up upon us use uses using various very via was we
    were what when where which while who whose why will with within would you your yours""".split()
)
# Stop words before "'s" that stand for themselves: "it's" is no thing of Mr It.
_CONTRACTED = frozenset("he here it let she that there this what when where which who why".split())
_GIVEN_NAME = "Will"  # the stop word that is a common name; with a capital it is one

_ENDING = re.compile(r"(?<=\w)\.(\w+)\b", re.ASCII)


# What cameras call their photos.
_BY_CAMERAS = frozenset("cimg dsc dscf dscn gopr img imgp mvi pict pxl sam".split())


def of_every_file(text: str) -> set[str]:
    """Return the words of a query that only say that a file is a photo: img and png of IMG_1.png.

    Args:
        text: of the query; what it returns is in lower case.
    """
    ends = {end for end in map(str.lower, _ENDING.findall(text)) if f".{end}" in SUFFIXES}
    return ends | (_BY_CAMERAS & {*re.split(r"[\W\d_]+", text.lower())})


def names(words: list[str], phrase: str) -> set[str]:
    """Return the stop words that are names in a phrase, in lower case.

    A stop word is a name if it is the only word of a keyword, a place, a title or a folder ("It",
    "US 2019"), in capitals among other words ("trip to the US"), before "'s" ("Can's birthday"), or
    "Will".

    Args:
        words: of the phrase, as they are written.
        phrase: a line of a text, or the name of a folder.
    """
    others = [word for word in words if not word.isdigit()]
    shouted = phrase.isupper()
    found = set()
    for word in {*others}:
        lower = word.lower()
        if lower not in STOP_WORDS or lower in OF_PHOTOS or len(word) == 1:
            continue
        capitals = word.isupper() and not shouted
        owner = lower not in _CONTRACTED and f"{word}'s" in phrase.replace("’", "'")
        if len(others) == 1 or capitals or owner or word == _GIVEN_NAME:
            found.add(lower)
    return found


def names_of_people(words: list[str], phrase: str) -> set[str]:
    """Return the stop words in the name of a person, in lower case; with a capital, if it has any.

    Args:
        words: of the name, as they are written.
        phrase: the name.
    """
    small = phrase == phrase.lower()
    names = {word.lower() for word in words if small or word[0].isupper()}
    return names & STOP_WORDS
