"""XMP packets for tests, in the two ways that programs write properties."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
}
ALT_TEXT = "Iptc4xmpCore:AltTextAccessibility"


def packet(
    texts: Mapping[str, str] | None = None,
    lists: Mapping[str, Sequence[str]] | None = None,
    attributes: Mapping[str, str] | None = None,
) -> bytes:
    """A packet with texts in the default language (and in another one), bags and attributes."""
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    given = " ".join(f"{name}={quoteattr(value)}" for name, value in (attributes or {}).items())
    parts = []
    for name, text in (texts or {}).items():
        other = '<rdf:li xml:lang="eo">alie</rdf:li>'
        default = f'<rdf:li xml:lang="x-default">{escape(text)}</rdf:li>'
        parts.append(f"<{name}><rdf:Alt>{other}{default}</rdf:Alt></{name}>")
    for name, values in (lists or {}).items():
        items = "".join(f"<rdf:li>{escape(value)}</rdf:li>" for value in values)
        parts.append(f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {names}>'
        f'<rdf:Description rdf:about="" {given}>{"".join(parts)}</rdf:Description>'
        f'</rdf:RDF></x:xmpmeta>{" " * 100}<?xpacket end="w"?>'
    ).encode()
