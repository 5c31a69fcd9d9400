"""EXIF's texts: what cameras' owners and Windows write into EXIF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import Image

from photosearch.photo.encodings import decoded, decoded_utf_16, order_of_utf_16
from photosearch.photo.junk import is_doubtful
from photosearch.photo.user_metadata import NOTHING, UserMetadata, cleaned, stars
from photosearch.text import one_line

MAX_BYTES = 1 << 18
"""Longer texts are not read."""

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_DOCUMENT_NAME, _IMAGE_DESCRIPTION = 0x010D, 0x010E
_RATING, _RATING_PERCENT = 0x4746, 0x4749
# Windows' fields, in UTF-16. https://exiftool.org/TagNames/EXIF.html
_XP_TITLE, _XP_COMMENT, _XP_KEYWORDS, _XP_SUBJECT = 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F
_USER_COMMENT, _IMAGE_TITLE = 0x9286, 0xA436
_GPS_AREA = 0x001C  # the name of the area

_CODE_BYTES = 8
_JAPANESE = ("iso2022_jp", "euc_jp", "shift_jis")

_Tags = Mapping[int, Any]


def read_exif_texts(exif: Image.Exif) -> UserMetadata:
    """Read the texts and the rating in EXIF. Malformed EXIF raises nothing: it has no texts."""
    try:
        first, inner, gps = dict(exif), exif.get_ifd(_EXIF_IFD), exif.get_ifd(_GPS_IFD)
        order = exif.endian or "<"
    except Exception:  # Pillow raises errors of any kind
        return NOTHING
    name = _text(first, _DOCUMENT_NAME)
    comments = (
        _windows(first, _XP_COMMENT),
        _windows(first, _XP_SUBJECT),
        _coded(inner, _USER_COMMENT, order),
        # Scanners write the name of the file or its path.
        "" if is_doubtful(one_line(name, MAX_BYTES)) else name,
    )
    return cleaned(
        UserMetadata(
            title=_windows(first, _XP_TITLE) or _text(inner, _IMAGE_TITLE),
            description=_text(first, _IMAGE_DESCRIPTION),
            keywords=tuple(_windows(first, _XP_KEYWORDS).split(";")),
            rating=_rating(first),
            places=(_coded(gps, _GPS_AREA, order),),
            notes=comments,
        )
    )


def decoded_comment(raw: bytes, order: str) -> str:
    """Return a text of EXIF that begins with a code of 8 bytes; empty if it is no text.

    Args:
        raw: the code and the text.
        order: of EXIF's own bytes, `<` for little or `>` for big endian.
    """
    code, text = raw[:_CODE_BYTES].rstrip(b"\0 ").upper(), raw[_CODE_BYTES:]
    if code == b"UNICODE":
        # Some programs write UTF-8 nevertheless. UTF-16 of most scripts has NULs or is no UTF-8.
        return _utf_8(text) or decoded_utf_16(text, order_of_utf_16(text, order))
    if code == b"JIS":
        return next((found for name in _JAPANESE if (found := _strictly(text, name))), "")
    if code in (b"", b"ASCII"):
        return _printable(decoded(text))
    return _printable(decoded(raw))  # without a code


def _coded(tags: _Tags, tag: int, order: str) -> str:
    return decoded_comment(_bytes(tags, tag), order)


def _text(tags: _Tags, tag: int) -> str:
    return decoded(_bytes(tags, tag))


def _windows(tags: _Tags, tag: int) -> str:
    """Return a text of Windows: UTF-16, little endian whatever the order of EXIF's own bytes."""
    return decoded_utf_16(_bytes(tags, tag))


def _bytes(tags: _Tags, tag: int) -> bytes:
    """Return the bytes of a text, whatever type it has; empty if it is none or too long."""
    value = tags.get(tag, b"")
    try:
        if isinstance(value, str):  # Pillow decodes every byte as Latin-1
            value = value.encode("latin-1")
        raw = bytes(value) if isinstance(value, bytes | tuple) else b""
    except (ValueError, TypeError):
        return b""
    return raw if len(raw) <= MAX_BYTES else b""


def _rating(tags: _Tags) -> int | None:
    rating, percent = tags.get(_RATING), tags.get(_RATING_PERCENT)
    if isinstance(rating, int) and 0 <= rating <= 5:
        return rating
    return stars(percent) if isinstance(percent, int) else None


def _utf_8(raw: bytes) -> str:
    text = _strictly(raw.rstrip(b"\0"), "utf-8")
    return "" if "\0" in text else text


def _strictly(raw: bytes, encoding: str) -> str:
    """Return a text up to its NULs; empty if it isn't in the encoding."""
    try:
        return raw.rstrip(b"\0").decode(encoding)
    except UnicodeDecodeError:
        return ""


def _printable(text: str) -> str:
    """Return a text; empty if it holds control codes, as data do that are no text."""
    is_text = all(char.isprintable() or char.isspace() for char in text)
    return text if is_text and "\ufffd" not in text else ""
