"""Encodings of texts in photo files, which often don't tell their encoding."""

from __future__ import annotations

import re

# Bytes that Windows-1252 has no letter for, and its letters and signs that stand in no word.
_MAC = re.compile(
    rb"[\x81\x8d\x8f\x90\x9d]|[a-z][\x86\x88\x8a\x8e\x9f]|[A-Z][\x86\x88\x8a\x8e\x9f][a-z]"
)


def decoded(raw: bytes, encoding: str | None = None) -> str:
    """Return a text up to its first NUL: as UTF-8, or else in another encoding.

    A character that was cut in two at the end of UTF-8 is left out.

    Args:
        raw: the text.
        encoding: where it isn't UTF-8; None: Windows-1252, which has all letters of Latin-1, or
            that of old Macs.
    """
    raw = raw.lstrip(b"\0").partition(b"\0")[0]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        whole = raw[: error.start]
        # A single letter beyond ASCII, at the end, is one of Latin-1: "Zoë".
        if error.reason == "unexpected end of data" and (
            encoding == "utf-8" or not whole.isascii()
        ):
            return whole.decode("utf-8")
    if encoding == "utf-8" and not _has_utf_8(raw):
        encoding = None  # a program announced UTF-8 over another program's text
    if encoding is None and _MAC.search(raw):
        return raw.decode("mac_roman")
    return raw.decode(encoding or "cp1252", "replace")


def _has_utf_8(raw: bytes) -> bool:
    """Return whether a damaged text has any letter beyond ASCII in UTF-8."""
    return any(not char.isascii() for char in raw.decode("utf-8", "ignore"))


def decoded_utf_16(raw: bytes, order: str = "<") -> str:
    """Return a text in UTF-16, up to its first NUL.

    Args:
        raw: the text.
        order: of its bytes, if no mark at its start tells it: `<` for little, `>` for big endian.
    """
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        order, raw = "<" if raw[0] == 0xFF else ">", raw[2:]
    encoding = "utf-16-le" if order == "<" else "utf-16-be"
    text = raw[: len(raw) // 2 * 2].decode(encoding, "replace")
    return text.lstrip("\0").partition("\0")[0]


def order_of_utf_16(raw: bytes, order: str) -> str:
    """Return the probable order of a text's bytes: the upper bytes differ less than the lower ones.

    Args:
        raw: the text in UTF-16.
        order: to return if both differ as much, `<` for little or `>` for big endian.
    """
    first, second = len({*raw[::2]}), len({*raw[1::2]})
    return order if first == second else "<" if second < first else ">"
