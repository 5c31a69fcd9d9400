"""Names: which files are photos, by the endings of their names."""

from __future__ import annotations

import os

CAMERA_SUFFIXES: frozenset[str] = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".heic", ".heif", ".hif"}
)
"""Endings, in lower case, of the files that cameras write instead of a RAW file or beside it."""

RAW_SUFFIXES: frozenset[str] = frozenset(
    {".cr2", ".cr3", ".nef", ".nrw", ".arw", ".sr2", ".dng", ".raf", ".orf", ".rw2"}
    | {".pef", ".srw"}
)
"""Endings of RAW files, in lower case."""

SUFFIXES: frozenset[str] = (
    frozenset({".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif"})
    | {".jp2", ".j2k", ".jpf", ".jpx", ".j2c"}
    | CAMERA_SUFFIXES
    | RAW_SUFFIXES
)
"""Endings of photos, in lower case."""


def is_photo_name(name: str) -> bool:
    """Return whether a file name or path ends like a photo's."""
    return os.path.splitext(name)[1].lower() in SUFFIXES
