"""Sidecars: small files with metadata of the photos beside them, known by their names.

The sidecar of `photo.jpg` is `photo.jpg.xmp`, or else `photo.xmp`; capitals don't count.
`photosearch.photo.sidecars` reads each format.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from enum import StrEnum

from photosearch.files.paths import mtime_ns_of


class SidecarFormat(StrEnum):
    """The formats of sidecars: the endings of their names, in lower case, the preferred first."""

    XMP = ".xmp"


_ENDINGS = tuple(SidecarFormat)


def is_sidecar_name(name: str) -> bool:
    """Return whether a file name or path ends like a sidecar's."""
    return name.lower().endswith(_ENDINGS)


def format_of(path: str) -> SidecarFormat:
    """Return the format of a sidecar, by its name.

    Raises:
        ValueError: the path is no sidecar's.
    """
    return SidecarFormat(os.path.splitext(path)[1].lower())


def sidecar_names(path: str) -> list[str]:
    """Return the paths that a photo's sidecar may have, the preferred path first."""
    stem = os.path.splitext(path)[0]
    return [f"{start}{ending}" for ending in _ENDINGS for start in (path, stem)]


def sidecars_among(names: Iterable[str]) -> dict[str, str]:
    """Return the sidecars among the names in a folder, each by its name in lower case."""
    return {name.lower(): name for name in names if is_sidecar_name(name)}


def list_sidecars(folder: str) -> dict[str, str]:
    """Return the names of the sidecars in a folder, each by its name in lower case.

    Raises:
        OSError: the folder can't be opened.
    """
    return sidecars_among(sorted(os.listdir(folder)))


def find_sidecar(path: str, names: Mapping[str, str]) -> tuple[str, int] | None:
    """Find the sidecar of a photo.

    Args:
        path: of the photo.
        names: of the sidecars in the photo's folder, from `list_sidecars`.

    Returns:
        The sidecar's path and the time of its last change, in nanoseconds. If no regular file has
        a sidecar's name, None.
    """
    for wanted in sidecar_names(path):
        folder, name = os.path.split(wanted)
        found = names.get(name.lower())
        if found is None:
            continue
        sidecar = os.path.join(folder, found)
        try:
            status = os.stat(sidecar)
        except OSError:  # gone meanwhile, or a broken link
            continue
        if stat.S_ISREG(status.st_mode):
            return sidecar, mtime_ns_of(status)
    return None
