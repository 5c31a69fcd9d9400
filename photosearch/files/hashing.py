"""Hashes of files: the same content has the same hash, whatever the file's path."""

from __future__ import annotations

import hashlib
import os
import stat
from io import BufferedReader

MAX_BYTES = 4 << 30
"""Larger files are not compared by content."""

SAMPLE = 1 << 16
"""Bytes from the middle of a file: enough to tell most files of one size apart."""


def content_hash(file: BufferedReader) -> bytes:
    """Return the SHA-256 of a whole file, 32 bytes.

    The whole file is read, because two scans of one size may differ in the middle only. If their
    hashes were the same, the second scan would get the captions of the first.

    Args:
        file: seekable; it is read from its start.

    Raises:
        OSError: the file can't be read.
    """
    file.seek(0)
    return hashlib.file_digest(file, "sha256").digest()


def sample(path: str) -> bytes | None:
    """Return a hash of the middle of a file, 32 bytes; None if the file can't be read.

    The beginning and the end tell less: scans begin and end white, and all photos of a camera begin
    alike.
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return None
        with open(path, "rb") as file:
            file.seek(max(0, status.st_size - SAMPLE) // 2)
            return hashlib.sha256(file.read(SAMPLE)).digest()
    except OSError:
        return None


def hash_file(path: str) -> bytes | None:
    """Return the SHA-256 of a file, 32 bytes; None if it can't be read or is too large.

    A file of over `MAX_BYTES` is hardly a photo, and may take hours to read.
    """
    try:
        status = os.stat(path)
        # Opening a FIFO would wait for a writer.
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            return None
        with open(path, "rb") as file:
            return content_hash(file)
    except OSError:
        return None
