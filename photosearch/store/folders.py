"""Folders of a library, as a person names them."""

from __future__ import annotations

import contextlib
import os
import sqlite3

from photosearch.errors import UnknownPathError, UsageError
from photosearch.files.ignore import reach
from photosearch.files.paths import absolute, is_below
from photosearch.store import moves, removal
from photosearch.store.roots import as_listed, outer_roots
from photosearch.text import display

Path = str | os.PathLike[str]


def forget(connection: sqlite3.Connection, folder: Path) -> int:
    """Forget a folder with its photos, their captions and edits.

    Returns:
        How many photos.

    Raises:
        UnknownPathError: the library knows nothing of the folder.
    """
    count = removal.forget(connection, as_listed(connection, folder))
    if count is None:
        raise UnknownPathError(f"{display(os.fspath(folder))} is not in the library")
    return count


def relocate(connection: sqlite3.Connection, old: Path, new: Path) -> int:
    """Move all that is known of a folder to another one, without reading a photo.

    Args:
        connection: to a library, for writing.
        old: a folder of the library, or a folder above or below it.
        new: where its photos lie now.

    Returns:
        How many photos.

    Raises:
        UnknownPathError: the library knows nothing of the old folder.
        UsageError: the new folder doesn't exist, holds no photo of the old folder, or holds photos
            that the library knows as well.
    """
    before, after = absolute(old), absolute(new)
    if not os.path.isdir(after):
        raise UsageError(f"{display(os.fspath(new))} is not a folder: nothing was changed")
    if not moves.is_there(connection, before, after):
        raise UsageError(
            f"no photo of {display(before)} lies in {display(after)} under the same name: "
            "nothing was changed"
        )
    count = moves.relocate(connection, before, after)
    if count is None:
        raise UnknownPathError(f"{display(os.fspath(old))} is not in the library")
    return count


def root_above(connection: sqlite3.Connection, folder: Path) -> str | None:
    """Return the root whose walk comes to a folder, or None."""
    path = as_listed(connection, folder)
    for root in outer_roots(connection):
        with contextlib.suppress(OSError):  # if rules can't be used, no walk comes to the folder
            if is_below(path, root) and reach(root, path) is not None:
                return root
    return None
