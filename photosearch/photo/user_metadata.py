"""User metadata: what people wrote about a photo, in one form for all formats."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from photosearch.photo.exif import MAX_TEXT
from photosearch.text import one_line

MAX_LONG_TEXT = 4_000
"""Longest description or alt text, in characters."""

MAX_KEYWORDS = 500

# Texts that cameras write in place of a person's description.
_BY_CAMERA = re.compile(
    r"(?:[\w ]+ )?digital (?:still )?camera|(?:sony|minolta) dsc|exif_jpeg_picture|"
    r"dcim[\\/].*|(?:my|default) description|"
    r"cof|dav|edf|hdr|hdrpl|jpeg|mde|nor|oznor|oznorco|ptr|rhdr|sdr",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class UserMetadata:
    """What people wrote about a photo; a value that they didn't write is empty.

    Attributes:
        title: One line.
        description: One line of up to `MAX_LONG_TEXT` characters.
        alt_text: What the photo shows, for people who can't see it.
        keywords: Each once, in the order of the source.
        rating: 1 to 5, or -1 for rejected.
        taken_at: When the photo was taken, ISO 8601, as precise as it is known: a year is enough.
    """

    title: str = ""
    description: str = ""
    alt_text: str = ""
    keywords: tuple[str, ...] = ()
    rating: int | None = None
    taken_at: str | None = None

    def over(self, other: UserMetadata) -> UserMetadata:
        """Return these metadata; values that they lack are taken from `other`."""
        return UserMetadata(
            self.title or other.title,
            self.description or other.description,
            self.alt_text or other.alt_text,
            self.keywords or other.keywords,
            other.rating if self.rating is None else self.rating,
            self.taken_at or other.taken_at,
        )


NOTHING = UserMetadata()


def cleaned(
    title: str = "",
    description: str = "",
    alt_text: str = "",
    keywords: Iterable[str] = (),
    rating: int | None = None,
    taken_at: str | None = None,
) -> UserMetadata:
    """Return metadata as they are stored: each text in one bounded line, without cameras' texts."""
    lines = (one_line(keyword, MAX_TEXT) for keyword in keywords)
    return UserMetadata(
        _by_person(one_line(title, MAX_TEXT)),
        _by_person(one_line(description, MAX_LONG_TEXT)),
        one_line(alt_text, MAX_LONG_TEXT),
        distinct(line for line in lines if line),
        rating if rating in (-1, 1, 2, 3, 4, 5) else None,
        taken_at,
    )


def distinct(keywords: Iterable[str]) -> tuple[str, ...]:
    """Return each keyword once, at most `MAX_KEYWORDS`; capitals don't count."""
    found: dict[str, str] = {}
    for keyword in keywords:
        found.setdefault(keyword.casefold(), keyword)
    return tuple(found.values())[:MAX_KEYWORDS]


def _by_person(text: str) -> str:
    return "" if _BY_CAMERA.fullmatch(text) else text
