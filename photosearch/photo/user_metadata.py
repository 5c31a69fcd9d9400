"""User metadata: what people wrote about a photo, in one form for all formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from photosearch.photo.dates import DateSource
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
        people: The names of people in the photo, each once.
        places: Where the photo was taken, in words, each once, the narrowest first.
        notes: Other texts that people wrote: they are searched, but not shown as a caption.
        position: Latitude and longitude in degrees, north and east positive.
        dates: By source, ISO 8601, as precise as they are known: a year is enough.
    """

    title: str = ""
    description: str = ""
    alt_text: str = ""
    keywords: tuple[str, ...] = ()
    rating: int | None = None
    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    position: tuple[float, float] | None = None
    dates: Mapping[DateSource, str] = field(default_factory=dict)

    def over(self, other: UserMetadata) -> UserMetadata:
        """Return these metadata; values that they lack are taken from `other`."""
        return UserMetadata(
            self.title or other.title,
            self.description or other.description,
            self.alt_text or other.alt_text,
            self.keywords or other.keywords,
            other.rating if self.rating is None else self.rating,
            self.people or other.people,
            self.places or other.places,
            self.notes or other.notes,
            self.position or other.position,
            {**other.dates, **self.dates},
        )


NOTHING = UserMetadata()


def cleaned(raw: UserMetadata) -> UserMetadata:
    """Return metadata as they are stored: each text in one bounded line, without cameras' texts."""
    return UserMetadata(
        title=_by_person(one_line(raw.title, MAX_TEXT)),
        description=_by_person(one_line(raw.description, MAX_LONG_TEXT)),
        alt_text=one_line(raw.alt_text, MAX_LONG_TEXT),
        keywords=_distinct_lines(raw.keywords, MAX_TEXT),
        rating=raw.rating if raw.rating in (-1, 1, 2, 3, 4, 5) else None,
        people=_distinct_lines(raw.people, MAX_TEXT),
        places=_distinct_lines(raw.places, MAX_TEXT),
        notes=_distinct_lines(raw.notes, MAX_LONG_TEXT),
        position=raw.position,
        dates=raw.dates,
    )


def distinct(keywords: Iterable[str]) -> tuple[str, ...]:
    """Return each keyword once, at most `MAX_KEYWORDS`; capitals don't count."""
    found: dict[str, str] = {}
    for keyword in keywords:
        found.setdefault(keyword.casefold(), keyword)
    return tuple(found.values())[:MAX_KEYWORDS]


def _distinct_lines(texts: Iterable[str], limit: int) -> tuple[str, ...]:
    return distinct(line for text in texts if (line := one_line(text, limit)))


def _by_person(text: str) -> str:
    return "" if _BY_CAMERA.fullmatch(text) else text
