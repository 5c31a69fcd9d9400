"""Files in rare formats or with small damage, as cameras and programs write them."""

from __future__ import annotations

import binascii
import io
import struct
import zlib
from collections.abc import Callable

import pillow_heif
from PIL import Image

from tests.metadata.pictures import noise, picture

_HEAD = 8 + 25  # PNG's signature and its first chunk
_END = 12  # its last chunk


def saved(form: str, number: int, frames: int = 1) -> Callable[[], bytes]:
    """Return what makes a file in a format of Pillow, with one picture or several."""

    def make() -> bytes:
        pillow_heif.register_heif_opener()
        out = io.BytesIO()
        more = [noise(number + frame) for frame in range(1, frames)]
        options = {"save_all": True, "append_images": more} if more else {}
        noise(number).save(out, form, **options)
        return out.getvalue()

    return make


def branded(kind: str, brand: bytes, number: int) -> Callable[[], bytes]:
    """Return what makes a HEIC or AVIF file with another major brand."""

    def make() -> bytes:
        whole = picture(kind, number)
        return whole[:8] + brand + whole[12:]

    return make


def chunk(kind: bytes, data: bytes, *, bad: bool = False) -> bytes:
    """Return a chunk of a PNG file, with a bad checksum if that is wanted."""
    check = zlib.crc32(kind + data) ^ (0xFFFF if bad else 0)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def png_with(*chunks: bytes, number: int) -> Callable[[], bytes]:
    """Return what makes a PNG with further chunks behind its head."""

    def make() -> bytes:
        whole = picture("png", number)
        return whole[:_HEAD] + b"".join(chunks) + whole[_HEAD:]

    return make


def png_behind(*chunks: bytes, number: int) -> Callable[[], bytes]:
    """Return what makes a PNG with further chunks behind its pixels."""

    def make() -> bytes:
        whole = picture("png", number)
        return whole[:-_END] + b"".join(chunks) + whole[-_END:]

    return make


def png_with_bad_end(number: int) -> bytes:
    """Return a PNG whose last chunk has a bad checksum."""
    return picture("png", number)[:-_END] + chunk(b"IEND", b"", bad=True)


def raw_profile(name: str, data: bytes) -> bytes:
    """Return the chunk in which ImageMagick keeps metadata in a PNG: as hexadecimal text."""
    digits = binascii.hexlify(data).decode()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = f"\n{name}\n{len(data):8}\n{lines}\n"
    key = f"Raw profile type {name}".encode("latin-1")
    return chunk(b"zTXt", key + b"\0\0" + zlib.compress(text.encode("latin-1")))


_DESCRIPTION, _EXIF_IFD = 0x010E, 0x8769
_TAGS = {"time": 0x9003, "part": 0x9291, "comment": 0x9286}  # in EXIF's own directory


def exif(**texts: str | bytes) -> bytes:
    """Return an EXIF block: description, time of the shutter, part of its second, comment."""
    block = Image.Exif()
    for name, text in texts.items():
        if name == "description":
            block[_DESCRIPTION] = text
        else:
            block.get_ifd(_EXIF_IFD)[_TAGS[name]] = text
    return block.tobytes()


def jpeg_with(number: int, **texts: str | bytes) -> Callable[[], bytes]:
    """Return what makes a JPEG with EXIF; see `exif`."""

    def make() -> bytes:
        out = io.BytesIO()
        noise(number).save(out, "JPEG", exif=exif(**texts))
        return out.getvalue()

    return make


def iptc(*keywords: str) -> bytes:
    """Return IPTC keywords in Photoshop's block."""
    records = b"".join(
        b"\x1c\x02\x19" + struct.pack(">H", len(word.encode())) + word.encode() for word in keywords
    )
    return _resource(records)


def _resource(records: bytes) -> bytes:
    """Return Photoshop's block of IPTC."""
    size = struct.pack(">I", len(records))
    return b"8BIM\x04\x04\0\0" + size + records + bytes(len(records) % 2)


def jpeg_with_iptc(title: bytes, announced: bytes, number: int) -> Callable[[], bytes]:
    """Return what makes a JPEG with an IPTC title, in an encoding that is announced or not."""

    def make() -> bytes:
        sets = ((1, 90, announced), (2, 5, title)) if announced else ((2, 5, title),)
        records = b"".join(
            struct.pack(">BBBH", 0x1C, record, name, len(text)) + text
            for record, name, text in sets
        )
        block = b"Photoshop 3.0\0" + _resource(records)
        whole = picture("jpeg", 400 + number)
        return whole[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + whole[2:]

    return make
