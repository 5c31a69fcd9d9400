"""Files: the entries that a walk finds."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file with metadata of the photo beside it; see `photosearch.files.sidecars`.

    Attributes:
        path: The path as the walk lists it.
        mtime_ns: Time of the last change, in nanoseconds since 1970.
    """

    path: str
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class File:
    """A photo's file, as it lies on disk.

    Attributes:
        path: The path as the walk lists it.
        size: In bytes.
        mtime_ns: Time of the last change, in nanoseconds since 1970.
        inode: The file system's id of the file.
        sidecars: The sidecars beside the photo, the preferred first.
        twin: The RAW file that is one photo with this file; see `photosearch.files.pairs`.
        content_hash: SHA-256, 32 bytes; None until the file is read.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    sidecars: tuple[Sidecar, ...] = ()
    twin: File | None = None
    content_hash: bytes | None = None

    @property
    def sidecar_mtime_ns(self) -> int | None:
        """One number for the times of all sidecars; None: there is no sidecar.

        If a sidecar comes, changes or goes, the number changes. For a single sidecar it is the time
        of its last change, as libraries have held it since they knew one sidecar of a photo only.
        """
        times = [sidecar.mtime_ns for sidecar in self.sidecars]
        if len(times) < 2:
            return times[0] if times else None
        packed = struct.pack(f"<{len(times)}q", *times)
        digest = hashlib.blake2b(packed, digest_size=8).digest()
        return int.from_bytes(digest, "little", signed=True)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A photo or folder that can't be read, with the reason."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A picture or video in a format that can't be read: it is counted, and nothing else.

    Attributes:
        path: The path as the walk lists it.
        kind: See `photosearch.files.names.unread_kind`.
    """

    path: str
    kind: str
