"""Damage: what is wrong with XMP that was still read, in words for people."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Damage(StrEnum):
    """The kinds of damage; each value is its wording."""

    NO_XMP = "no XMP in it"
    CUT_OFF = "it is cut off"
    BEFORE = "text before the packet"
    BEHIND = "text behind the packet"
    SECOND = "a second packet behind the first"
    ENCODING = "bytes that are no Unicode"
    CONTROL = "control characters"
    AMPERSAND = 'a bare "&" or an unknown entity'
    LESS = 'a bare "<"'
    TAG = "a malformed tag"
    NESTING = "tags without their counterparts"
    PREFIX = "a prefix without a namespace"
    DEPTH = "tags nested too deep"
    LENGTH = "too long a text"
    AMOUNT = "too many tags or words"
    EXTENSION = "a damaged extension"


def told(damage: Iterable[Damage]) -> str:
    """Return damage in one line for people, each kind once; empty if there is none."""
    kinds = ", ".join(dict.fromkeys(damage))
    return f"damaged, but read as far as possible: {kinds}" if kinds else ""
