"""The lock on a library: one process at a time indexes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from photosearch.errors import BusyError, LibraryError
from photosearch.text import display

LOCK = "-lock"  # ending of the lock file, which keeps a second indexer out


@contextlib.contextmanager
def locked(path: str, timeout: float = 0) -> Iterator[None]:
    """Keep other indexers out of a library. If this process dies, the system frees the lock.

    Args:
        path: the library's file, in a folder that exists.
        timeout: seconds to wait for another process that has the lock.

    Raises:
        BusyError: another process has the lock.
        LibraryError: the folder can't be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(os.path.realpath(path) + LOCK)  # a link to a library has the library's lock
    try:
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise BusyError(
            f"another photosearch is at work on {display(path)}: wait until it is done, or stop it"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise LibraryError(f"can't write beside {display(path)}: {reason}") from error
    except NotImplementedError:  # a file system without locks: some network drives
        yield
        return
    try:
        yield
    finally:
        lock.release()
