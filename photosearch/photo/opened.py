"""Photo files, opened to be read; what goes wrong is told in words for people."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from io import BufferedReader
from typing import BinaryIO

from photosearch.photo.picture import UndecodableError

_stderr_lock = threading.Lock()


class UnreachableError(UndecodableError):
    """The file can't be reached now. Its content is not known, so it may be tried again."""


@contextlib.contextmanager
def opened(path: str) -> Iterator[BufferedReader]:
    """Open a photo file, read-only, for as long as a decoder needs.

    Raises:
        UndecodableError: The file can't be read, or a decoder raised an error meanwhile: any error.
            If the system can't reach the file now, it is an UnreachableError.
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # opening a FIFO would wait for a writer
            raise UndecodableError("not a regular file")
        if status.st_size == 0:
            raise UndecodableError("empty file")
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield file
            except (OSError, RuntimeError, ValueError, SyntaxError) as error:
                if _ends_early(file, status.st_size):
                    raise UndecodableError("truncated file") from error
                raise
    except UndecodableError:
        raise
    except Exception as error:  # decoders raise anything: struct.error, KeyError, zlib.error
        raise (UnreachableError if _may_pass(error) else UndecodableError)(
            _reason(error)
        ) from error


def _ends_early(file: BinaryIO, size: int) -> bool:
    """Return whether a WebP file is shorter than its header says; its decoder reports no error."""
    file.seek(0)
    start = file.read(8)
    return start[:4] == b"RIFF" and int.from_bytes(start[4:], "little") + 8 > size


def _may_pass(error: Exception) -> bool:
    """Return whether the system couldn't reach a file, as on an unplugged drive."""
    if not isinstance(error, OSError) or error.errno is None:
        return False
    return error.errno not in (errno.EACCES, errno.EPERM)  # permissions don't pass


def _reason(error: Exception) -> str:
    """Return the reason of an error in one clean line."""
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    if isinstance(error, OSError) and error.errno is not None:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return "file is gone"
        if error.errno in (errno.EACCES, errno.EPERM):
            return "permission denied"
        return f"can't be read: {os.strerror(error.errno).lower()}"
    words = "".join(char if char.isprintable() else " " for char in str(error)).split()
    text = " ".join(words)[:200] or type(error).__name__
    if any(sign in text.lower() for sign in ("truncated", "end of file")):
        return "truncated file"
    return f"can't be decoded: {text}"


@contextlib.contextmanager
def muted_stderr(file: BinaryIO) -> Iterator[None]:
    """Redirect file descriptor 2 to nothing, because some decoders print their errors to it.

    Only one thread at a time may do so: a second thread would take the redirected descriptor for
    the original.
    """
    if file.fileno() <= 2:  # stderr was closed, and the photo's file got its descriptor
        yield
        return
    with _stderr_lock, contextlib.ExitStack() as undo:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        undo.callback(os.close, nowhere)
        original = os.dup(2)
        undo.callback(os.close, original)
        os.dup2(nowhere, 2)
        undo.callback(os.dup2, original, 2)
        yield
