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
    file: File, own: UserMetadata, dates: Mapping[DateSource, str]
) -> tuple[UserMetadata, tuple[UnreadSidecar, ...]]:
    """Return what a photo's file and all its sidecars say; never raises.

    XMP sidecars are joined, the first before the others, and go over the file: a program that
    writes one writes all that counts now. Takeout's file tells only what a person wrote in Google
    Photos. So it takes no word from the photo and from the XMP sidecars, and adds its own.

    Args:
        file: The photo's file.
        own: What people wrote into the file.
        dates: What EXIF in the file says, by source.

    Returns:
        What people wrote, and the sidecars that can't be read, or only in part.
    """
    name = date_in_name(os.path.basename(file.path))
    dates = {**dates, **own.dates, **({DateSource.NAME: name} if name else {})}
    said = dict.fromkeys(SidecarFormat, NOTHING)
    unread = []
    for sidecar in file.sidecars:
        format = format_of(sidecar.path)
        more, failure = read_sidecar(sidecar.path)
        if failure is not None:
            unread.append(failure)
        if format is SidecarFormat.TAKEOUT:
            more = replace(more, dates=takeout.local_dates(more.dates, dates))
        said[format] = said[format].joined(more)
    added = said[SidecarFormat.TAKEOUT]
    whole = said[SidecarFormat.XMP].over(added.joined(own)).joined(added)
    return whole, tuple(unread)


def read_sidecar(path: str) -> tuple[UserMetadata, UnreadSidecar | None]:
    """Return a sidecar's user metadata, and why it can't be read or only in part; never raises."""
    try:
        said, damage = READERS[format_of(path)](path)
    except OSError as error:
        return NOTHING, UnreadSidecar(path, f"can't be read: {reason_of(error)}", damaged=False)
    except ValueError as error:
        return NOTHING, UnreadSidecar(path, str(error), damaged=True)
    return said, UnreadSidecar(path, damage, damaged=True, in_part=True) if damage else None
