"""XMP: the metadata that photo programs write into a photo or into a sidecar beside it.

A packet is RDF in XML (ISO 16684-1, https://github.com/adobe/XMP-Toolkit-SDK/tree/main/docs). It is
read piece by piece: bytes → text (`decoding`) → tags (`markup`) → values of properties (`rdf`) →
user metadata (`properties`). Nothing in a packet stops the reading; the damage is returned.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

from photosearch.photo.user_metadata import UserMetadata
from photosearch.photo.xmp.damage import Damage, told
from photosearch.photo.xmp.decoding import decoded
from photosearch.photo.xmp.extended import joined_extension
from photosearch.photo.xmp.markup import tokens
from photosearch.photo.xmp.properties import WANTED, user_language, user_metadata
from photosearch.photo.xmp.rdf import Value, values

MAX_BYTES = 1 << 27
"""Bytes that are read of a packet or a sidecar. Masks and histories of edits take most of them."""

_PIECE = 1 << 16


def read_sidecar(path: str) -> tuple[UserMetadata, str]:
    """Read an XMP file.

    Returns:
        What it says, and its damage in one line for people; empty if it has none.

    Raises:
        OSError: the file can't be opened or read.
        ValueError: the file is no XMP; the text is for people.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # opening a FIFO would wait for a writer
        raise ValueError("not a regular file")
    with open(path, "rb") as file:
        found, damage = _read(iter(lambda: file.read(_PIECE), b""))
    return _in_form(found, is_sidecar=True), told(damage)


def read_xmp(packet: bytes, segments: Iterable[bytes] = ()) -> tuple[UserMetadata, str]:
    """Read the XMP packet of a photo.

    Args:
        packet: as it stands in the file.
        segments: of a JPEG, the contents of its APP1 segments: they may extend the packet.

    Returns:
        What it says, and its damage in one line for people; empty if it has none.
    """
    extension, damage = joined_extension(packet, segments)
    found: list[Value] = []
    for content in filter(None, (packet, extension)):
        try:
            more, new_damage = _read(_pieces(content))
        except ValueError:
            more, new_damage = [], [Damage.CUT_OFF]
        found += more
        damage += new_damage
    return _in_form(found, is_sidecar=False), told(damage)


def _read(pieces: Iterable[bytes]) -> tuple[list[Value], list[Damage]]:
    """Return the values in a packet and its kinds of damage.

    Raises:
        ValueError: it is no XMP.
    """
    found: list[Value] = []
    damage: dict[Damage, None] = {}
    for each in values(tokens(decoded(_bounded(pieces))), WANTED):
        if isinstance(each, Damage):
            damage[each] = None
        else:
            found.append(each)
    if Damage.NO_XMP in damage:
        raise ValueError("what it says can't be read: it is no XMP, or damaged")
    return found, list(damage)


def _pieces(content: bytes) -> Iterator[bytes]:
    """Yield a packet piece by piece."""
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]


def _bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces with `MAX_BYTES` at most."""
    left = MAX_BYTES
    for piece in pieces:
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


def _in_form(found: Iterable[Value], *, is_sidecar: bool) -> UserMetadata:
    return user_metadata(found, is_sidecar=is_sidecar, language=user_language(os.environ))
