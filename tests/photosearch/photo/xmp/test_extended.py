"""Extended XMP: its segments in any order, joined and checked."""

import hashlib
import io
import struct
from collections.abc import Callable

import pytest
from PIL import Image

from photosearch.photo.embedded import read_embedded
from photosearch.photo.xmp import read_xmp
from photosearch.photo.xmp.damage import Damage
from photosearch.photo.xmp.extended import joined_extension

Packet = Callable[..., bytes]


def name_of(content: bytes) -> bytes:
    return hashlib.md5(content).hexdigest().upper().encode()


def segments_of(content: bytes, size: int, name: bytes | None = None) -> list[bytes]:
    head = b"http://ns.adobe.com/xmp/extension/\0" + (name or name_of(content))
    return [
        head + struct.pack(">II", len(content), at) + content[at : at + size]
        for at in range(0, len(content), size)
    ]


def naming(name: bytes) -> bytes:
    return b'<rdf:Description xmpNote:HasExtendedXMP="' + name + b'"/>'


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_parts_in_any_order_are_one(size: int) -> None:
    content = b"On the bridge"
    for parts in (segments_of(content, size), segments_of(content, size)[::-1]):
        assert joined_extension(naming(name_of(content)), parts) == (content, [])
    element = b"<xmpNote:HasExtendedXMP>" + name_of(content).lower() + b"</xmpNote:HasExtendedXMP>"
    assert joined_extension(element, [b"Exif\0\0", b"", *parts, *parts]) == (content, [])


def test_damage_is_told_and_other_extensions_are_left_out() -> None:
    content = b"On the bridge"
    packet = naming(name_of(content))
    parts = segments_of(content, 4)
    assert joined_extension(packet, parts[1:]) == (content[4:], [Damage.EXTENSION])
    wrong = segments_of(b"Of the bridge", 4, name_of(content))
    assert joined_extension(packet, wrong) == (b"Of the bridge", [Damage.EXTENSION])
    assert joined_extension(packet, segments_of(b"old", 4)) == (b"", [Damage.EXTENSION])
    assert joined_extension(b"<rdf:RDF/>", parts) == (b"", [])
    assert joined_extension(packet, [b"Exif\0\0"]) == (b"", [])


def test_an_extension_of_a_jpeg_is_read(packet: Packet) -> None:
    more = packet({"dc:description": "On the bridge " * 6000}, {"dc:subject": ["Ann"]})
    main = packet({"dc:title": "Rome"}, {"dc:subject": ["Ben"]}).replace(
        b"rdf:about", b'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="'
        + name_of(more) + b'" rdf:about',
    )  # fmt: skip
    parts = segments_of(more, 60_000)
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", xmp=main)
    data = file.getvalue()
    written = [b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in parts[::-1]]
    with Image.open(io.BytesIO(data[:2] + b"".join(written) + data[2:])) as image:
        image.load()
        found = read_embedded(image)
    assert (found.title, found.keywords) == ("Rome", ("Ben", "Ann"))
    assert found.description.startswith("On the bridge On")
    said, damage = read_xmp(main, parts[1:])
    assert said.title == "Rome" and Damage.EXTENSION in damage
