"""What people wrote into a photo file: XMP, IPTC-IIM and EXIF's description."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from photosearch.photo.decode import decode
from photosearch.photo.embedded import read_embedded
from photosearch.photo.user_metadata import UserMetadata

ALT_TEXT = "Iptc4xmpCore:AltTextAccessibility"
Packet = Callable[..., bytes]


IMAGE_DESCRIPTION = 0x010E


@pytest.fixture
def full(packet: Packet) -> bytes:
    """A packet that has everything."""
    return packet(
        {"dc:title": "Rome", "dc:description": "On the bridge", ALT_TEXT: "Ann waves"},
        {"dc:subject": ["Ann", "bridge"], "lr:hierarchicalSubject": ["places|Italy|Rome"]},
        {"xmp:Rating": "4", "photoshop:DateCreated": "1999-12-31"},
    )


USER_METADATA = UserMetadata(
    "Rome", "On the bridge", "Ann waves", ("Ann", "bridge", "Rome"), 4, "1999-12-31"
)


def iptc(*fields: tuple[int, int, bytes]) -> bytes:
    """IPTC-IIM data sets, one after the other."""
    return b"".join(
        struct.pack(">BBBH", 0x1C, record, number, len(value)) + value
        for record, number, value in fields
    )


def jpeg(block: bytes = b"", xmp: bytes = b"", description: bytes = b"") -> bytes:
    """A JPEG with IPTC as Photoshop keeps it, XMP, and EXIF's description."""
    exif = Image.Exif()
    if description:
        exif[IMAGE_DESCRIPTION] = description
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=exif, xmp=xmp)
    data = file.getvalue()
    if not block:
        return data
    resource = (
        b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block + b"\0" * (len(block) % 2)
    )
    segment = b"Photoshop 3.0\0" + resource
    return data[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def read_photo(data: bytes) -> UserMetadata:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return read_embedded(image)


@pytest.mark.parametrize("name", ["jpg", "png", "webp", "tif", "avif", "heic"])
def test_xmp_is_read_from_files(tmp_path: Path, name: str, full: bytes) -> None:
    path = tmp_path / f"a.{name}"
    image = Image.new("RGB", (16, 16))
    if name == "png":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", full.decode())
        image.save(path, pnginfo=info)
    elif name == "tif":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[700] = full
        tags.tagtype[700] = 1
        image.save(path, tiffinfo=tags, compression="tiff_lzw")
    else:
        image.save(path, xmp=full)
    assert decode(str(path), 8).user_metadata == USER_METADATA


def test_a_file_without_anything() -> None:
    assert read_photo(jpeg()) == UserMetadata()


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"\x1b%G", "utf-8"), (b"", "utf-8"), (b"", "cp1252")]
)
def test_iptc_is_read(mark: bytes, encoding: str) -> None:
    block = iptc(
        *([(1, 90, mark)] if mark else []),
        (2, 5, "Düne".encode(encoding)),
        (2, 25, b"Ann"),
        (2, 25, "Café".encode(encoding)),
        (2, 25, b"ann"),
        (2, 120, "Am Meer – früh".encode(encoding)),
    )
    assert read_photo(jpeg(block)) == UserMetadata(
        "Düne", "Am Meer – früh", keywords=("Ann", "Café")
    )
    assert read_photo(jpeg(iptc((2, 25, b"one")))) == UserMetadata(keywords=("one",))


def test_iptc_in_a_tiff_is_read(tmp_path: Path) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[TiffImagePlugin.IPTC_NAA_CHUNK] = iptc((2, 5, b"Rome"))
    tags.tagtype[TiffImagePlugin.IPTC_NAA_CHUNK] = 7
    Image.new("RGB", (8, 8)).save(tmp_path / "a.tif", tiffinfo=tags)
    assert decode(str(tmp_path / "a.tif"), 8).user_metadata == UserMetadata("Rome")


def test_xmp_before_iptc_before_exif(full: bytes) -> None:
    block = iptc((2, 5, b"from IPTC"), (2, 25, b"dune"), (2, 25, b"ROME"), (2, 120, b"its caption"))
    exif = b"from EXIF"
    assert read_photo(jpeg(description=exif)) == UserMetadata(description="from EXIF")
    assert read_photo(jpeg(block, description=exif)).description == "its caption"
    found = read_photo(jpeg(block, full, exif))
    assert (found.title, found.description) == (USER_METADATA.title, USER_METADATA.description)
    assert found.keywords == ("Ann", "bridge", "Rome", "dune")


def test_descriptions_of_exif() -> None:
    assert read_photo(jpeg(description="Düne".encode())).description == "Düne"
    assert read_photo(jpeg(description="Düne".encode("cp1252"))).description == "Düne"
    assert read_photo(jpeg(description=b"OLYMPUS DIGITAL CAMERA         ")) == UserMetadata()


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=60), st.integers(0, 60), st.binary(max_size=80))
def test_damaged_files_never_raise(junk: bytes, start: int, xmp: bytes) -> None:
    block = iptc((1, 90, b"\x1b%G"), (2, 5, b"Rome"), (2, 25, b"one"), (2, 25, b"two"))
    assert isinstance(
        read_photo(jpeg(block[:start] + junk + block[start:], xmp, junk)), UserMetadata
    )
