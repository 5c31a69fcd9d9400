"""The encoding of a packet: from bytes to text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from photosearch.photo.xmp.damage import Damage

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's mark, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Without a mark, the NULs around the first "<" tell.
_FIRST_TAGS = (
    (re.compile(rb"[^<]*<\0\0\0[^\0]\0\0\0", re.DOTALL), "utf-32-le"),
    (re.compile(rb"[^<]*\0\0\0<\0\0\0[^\0]", re.DOTALL), "utf-32-be"),
    (re.compile(rb"[^<]*<\0[^\0]\0", re.DOTALL), "utf-16-le"),
    (re.compile(rb"[^<]*\0<\0[^\0]", re.DOTALL), "utf-16-be"),
)
# XMP is always Unicode, but XML isn't.
_DECLARED = re.compile(
    rb"\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']"
    rb"(iso-8859-\d{1,2}|windows-125\d|koi8-r|shift_jis|euc-(?:jp|kr)|gb(?:2312|k|18030)|big5)[\"']",
    re.IGNORECASE,
)


def decoded(pieces: Iterable[bytes]) -> Iterator[str | Damage]:
    """Yield the text of a packet, piece by piece.

    It is UTF-8, UTF-16, UTF-32 or what an XML declaration says. Bytes that are no UTF-8 are read as
    Windows-1252, and the damage is yielded before them.
    """
    pieces = iter(pieces)
    first = next(pieces, b"")
    encoding = _encoding(first)
    tolerance = _WINDOWS_1252 if encoding == "utf-8" else "replace"
    strict = codecs.getincrementaldecoder(encoding)("strict")
    tolerant = codecs.getincrementaldecoder(encoding)(tolerance)
    for piece in chain([first], pieces, [b""]):
        state = strict.getstate()
        is_last = not piece
        try:
            yield strict.decode(piece, is_last)
        except UnicodeDecodeError:
            tolerant.setstate(state)
            yield Damage.ENCODING
            yield tolerant.decode(piece, is_last)
            strict.setstate(tolerant.getstate())
        if is_last:
            return


def _encoding(start: bytes) -> str:
    """Return the name of an encoding by the start of a packet."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    for first_tag, encoding in _FIRST_TAGS:
        if first_tag.match(start):
            return encoding
    declared = _DECLARED.match(start)
    return declared[1].decode("ascii") if declared else "utf-8"


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decode the bytes that an error is about; the second value is the end of these bytes."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


_WINDOWS_1252 = "photosearch.windows-1252"
codecs.register_error(_WINDOWS_1252, _as_windows_1252)
