"""What a walk finds: files, and what it had to skip."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A photo's file, as it lies on disk.

    Attributes:
        path: As the walk lists it.
        size: In bytes.
        mtime_ns: Time of the last change, in nanoseconds since 1970.
        inode: The file system's number of the file.
        sidecar: Path of the sidecar beside it; see `photosearch.files.sidecars`.
        sidecar_mtime_ns: Time of the sidecar's last change.
        twin: The RAW file that is one photo with this file; see `photosearch.files.pairs`.
        content_hash: SHA-256, 32 bytes; None as long as nobody has read the file.
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
    """Something that looked like a photo or a folder of photos, and why it can't be read."""

    path: str
    reason: str
