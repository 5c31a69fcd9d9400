"""Drives: an empty folder is the place of an unplugged drive.

When a drive is unplugged, its folder stays behind empty or disappears. So if nothing can be seen in
a folder, nothing is known about its photos: the library keeps them until the drive is back.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable

# Folders in which systems make a folder for each drive, and remove it with the drive.
_DRIVES = re.compile(r"/media|/media/[^/]+|/run/media(/[^/]+)?|/mnt|/Volumes")


def is_reachable(folder: str) -> bool:
    """Return whether something can be seen in a folder: it exists, is open and not empty."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def is_emptied(path: str) -> bool:
    """Return whether a folder exists, but nothing can be seen in it; for a file, False."""
    return os.path.isdir(path) and not is_reachable(path)


def identity_of(path: str) -> tuple[int, int] | None:
    """Return device and inode of a file or folder; None if it is gone or emptied."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    if stat.S_ISDIR(status.st_mode) and not is_reachable(path):
        return None
    return status.st_dev, status.st_ino


def holds_drives(folder: str) -> bool:
    """Return whether systems make the folders of drives in a folder."""
    return _DRIVES.fullmatch(folder) is not None


def is_unplugged(folder: str, holds_drives: Callable[[str], bool]) -> bool:
    """Return whether a folder may be on a drive that was unplugged.

    It may be if nothing can be seen in the folder. If the folder is gone, it may be if nothing can
    be seen in the nearest existing folder above it, or if that folder holds drives.

    Args:
        folder: absolute.
        holds_drives: see the function of that name.
    """
    nearest = folder
    while is_gone(nearest) and nearest != os.path.dirname(nearest):
        nearest = os.path.dirname(nearest)
    if not is_reachable(nearest):
        return True
    return nearest != folder and holds_drives(os.path.realpath(nearest))


def is_gone(path: str | bytes) -> bool:
    """Return whether nothing is at a path. If a path can't be reached, it isn't gone."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: an impossible path
        return True
    except OSError:
        pass
    return False
