"""Text: made safe to print, to store, to search and to read."""

from __future__ import annotations

import unicodedata


def display(path: str) -> str:
    """Return a path as text that any terminal, file or database can hold."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def bindable(text: str) -> str:
    """Replace what an SQL statement can't take: halves of surrogate pairs, and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def searchable(text: str) -> str:
    """Return text as it is searched: composed letters (Macs decompose them), no control codes."""
    text = unicodedata.normalize("NFC", display(text))
    return "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)


def one_line(text: str, limit: int) -> str:
    """Return text as one printable line of composed letters (NFC).

    It is empty if it has no letter, digit or picture: "🎂" is a text, "--" is none.

    Args:
        text: anything at all.
        limit: characters at most.
    """
    # Cut early: if a file gives a wrong length, the rest of the file is part of the text.
    spaced = "".join(" " if char.isspace() else char for char in text[: 4 * limit])
    shown = "".join(char for char in spaced if unicodedata.category(char)[0] != "C")
    line = " ".join(unicodedata.normalize("NFC", shown).split())[:limit].rstrip()
    return line if any(char.isalnum() or _is_picture(char) for char in line) else ""


def _is_picture(char: str) -> bool:
    return unicodedata.category(char) == "So"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: 1 photo, 7,000 photos."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
