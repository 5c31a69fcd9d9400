"""Namespaces: the usual prefix of each, however a packet names it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMESPACES = (
    ("acdsee", "http://ns.acdsee.com/iptc/1.0/"),
    ("acdsee-rs", "http://ns.acdsee.com/regions/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("dc", "http://purl.org/dc/elements/1.0/"),
    ("dc", "http://purl.org/dc/terms/"),
    ("digiKam", "http://www.digikam.org/ns/1.0/"),
    ("exif", "http://ns.adobe.com/exif/1.0/"),
    ("expressionmedia", "http://ns.microsoft.com/expressionmedia/1.0/"),
    ("Iptc4xmpCore", "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"),
    ("Iptc4xmpExt", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"),
    ("Iptc4xmpExt", "http://iptc.org/std/Iptc4xmpExt/2008-02-19/"),
    ("lr", "http://ns.adobe.com/lightroom/1.0/"),
    ("mediapro", "http://ns.iview-multimedia.com/mediapro/1.0/"),
    ("MicrosoftPhoto", "http://ns.microsoft.com/photo/1.0/"),
    ("MicrosoftPhoto", "http://ns.microsoft.com/photo/1.1/"),
    ("MP", "http://ns.microsoft.com/photo/1.2/"),
    ("MPRI", "http://ns.microsoft.com/photo/1.2/t/RegionInfo#"),
    ("MPReg", "http://ns.microsoft.com/photo/1.2/t/Region#"),
    ("mwg-coll", "http://www.metadataworkinggroup.com/schemas/collections/"),
    ("mwg-kw", "http://www.metadataworkinggroup.com/schemas/keywords/"),
    ("mwg-rs", "http://www.metadataworkinggroup.com/schemas/regions/"),
    ("photoshop", "http://ns.adobe.com/photoshop/1.0/"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("tiff", "http://ns.adobe.com/tiff/1.0/"),
    ("x", "adobe:ns:meta/"),
    ("xml", "http://www.w3.org/XML/1998/namespace"),
    ("xmp", "http://ns.adobe.com/xap/1.0/"),
    ("xmpNote", "http://ns.adobe.com/xmp/note/"),
)
_OLD_PREFIXES = {"xap": "xmp", "MicrosoftPhoto_1_": "MicrosoftPhoto"}

NO_NAMESPACES: Mapping[str, str] = {"xml": "xml"}


def declarations(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the usual prefixes by the prefixes that a tag declares; "" is its default."""
    declared = {}
    for name, address in attributes.items():
        first, _, prefix = name.partition(":")
        if first == "xmlns":
            declared[prefix] = _BY_ADDRESS.get(_plain(address), _usual(prefix))
    return declared


def usual_name(name: str, declared: Mapping[str, str]) -> str:
    """Return an element's or attribute's name with the usual prefix of its namespace.

    If the prefix isn't declared, or its namespace is unknown, it counts as the usual prefix.
    """
    prefix, _, local = name.rpartition(":")
    usual = declared.get(prefix, _usual(prefix))
    return f"{usual}:{local}" if usual else local


def _usual(prefix: str) -> str:
    return _OLD_PREFIXES.get(prefix, prefix)


def _plain(address: str) -> str:
    """Return an address without what is often written in another way."""
    return re.sub(r"^https?://(www\.)?", "", address.strip().casefold()).rstrip("/#")


_BY_ADDRESS = {_plain(address): prefix for prefix, address in _NAMESPACES}
