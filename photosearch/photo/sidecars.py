"""Sidecars of all formats, read into user metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from photosearch.files.reasons import reason_of
from photosearch.files.sidecars import SidecarFormat, format_of
from photosearch.photo import xmp
from photosearch.photo.user_metadata import NOTHING, UserMetadata

READERS: Mapping[SidecarFormat, Callable[[str], UserMetadata]] = {
    SidecarFormat.XMP: xmp.read_sidecar,
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


def read_sidecar(path: str) -> tuple[UserMetadata, UnreadSidecar | None]:
    """Return a sidecar's user metadata, or `NOTHING` and why it can't be read; never raises."""
    try:
        return READERS[format_of(path)](path), None
    except OSError as error:
        return NOTHING, UnreadSidecar(path, f"can't be read: {reason_of(error)}", damaged=False)
    except ValueError as error:
        return NOTHING, UnreadSidecar(path, str(error), damaged=True)
