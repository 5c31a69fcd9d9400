"""The lock on a library: one process at a time indexes."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator

from photosearch.errors import BusyError, LibraryError
from photosearch.store.database import LOCK, writing
from photosearch.text import display


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Keep other indexers out of a library. If this process dies, the system frees the lock.

    Args:
        path: the library's file, in a folder that exists.

    Raises:
        BusyError: another process has the lock.
        LibraryError: the folder can't be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(os.path.realpath(path) + LOCK)  # a link to a library has the library's lock
    try:
        lock.acquire(timeout=0)
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


@contextlib.contextmanager
def changing(path: str) -> Iterator[sqlite3.Connection]:
    """Open a library for writing, with other indexers kept out.

    Args:
        path: the library's file; if it doesn't exist, it is made.

    Raises:
        BusyError: another process is at work on the library.
        LibraryError: the library can't be used, or another program removed it meanwhile.
    """
    path = os.path.abspath(path)
    with writing(path) as connection, locked(path):
        before = os.stat(path)
        yield connection
        if not os.path.exists(path) or not os.path.samestat(before, os.stat(path)):
            raise LibraryError(
                f"{display(path)} was removed while it was written: what was done since is lost, "
                "the same command does it again"
            )
