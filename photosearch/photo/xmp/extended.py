"""Extended XMP: a second packet in a JPEG, because a segment holds 64 kB (ISO 16684-3, 1.1.3.1).

The packet names the extension by the MD5 hash of its bytes. The segments of the extension may
stand in any order.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from photosearch.photo.xmp.damage import Damage

_HEADER = b"http://ns.adobe.com/xmp/extension/\0"
_NAME_LENGTH = 32
_NAMED = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Za-z]{32})")
_MAX_BYTES = 1 << 27


def joined_extension(packet: bytes, segments: Iterable[bytes]) -> tuple[bytes, list[Damage]]:
    """Return the extension that a JPEG's packet names, and its damage; empty if it names none.

    If a part is missing, or the hash differs, the bytes that are there are returned. Extensions of
    other names are leftovers. Many programs write a photo anew without any extension: then there is
    nothing to read, and no damage.

    Args:
        packet: the main packet.
        segments: the contents of the JPEG's APP1 segments, each with its header.
    """
    named = _NAMED.search(packet)
    segments = [segment for segment in segments if segment.startswith(_HEADER)]
    if named is None or not segments:
        return b"", []
    parts: dict[int, bytes] = {}
    start = len(_HEADER) + _NAME_LENGTH
    for segment in segments:
        if segment[:start].upper() == (_HEADER + named[1]).upper() and len(segment) > start + 8:
            offset = int.from_bytes(segment[start + 4 : start + 8], "big")
            parts.setdefault(offset, segment[start + 8 :])
    content = b"".join(parts[offset] for offset in sorted(parts))[:_MAX_BYTES]
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    is_whole = digest.upper() == named[1].decode("ascii").upper()
    return content, [] if is_whole else [Damage.EXTENSION]
