"""Sidecars of all formats, read into user metadata."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from photosearch.files.file import File
from photosearch.files.reasons import reason_of
from photosearch.files.sidecars import SidecarFormat, format_of
from photosearch.photo import takeout, xmp
from photosearch.photo.dates import DateSource, date_in_name
from photosearch.photo.user_metadata import NOTHING, UserMetadata, distinct

READERS: Mapping[SidecarFormat, Callable[[str], UserMetadata]] = {
    SidecarFormat.XMP: xmp.read_sidecar,
    SidecarFormat.TAKEOUT: takeout.read_sidecar,
}
"""The reader of each format: raises OSError if the file can't be reached, ValueError if damaged."""


@dataclass(frozen=True, slots=True)
class UnreadSidecar:
    """A sidecar that can't be read.

    Attributes:
        path: Of the sidecar.
        reason: For people.
        damaged: Whether the file was reached but is damaged. Then another try makes sense only
            after the file has changed.
    """

    path: str
    reason: str
    damaged: bool


def read_sidecars(
    file: File, dates: Mapping[DateSource, str]
) -> tuple[UserMetadata, tuple[UnreadSidecar, ...]]:
    """Read all sidecars of a photo; never raises.

    Args:
        file: The photo's file.
        dates: What the file itself says, by source.

    Returns:
        What the sidecars say, and the sidecars that can't be read. The first sidecar goes before
        the others, but no word of the others is lost; see `joined`.
    """
    name = date_in_name(os.path.basename(file.path))
    dates = {**dates, DateSource.NAME: name} if name else dates
    said, unread = NOTHING, list[UnreadSidecar]()
    for sidecar in file.sidecars:
        more, failure = read_sidecar(sidecar.path)
        if failure is not None:
            unread.append(failure)
        elif format_of(sidecar.path) is SidecarFormat.TAKEOUT:
            more = replace(more, dates=takeout.local_dates(more.dates, dates))
        said = joined(said, more)
    return said, tuple(unread)


def read_sidecar(path: str) -> tuple[UserMetadata, UnreadSidecar | None]:
    """Return a sidecar's user metadata, or `NOTHING` and why it can't be read; never raises."""
    try:
        return READERS[format_of(path)](path), None
    except OSError as error:
        return NOTHING, UnreadSidecar(path, f"can't be read: {reason_of(error)}", damaged=False)
    except ValueError as error:
        return NOTHING, UnreadSidecar(path, str(error), damaged=True)


def joined(first: UserMetadata, second: UserMetadata) -> UserMetadata:
    """Return the metadata of two sidecars of a photo as one.

    If both have a title, a description, an alt text, a rating, a place on the map or a date of one
    source, the first one's counts. Texts of the second that give way so become notes, which are
    searched. Keywords, people, places and notes of both count.
    """
    kept = first.over(second)
    texts = {kept.title, kept.description, kept.alt_text}
    given_way = (
        text
        for text in (second.title, second.description, second.alt_text)
        if text and text not in texts
    )
    return replace(
        kept,
        keywords=distinct((*first.keywords, *second.keywords)),
        people=distinct((*first.people, *second.people)),
        places=distinct((*first.places, *second.places)),
        notes=distinct((*first.notes, *second.notes, *given_way)),
    )
