"""XMP: the metadata that photo programs write into a photo or into a sidecar beside it.

The packet is RDF in XML (ISO 16684-1, https://github.com/adobe/XMP-Toolkit-SDK/tree/main/docs).
"""

from __future__ import annotations

import os
import re
import stat
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from xml.etree.ElementTree import Element  # the type only; defusedxml parses

from defusedxml.ElementTree import fromstring

from photosearch.photo.dates import DateSource, iso_date
from photosearch.photo.user_metadata import NOTHING, UserMetadata, cleaned

MAX_BYTES = 1 << 20
"""Longer packets and sidecars are not read."""

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_DC = "{http://purl.org/dc/elements/1.1/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_ALT_TEXT = "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}AltTextAccessibility"
_HIERARCHIES = "{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject"
_DATES = (
    "{http://ns.adobe.com/photoshop/1.0/}DateCreated",
    f"{_XMP}CreateDate",
    "{http://ns.adobe.com/exif/1.0/}DateTimeOriginal",
)
_RATING = re.compile(r"(-?[0-9])(?:\.0*)?", re.ASCII)


def read_sidecar(path: str) -> UserMetadata:
    """Read an XMP file.

    Raises:
        OSError: the file can't be opened or read.
        ValueError: the file is no XMP, or longer than `MAX_BYTES`; the text is for people.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # opening a FIFO would wait for a writer
        raise ValueError("not a regular file")
    with open(path, "rb") as file:
        return _parse(file.read(MAX_BYTES + 1))


def read_xmp(packet: bytes) -> UserMetadata:
    """Read an XMP packet. If it is malformed or longer than `MAX_BYTES`, the result is empty."""
    try:
        return _parse(packet)
    except ValueError:
        return NOTHING


def _parse(packet: bytes) -> UserMetadata:
    """Read an XMP packet.

    Raises:
        ValueError: the packet is malformed or longer than `MAX_BYTES`.
    """
    if len(packet) > MAX_BYTES:
        raise ValueError("what it says is more than a megabyte")
    try:
        if not packet.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):  # half of their bytes are NUL
            packet = packet.strip(b"\0\t\r\n ")
        root: Element = fromstring(packet)
    except Exception as error:  # not XML, or entities, or an encoding that nobody knows
        raise ValueError("what it says can't be read: it is no XMP, or damaged") from error
    described = [
        description
        for rdf in root.iter(f"{_RDF}RDF")
        for description in rdf.findall(f"{_RDF}Description")
    ]

    def values(name: str) -> Iterator[str]:
        return (value for description in described for value in _values(description, name))

    def first(name: str) -> str:
        return next((value for value in values(name) if value.strip()), "")

    leaves = (re.split(r"[|/]", path)[-1] for path in values(_HIERARCHIES))
    rating = _RATING.fullmatch(first(f"{_XMP}Rating").strip())
    dates = (iso_date(value) for name in _DATES for value in values(name))
    taken = next(filter(None, dates), None)
    return cleaned(
        UserMetadata(
            first(f"{_DC}title"),
            first(f"{_DC}description"),
            first(_ALT_TEXT),
            (*values(f"{_DC}subject"), *leaves),
            int(rating[1]) if rating else None,
            dates={DateSource.CREATED: taken} if taken else {},
        )
    )


def _values(description: Element, name: str) -> Iterator[str]:
    """Yield a property's values; RDF has several ways to write them.

    If a text is there in several languages, the default language comes first.
    """
    if name in description.attrib:
        yield description.attrib[name]
    for element in description.findall(name):
        items = element.findall(f"*/{_RDF}li")
        items.sort(key=lambda item: item.get(_LANGUAGE) != "x-default")
        yield from (item.text or "" for item in items or [element])
