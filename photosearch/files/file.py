"""Files: the entries that a walk finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A photo's file, as it lies on disk.

    Attributes:
        path: The path as the walk lists it.
        size: In bytes.
        mtime_ns: Time of the last change, in nanoseconds since 1970.
        inode: The file system's id of the file.
        sidecar: Path of the sidecar beside the photo; see `photosearch.files.sidecars`.
        sidecar_mtime_ns: Time of the sidecar's last change.
        twin: The RAW file that is one photo with this file; see `photosearch.files.pairs`.
        content_hash: SHA-256, 32 bytes; None until the file is read.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    sidecar: str | None = None
    sidecar_mtime_ns: int | None = None
    twin: File | None = None
    content_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A photo or folder that can't be read, with the reason."""

    path: str
    reason: str
