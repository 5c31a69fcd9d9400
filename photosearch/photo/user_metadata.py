"""User metadata: what people wrote about a photo, in one form for all formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from photosearch.photo.dates import DateSource
from photosearch.photo.exif import MAX_TEXT
from photosearch.photo.junk import is_doubtful, is_junk, without_own
from photosearch.text import one_line

MAX_LONG_TEXT = 4_000
"""Longest description, alt text or note, in characters."""

MAX_KEYWORDS = 500
"""Most keywords of a photo; also most people, most places and most notes."""

# exiv2 shows a comment with its code, and some programs store what it shows.
_CODE = re.compile(r"^charset ?= ?\"?\w+\"? (?=.)", re.IGNORECASE)

# Percents of Windows: 1, 25, 50, 75 and 99 are 1 to 5 stars.
# https://learn.microsoft.com/windows/win32/properties/props-system-rating
_LEAST_PERCENTS = (1, 13, 38, 63, 88)


@dataclass(frozen=True, slots=True)
class UserMetadata:
    """What people wrote about a photo; a value that they didn't write is empty.

    Attributes:
        title: One line.
        description: One line of up to `MAX_LONG_TEXT` characters.
        alt_text: What the photo shows, for people who can't see it.
        keywords: Each once, in the order of the source.
        rating: 1 to 5, -1 for rejected, or 0 for "no stars". None: nothing is said about it.
        people: The names of people in the photo, each once.
        places: Where the photo was taken, in words, each once, the narrowest first.
        notes: Other texts that people wrote: they are searched, but not shown as a caption.
        position: Latitude and longitude in degrees, north and east positive.
        dates: By source, ISO 8601, as precise as they are known: a year is enough.
        damage: What of them in the photo's file couldn't be read, in one line for people.
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
    damage: str = ""

    def over(self, other: UserMetadata) -> UserMetadata:
        """Return these metadata; values that they lack are taken from `other`.

        So a sidecar goes over its photo: who takes a keyword away in the sidecar doesn't find the
        photo by that keyword any more. Notes are joined: no program writes all kinds of them.
        """
        return UserMetadata(
            self.title or other.title,
            self.description or other.description,
            self.alt_text or other.alt_text,
            self.keywords or other.keywords,
            other.rating if self.rating is None else self.rating,
            self.people or other.people,
            self.places or other.places,
            distinct(self.notes + other.notes),
            self.position or other.position,
            {**other.dates, **self.dates},
            self.damage or other.damage,
        )

    def joined(self, other: UserMetadata) -> UserMetadata:
        """Return these metadata together with all that `other` says beyond them.

        So the sources within one photo are joined, and the sidecars of a pair: each program writes
        only some of them. Where both have a title, a description or an alt text, the text of
        `other` becomes a note.
        """
        both = self.over(other)
        theirs = (other.title, other.description, other.alt_text)
        return replace(
            both,
            keywords=distinct(self.keywords + other.keywords),
            people=distinct(self.people + other.people),
            places=distinct(self.places + other.places),
            notes=_beyond((both.title, both.description, both.alt_text), both.notes + theirs),
        )


NOTHING = UserMetadata()


def cleaned(raw: UserMetadata) -> UserMetadata:
    """Return metadata as they are stored: each text in one bounded line, without junk.

    A long title is cut, and is a note in full.
    A title, a description or an alt text that may be a file's or a camera's name becomes a note.
    """
    texts = (
        _by_person(raw.title, MAX_TEXT),
        _by_person(raw.description, MAX_LONG_TEXT),
        _by_person(raw.alt_text, MAX_LONG_TEXT),
    )
    title, description, alt_text = ("" if is_doubtful(text) else text for text in texts)
    doubtful = [text for text in texts if is_doubtful(text)]
    whole = one_line(raw.title, MAX_LONG_TEXT)
    notes = [
        *(_by_person(note, MAX_LONG_TEXT) for note in raw.notes),
        whole if len(whole) > MAX_TEXT else "",  # a story in place of a title
    ]
    return UserMetadata(
        title=title,
        description=description,
        alt_text=alt_text,
        keywords=distinct(_keywords(_lines(raw.keywords))),
        rating=raw.rating if raw.rating in range(-1, 6) else None,
        people=distinct(_lines(raw.people)),
        places=distinct(_lines(raw.places)),
        notes=_beyond((title, description, alt_text), (*notes, *doubtful)),
        position=raw.position if raw.position != (0.0, 0.0) else None,  # a receiver without signal
        dates=raw.dates,
        damage=raw.damage,
    )


def distinct(words: Iterable[str]) -> tuple[str, ...]:
    """Return each word once, at most `MAX_KEYWORDS`; capitals don't count."""
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(word.casefold(), word)
    return tuple(found.values())[:MAX_KEYWORDS]


def stars(percent: float) -> int | None:
    """Return the stars of a rating in percent, as Windows counts them; None out of 0 to 100."""
    if not 0 <= percent <= 100:
        return None
    return sum(percent >= least for least in _LEAST_PERCENTS)


def _beyond(shown: Iterable[str], notes: Iterable[str]) -> tuple[str, ...]:
    """Return the notes that aren't among the texts that are shown already."""
    known = {"", *(text.casefold() for text in shown)}
    return distinct(note for note in notes if note.casefold() not in known)


def _keywords(lines: list[str]) -> tuple[str, ...]:
    """Return keywords without programs' own; each level of a hierarchy is a keyword."""
    flat = [line for line in lines if "|" not in line]
    branches = [_lines(line.split("|")) for line in lines if "|" in line]
    return without_own(flat, branches)


def _lines(texts: Iterable[str]) -> list[str]:
    return [line for text in texts if (line := one_line(text, MAX_TEXT))]


def _by_person(text: str, limit: int) -> str:
    """Return a text in one line; empty if a camera or a program wrote it."""
    line = _CODE.sub("", one_line(text, limit), count=1)
    return "" if is_junk(line) else line
