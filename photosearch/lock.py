"""A lock on a library: one process at a time changes what it knows of folders."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from photosearch.database import LibraryError, display

ENDING = "-lock"  # of the file beside the library; it stays, empty


class BusyError(LibraryError):
    """Another process is at work on the library."""


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Keep other indexers out of a library; the system lets go of the lock at a kill.

    Args:
        path: the library's file, in a folder that exists.

    Raises:
        BusyError: another process has the lock.
        LibraryError: the folder can't be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(os.path.realpath(path) + ENDING)  # a link is another name for one library
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BusyError(
            f"another photosearch is at work on {display(path)}: wait until it is done, or stop it"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise LibraryError(f"can't write beside {display(path)}: {reason}") from error
    except NotImplementedError:  # a file system without locks, as some network drives
        yield
        return
    try:
        yield
    finally:
        lock.release()
