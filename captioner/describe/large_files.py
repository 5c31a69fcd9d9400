"""Large files: short hashes that tell them apart, one quick and one of all bytes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_PIECES, _PIECE = 32, 4096  # of a sample; a piece in bytes


def sample_hash(file: Path) -> str:
    """Return a hash of a file's size and of pieces spread over the file.

    It takes a tenth of a millisecond, because it is compared whenever a model is loaded. Another
    training changes all pieces. A change of a few bytes may be missed: `whole_hash` finds it.

    Raises:
        OSError: the file can't be read.
    """
    size = os.path.getsize(file)
    digest = hashlib.sha256(str(size).encode())
    with open(file, "rb") as opened:
        for piece in range(_PIECES):
            opened.seek(max(size - _PIECE, 0) * piece // (_PIECES - 1))
            digest.update(opened.read(_PIECE))
    return digest.hexdigest()[:16]


def whole_hash(file: Path) -> str:
    """Return a hash of all bytes of a file.

    Raises:
        OSError: the file can't be read.
    """
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:16]
