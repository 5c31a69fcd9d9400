"""Sidecars of all formats, read into user metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from photosearch.files.reasons import reason_of
from photosearch.files.sidecars import SidecarFormat, format_of
from photosearch.photo import xmp
from photosearch.photo.user_metadata import NOTHING, UserMetadata

READERS: Mapping[SidecarFormat, Callable[[str], tuple[UserMetadata, str]]] = {
    SidecarFormat.XMP: xmp.read_sidecar,
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


def read_sidecar(path: str) -> tuple[UserMetadata, UnreadSidecar | None]:
    """Return a sidecar's user metadata, and why it can't be read or only in part; never raises."""
    try:
        said, damage = READERS[format_of(path)](path)
    except OSError as error:
        return NOTHING, UnreadSidecar(path, f"can't be read: {reason_of(error)}", damaged=False)
    except ValueError as error:
        return NOTHING, UnreadSidecar(path, str(error), damaged=True)
    return said, UnreadSidecar(path, damage, damaged=True, in_part=True) if damage else None
