"""PNG files: copies without damaged chunks, or without pixels.

Browsers leave out a damaged chunk that no pixel depends on; Pillow refuses the file. The chunks:
https://www.w3.org/TR/png-3/.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_METADATA = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
_MAX_METADATA = 1 << 26  # bytes in all

_ANCILLARY = 0x20  # this bit of a type's first letter: the chunk can be left out

# Bytes that a chunk of each type has at least: section 11.3 of the standard. Pillow refuses shorter
# chunks of these types.
_LEAST = {
    b"acTL": 8, b"cHRM": 32, b"fcTL": 26, b"fdAT": 4, b"gAMA": 4, b"iCCP": 3, b"pHYs": 9,
    b"sRGB": 1,
}  # fmt: skip


def without_bad_chunks(file: BinaryIO) -> io.BytesIO | None:
    """Return a copy of a PNG file without the unimportant chunks that are damaged.

    A chunk is damaged if its checksum is wrong, or if it is too short for its type. Important
    chunks (header, palette, pixels) are not checked.

    Args:
        file: seekable; read whole, from its start.

    Returns:
        The copy; None: the file is no PNG, or has no such chunk.
    """
    file.seek(0)
    if file.read(len(SIGNATURE)) != SIGNATURE:
        return None
    raw = SIGNATURE + file.read()
    kept, at, start = [], 0, len(SIGNATURE)
    while start + 12 <= len(raw):
        length, kind = struct.unpack_from(">I4s", raw, start)
        end = start + 12 + length
        if kind[0] & _ANCILLARY and end <= len(raw):
            (checksum,) = struct.unpack_from(">I", raw, end - 4)
            is_short = length < _LEAST.get(kind, 0)
            if is_short or zlib.crc32(raw[start + 4 : end - 4]) != checksum:
                kept.append(raw[at:start])
                at = end
        start = end
    return io.BytesIO(b"".join([*kept, raw[at:]])) if kept else None


def without_pixels(file: BinaryIO) -> bytes:
    """Return a PNG of one pixel with the metadata of a PNG file.

    PNG allows metadata behind the pixels. Pillow finds those only while it decodes the pixels.
    """
    chunks, size = [_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))], 0
    file.seek(len(SIGNATURE))
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind not in _METADATA:
            file.seek(length + 4, io.SEEK_CUR)
            continue
        size += length
        if size > _MAX_METADATA or len(data := file.read(length)) < length:
            break
        chunks.append(_chunk(kind, data))
        file.seek(4, io.SEEK_CUR)  # the checksum
    return b"".join((SIGNATURE, *chunks, _chunk(b"IDAT", zlib.compress(b"\0\0")),
                     _chunk(b"IEND", b"")))  # fmt: skip


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG; see https://www.w3.org/TR/png-3/#5Chunk-layout."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
