"""Reasons: why something on disk can't be read, in words for people."""

from __future__ import annotations

import errno

_REASONS = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "it is gone",
    errno.ENOTDIR: "it is gone",
    errno.ELOOP: "links lead in a circle",
    errno.ENAMETOOLONG: "the path is too long",
}


def reason_of(error: OSError) -> str:
    """Say in a few words why a file or folder can't be opened."""
    known = _REASONS.get(error.errno or 0)
    return known or (error.strerror or type(error).__name__).lower()
