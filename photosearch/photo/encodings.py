"""Encodings of texts in photo files, which often don't tell their encoding."""

from __future__ import annotations


def decoded(raw: bytes, encoding: str | None = None) -> str:
    """Return a text up to its first NUL: as UTF-8, or else in another encoding.

    A character that was cut in two at the end of UTF-8 is left out.

    Args:
        raw: the text.
        encoding: where it isn't UTF-8; None: Windows-1252, which has all letters of Latin-1.
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
    return raw.decode(encoding or "cp1252", "replace")


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
