"""Sidecars of all formats, read into user metadata."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from photosearch.files.file import File
from photosearch.files.reasons import reason_of
from photosearch.files.sidecars import SidecarFormat, format_of
from photosearch.photo import takeout, xmp
from photosearch.photo.dates import DateSource
from photosearch.photo.named_dates import date_in_name
from photosearch.photo.user_metadata import NOTHING, UserMetadata

READERS: Mapping[SidecarFormat, Callable[[str], tuple[UserMetadata, str]]] = {
    SidecarFormat.XMP: xmp.read_sidecar,
    SidecarFormat.TAKEOUT: takeout.read_sidecar,
}
"""The reader of each format. It returns what a sidecar says, and the sidecar's damage in one line.

It raises OSError if the file can't be reached, ValueError if the damaged file says nothing.
"""


@dataclass(frozen=True, slots=True)
class UnreadSidecar:
    """A sidecar that can't be read, or only in part.

    Attributes:
        path: Of the sidecar.
        reason: For people.
        damaged: Whether the file was reached but is damaged. Then another try makes sense only
            after the file has changed.
        in_part: Whether the sidecar is damaged, but what it says could be read.
    """

    path: str
    reason: str
    damaged: bool
    in_part: bool = False


def read_sidecars(
    file: File, dates: Mapping[DateSource, str]
) -> tuple[UserMetadata, tuple[UnreadSidecar, ...]]:
    """Read all sidecars of a photo; never raises.

    Args:
        file: The photo's file.
        dates: What the file itself says, by source.

    Returns:
        What the sidecars say, and the sidecars that can't be read. The first sidecar goes before
        the others, but no word of the others is lost; see `UserMetadata.joined`.
    """
    name = date_in_name(os.path.basename(file.path))
    dates = {**dates, DateSource.NAME: name} if name else dates
    said, unread = NOTHING, list[UnreadSidecar]()
    for sidecar in file.sidecars:
        more, failure = read_sidecar(sidecar.path)
        if failure is not None:
            unread.append(failure)
        if format_of(sidecar.path) is SidecarFormat.TAKEOUT:
            more = replace(more, dates=takeout.local_dates(more.dates, dates))
        said = said.joined(more)
    return said, tuple(unread)


def read_sidecar(path: str) -> tuple[UserMetadata, UnreadSidecar | None]:
    """Return a sidecar's user metadata, and why it can't be read or only in part; never raises."""
    try:
        said, damage = READERS[format_of(path)](path)
    except OSError as error:
        return NOTHING, UnreadSidecar(path, f"can't be read: {reason_of(error)}", damaged=False)
    except ValueError as error:
        return NOTHING, UnreadSidecar(path, str(error), damaged=True)
    return said, UnreadSidecar(path, damage, damaged=True, in_part=True) if damage else None
