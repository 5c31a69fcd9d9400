"""Text: made safe to print, to store, to search and to read."""

from __future__ import annotations

import re
import unicodedata

# One emoji; two letters of the second alphabet of emoji are a flag. Colours of skin are left out.
# To compile a pattern takes time, and most texts have none of these: `re` does it at first use.
EMOJI = (
    "[\U0001f1e6-\U0001f1ff]{2}|"
    "[\u2600-\u27bf\u2b50\u2b55\U0001f300-\U0001f3fa\U0001f400-\U0001faff]"
)

_BLANK = "\u200b"  # a blank that is never seen; its category is that of what joins letters


def display(path: str) -> str:
    """Return a path as text that any terminal, file or database can hold."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def bindable(text: str) -> str:
    """Replace what an SQL statement can't take: halves of surrogate pairs, and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def searchable(text: str) -> str:
    """Return text as it is searched: composed letters (Macs decompose them), no control codes.

    Characters that are never seen, within words of Persian or between emoji, are left out.
    """
    return _without_hidden(unicodedata.normalize("NFC", display(text)))


def typed(text: str) -> str:
    """Return the text of a query in the characters of `searchable`."""
    return _without_hidden(unicodedata.normalize("NFC", bindable(text)))


def one_line(text: str, limit: int) -> str:
    """Return text as one printable line of composed letters (NFC).

    If the text has no letter, digit or emoji, the line is empty.

    Args:
        text: anything at all.
        limit: characters at most.
    """
    # Cut early: if a file gives a wrong length, the rest of the file is part of the text.
    spaced = "".join(
        " " if char.isspace() or char == _BLANK else char for char in text[: 4 * limit]
    )
    shown = "".join(char for char in spaced if unicodedata.category(char)[0] != "C")
    line = " ".join(unicodedata.normalize("NFC", shown).split())[:limit].rstrip()
    says = any(char.isalnum() for char in line) or (
        not line.isascii() and re.search(EMOJI, line) is not None
    )
    return line if says else ""


def _without_hidden(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    kinds = {"Cc": " ", "Cf": ""}
    return "".join(
        " " if char == _BLANK else kinds.get(unicodedata.category(char), char) for char in text
    )


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: 1 photo, 7,000 photos."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
