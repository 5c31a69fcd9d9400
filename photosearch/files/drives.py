"""Drives: an empty folder is the place of an unplugged drive.

When a drive is unplugged, its folder stays behind empty, or goes too. So a folder in which
nothing can be seen tells nothing about its photos: they stay known until the drive is back.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable

# Where systems make a folder for each drive, and take it away with the drive.
_DRIVES = re.compile(r"/media|/media/[^/]+|/run/media(/[^/]+)?|/mnt|/Volumes")


def is_reachable(folder: str) -> bool:
    """Tell whether something can be seen in a folder: it is there, open and not empty."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def is_emptied(path: str) -> bool:
    """Tell whether a folder is there, but nothing can be seen in it; never so for a file."""
    return os.path.isdir(path) and not is_reachable(path)


def identity_of(path: str) -> tuple[int, int] | None:
    """Return device and inode of a file or folder; None where it is gone or emptied."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    if stat.S_ISDIR(status.st_mode) and not is_reachable(path):
        return None
    return status.st_dev, status.st_ino


def holds_drives(folder: str) -> bool:
    """Tell whether drives have their places in a folder."""
    return _DRIVES.fullmatch(folder) is not None


def is_unplugged(folder: str, holds_drives: Callable[[str], bool]) -> bool:
    """Tell whether a folder may be on a drive that was unplugged.

    It may be if nothing can be seen in the folder itself or, where it is gone, in the nearest
    folder above that is there. It also may be if it is gone from a folder that holds drives.

    Args:
        folder: absolute.
        holds_drives: as the function of that name.
    """
    nearest = folder
    while is_gone(nearest) and nearest != os.path.dirname(nearest):
        nearest = os.path.dirname(nearest)
    if not is_reachable(nearest):
        return True
    return nearest != folder and holds_drives(os.path.realpath(nearest))


def is_gone(path: str | bytes) -> bool:
    """Tell whether nothing is at a path; a path that can't be looked at isn't gone."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # or no path that a file can have
        return True
    except OSError:
        pass
    return False
