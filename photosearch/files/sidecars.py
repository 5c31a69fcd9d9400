"""Sidecars: XMP files beside photos, known by their names."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping

from photosearch.files.paths import mtime_ns_of


def sidecar_names(path: str) -> tuple[str, str]:
    """Return the paths that a photo's sidecar may have, the better one first."""
    return f"{path}.xmp", f"{os.path.splitext(path)[0]}.xmp"


def sidecars_among(names: Iterable[str]) -> dict[str, str]:
    """Return those of a folder's names that XMP files have, by the same in lower case."""
    return {name.lower(): name for name in names if name.lower().endswith(".xmp")}


def list_sidecars(folder: str) -> dict[str, str]:
    """Return the names of XMP files in a folder, by the same in lower case.

    Raises:
        OSError: the folder can't be opened.
    """
    return sidecars_among(sorted(os.listdir(folder)))


def find_sidecar(path: str, names: Mapping[str, str]) -> tuple[str, int] | None:
    """Find the sidecar of a photo.

    Args:
        path: of the photo.
        names: what `list_sidecars` gives of its folder.

    Returns:
        Its path and the time of its last change, in nanoseconds; None where there is none that is
        a regular file.
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
