"""Sidecars: read by their format into what people wrote about a photo."""

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
"""What reads each format: raises OSError for a file out of reach, ValueError for a damaged one."""


@dataclass(frozen=True, slots=True)
class UnreadSidecar:
    """A sidecar that can't be read.

    Attributes:
        path: Of the sidecar.
        reason: For people.
        damaged: Whether it was reached: then another try makes sense only when it has changed.
    """

    path: str
    reason: str
    damaged: bool


def read_sidecar(path: str) -> tuple[UserMetadata, UnreadSidecar | None]:
    """Return what a sidecar says, or nothing and why it can't be read; never raises."""
    try:
        return READERS[format_of(path)](path), None
    except OSError as error:
        return NOTHING, UnreadSidecar(path, f"can't be read: {reason_of(error)}", damaged=False)
    except ValueError as error:
        return NOTHING, UnreadSidecar(path, str(error), damaged=True)
