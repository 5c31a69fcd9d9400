"""Drives: whether what can't be seen may be on one that is unplugged."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

# Where systems make a folder for each drive, and take it away with the drive.
_DRIVES = re.compile(r"/media|/media/[^/]+|/run/media(/[^/]+)?|/mnt|/Volumes")


def holds_drives(folder: str) -> bool:
    """Tell whether drives have their places in a folder."""
    return _DRIVES.fullmatch(folder) is not None


def is_unplugged(folder: str, holds_drives: Callable[[str], bool]) -> bool:
    """Tell whether a folder may be on a drive that was unplugged.

    Then it, or the nearest one above that is there, is empty or out of reach, or one in which
    drives come and go.

    Args:
        folder: absolute.
        holds_drives: as the function of that name.
    """
    nearest = folder
    while is_gone(nearest) and nearest != os.path.dirname(nearest):
        nearest = os.path.dirname(nearest)
    if is_empty_or_closed(nearest):
        return True
    return nearest != folder and holds_drives(os.path.realpath(nearest))


def is_gone(path: str | bytes) -> bool:
    """Tell whether nothing is at a path; not for one that can't be looked at."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # or no path that a file can have
        return True
    except OSError:
        pass
    return False


def is_empty_or_closed(folder: str) -> bool:
    """Tell whether nothing can be seen in a folder, or there is no folder."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return True
