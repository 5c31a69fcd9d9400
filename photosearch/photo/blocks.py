"""Blocks: the raw EXIF, XMP, IPTC and comments in an opened photo file."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import Image, ImageFile, TiffImagePlugin

MAX_BYTES = 1 << 24
"""Longer blocks of EXIF and IPTC are not read. Real blocks have some kilobytes."""

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_IPTC_RESOURCE = 0x0404
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # of a box of JPEG 2000
_RESOURCES_TAG = 34377  # of TIFF: Photoshop's resources


def exif_block(image: Image.Image) -> bytes:
    """Return a file's EXIF, with or without its prefix `Exif`; empty if there is none.

    In a TIFF, EXIF is no block: it is the file's own structure.
    """
    block = image.info.get("exif")
    if not isinstance(block, bytes):
        profiles = (_profile(image, "exif"), _profile(image, "APP1"))
        block = next((each for each in profiles if each.startswith((_EXIF, b"II", b"MM"))), b"")
    return block if len(block) <= MAX_BYTES else b""


def xmp_packet(image: Image.Image) -> bytes:
    """Return a file's XMP packet; empty if there is none."""
    packet = image.info.get("xmp")
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    if not isinstance(packet, bytes):
        packet = _profile(image, "xmp") or _profile(image, "APP1")
        packet = packet or _packet_of_gif(image) or _packet_of_jpeg_2000(image)
    return b"" if packet.startswith(_EXIF) else packet.removeprefix(_XMP)


def xmp_segments(image: Image.Image) -> list[bytes]:
    """Return the contents of a JPEG's APP1 segments: a long XMP packet goes on there."""
    return [content for name, content in getattr(image, "applist", ()) if name == "APP1"]


def iptc_block(image: Image.Image) -> bytes:
    """Return a file's IPTC-IIM; empty if there is none."""
    resources = image.info.get("photoshop")  # of a JPEG
    if isinstance(resources, dict):
        block = resources.get(_IPTC_RESOURCE, b"")
    elif isinstance(image, TiffImagePlugin.TiffImageFile):
        # As bytes, because programs give the tag any type, even 4-byte integers.
        tags = image.tag_v2._tagdata
        block = tags.get(TiffImagePlugin.IPTC_NAA_CHUNK, b"")
        block = block or _iptc_resource(tags.get(_RESOURCES_TAG, b""))
    else:
        block = _profile(image, "iptc") or _profile(image, "8bim")
        block = _iptc_resource(block.removeprefix(_PHOTOSHOP)) or block
    return block if isinstance(block, bytes) and len(block) <= MAX_BYTES else b""


def comments(image: Image.Image) -> Iterator[bytes]:
    """Yield the comments of a JPEG or a GIF."""
    segments = getattr(image, "applist", None)
    if segments is not None:
        yield from (content for name, content in segments if name == "COM")
    elif isinstance(comment := image.info.get("comment"), bytes):
        yield comment


def _packet_of_gif(image: Image.Image) -> bytes:
    """Return the XMP packet of a GIF: it stands in the file as it is, and a magic trailer ends it.

    It is empty if the pixels are loaded: then Pillow has closed the file.

    See part 3 of https://github.com/adobe/XMP-Toolkit-SDK/tree/main/docs.
    """
    name, start = image.info.get("extension", (b"", 0))
    if name != b"XMP DataXMP" or not isinstance(image, ImageFile.ImageFile) or image.fp is None:
        return b""
    position = image.fp.tell()
    image.fp.seek(start)
    packet, end, _ = image.fp.read(MAX_BYTES).partition(b"\x01\xff\xfe\xfd")
    image.fp.seek(position)
    return packet if end else b""


def _packet_of_jpeg_2000(image: Image.Image) -> bytes:
    """Return the XMP packet of a JPEG 2000: the content of a box of its own, ISO 15444-1 annex I.

    It is empty if the pixels are loaded: then Pillow has closed the file.
    """
    if not isinstance(image, ImageFile.ImageFile) or image.format != "JPEG2000" or not image.fp:
        return b""
    file, packet = image.fp, b""
    position, start = file.tell(), file.seek(0)
    while len(head := file.read(16)) == 16:
        size, kind, is_long = int.from_bytes(head[:4]), head[4:8], head[:4] == b"\0\0\0\1"
        size, content = (int.from_bytes(head[8:]), 16) if is_long else (size, 8)
        file.seek(start + content)
        if kind == b"uuid" and file.read(16) == _XMP_UUID:
            packet = file.read(min(max(size - content - 16, 0), MAX_BYTES))
            break
        if size < content:  # 0: the box is the last one
            break
        start = file.seek(start + size)
    file.seek(position)
    return packet


def _profile(image: Image.Image, name: str) -> bytes:
    """Return a block as ImageMagick writes it into PNG: its name, its length, hexadecimal digits.

    https://github.com/ImageMagick/ImageMagick/blob/main/coders/png.c
    """
    text = image.info.get(f"Raw profile type {name}")
    if not isinstance(text, str) or len(text) > 3 * MAX_BYTES:
        return b""
    words = text.split()
    try:
        return bytes.fromhex("".join(words[2:]))[: int(words[1])]
    except (ValueError, IndexError):
        return b""


def _iptc_resource(resources: bytes) -> bytes:
    """Return the IPTC-IIM in Photoshop's image resources; empty if there is none.

    https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/#50577409_pgfId-1037504
    """
    start = 0
    while resources[start : start + 4] == b"8BIM" and len(resources) >= start + 7:
        (kind,) = struct.unpack_from(">H", resources, start + 4)
        start += 6 + (resources[start + 6] // 2 + 1) * 2  # a name, padded with its length to even
        size = int.from_bytes(resources[start : start + 4])
        if kind == _IPTC_RESOURCE:
            return resources[start + 4 : start + 4 + size]
        start += 4 + size + size % 2
    return b""
