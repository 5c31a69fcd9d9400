"""Names in a Google Takeout: which JSON file belongs to which photo.

Takeout writes `photo.jpg.json` beside `photo.jpg`, since 2024
`photo.jpg.supplemental-metadata.json`. It cuts the name before `.json` after 46 characters,
wherever that is. The number of a second photo of the same name comes after the cut:
`photo.jpg.supplemental-metadata(1).json` belongs to `photo(1).jpg`. An edited copy has no JSON file
of its own.

The rules were found by people who compared many exports: https://github.com/ente/ente/pull/4956,
https://github.com/TheLastGimbus/GooglePhotosTakeoutHelper.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator

_WORDS = "supplemental-metadata"
# Names are cut after 46 characters, but letters may have been counted otherwise than here: in
# UTF-16, in which most emoji count twice, or in the bytes of UTF-8.
_CUTS = range(43, 52)

_NUMBER = re.compile(r"\(\d+\)$", re.ASCII)

# What Google Photos puts behind the name of an edited copy, in the language of the account.
_EDITED = (
    "edited", "effects", "smile", "mix",
    "bearbeitet", "bewerkt", "diedit", "düzenlendi", "editada", "editado", "editat",
    "edytowane", "ha editado", "modificada", "modificado", "modificata", "modificato",
    "modifié", "muokattu", "redigerad", "redigeret", "redigert", "szerkesztett", "szerkesztve",
    "upravené", "upraveno", "đã chỉnh sửa", "επεξεργασμένο", "відредаговано", "изменено",
    "отредактировано", "수정됨", "편집됨", "已修改", "已編輯", "已编辑", "編集済み",
)  # fmt: skip
_SUFFIXES = tuple(f"-{unicodedata.normalize('NFC', word)}" for word in _EDITED)
_CUT_STEM = 45  # a name of so many letters may have been cut within the suffix


def key_of(json_name: str) -> str:
    """Return what a JSON file's name says of its photo: the photo's name, maybe cut, and a number.

    Args:
        json_name: in lower case, ending in `.json`.
    """
    start = json_name.removesuffix(".json")
    number = _number(start)
    start = start.removesuffix(number)
    head, dot, tail = start.rpartition(".")
    if head and dot and _WORDS.startswith(tail):
        start = head
    return start + number


def keys_for(name: str) -> Iterator[str]:
    """Yield the keys that the JSON file of a photo may have, the surest first.

    Args:
        name: of the photo, in lower case and composed letters (NFC).
    """
    yield from _own_keys(name)
    if "-" not in name:
        return
    stem, suffix = os.path.splitext(name)
    number = _number(stem)
    plain = stem.removesuffix(number)
    ending = next((ending for ending in _SUFFIXES if plain.endswith(ending)), None)
    if ending is not None:
        yield from keys_for(plain.removesuffix(ending) + number + suffix)
    if len(plain) >= _CUT_STEM:
        head, dash, tail = plain.rpartition("-")
        if dash and any(ending.startswith(dash + tail) for ending in _SUFFIXES):
            yield from _own_keys(head + number + suffix)


def _own_keys(name: str) -> Iterator[str]:
    yield name
    stem, suffix = os.path.splitext(name)
    number = _number(stem)
    plain = stem.removesuffix(number) + suffix
    if number:
        yield plain + number
    yield from (start + number for start in _cut(plain))
    yield stem  # some JSON files lack the photo's ending


def _cut(name: str) -> Iterator[str]:
    """Yield the beginnings of a name that Takeout may have cut it to, the longest first."""
    if name.isascii():
        yield from (name[:cut] for cut in reversed(_CUTS) if cut < len(name))
        return
    for cut in range(min(len(name) - 1, _CUTS[-1]), 0, -1):
        start = name[:cut]
        sizes = (
            cut,
            len(start.encode("utf-16-le", "surrogatepass")) // 2,
            len(start.encode("utf-8", "surrogatepass")),
        )
        if any(size in _CUTS for size in sizes):
            yield start


def _number(text: str) -> str:
    """Return the number in brackets at the end of a text; empty if there is none."""
    found = _NUMBER.search(text) if text.endswith(")") else None
    return found[0] if found else ""
