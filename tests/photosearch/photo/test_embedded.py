"""What people wrote into a photo file: XMP, IPTC-IIM, EXIF, PNG's texts and comments together."""

import io
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from photosearch.photo.dates import DateSource
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
    "Rome", "On the bridge", "Ann waves", ("Ann", "bridge", "places", "Italy", "Rome"), 4,
    notes=("alie",),  # the title in another language
    dates={DateSource.CREATED: "1999-12-31"},
)  # fmt: skip


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
    assert found.keywords == ("Ann", "bridge", "places", "Italy", "Rome", "dune")
    assert found.notes == ("alie", "from IPTC", "its caption", "from EXIF")  # no word is lost


def test_a_text_that_stands_in_all_blocks_is_no_note() -> None:
    block, xmp = iptc((2, 120, b"On the bridge")), b"<x:xmpmeta/>"
    assert read_photo(jpeg(block, xmp, b"On the  bridge")) == UserMetadata("", "On the bridge")


def test_what_iptc_cut_is_no_second_text(packet: Packet) -> None:
    long = "The very long name of a very small village in the hills of Wales, UK"
    caption = "It rains. " * 210
    xmp = packet({"dc:title": long, "dc:description": caption}, {"dc:subject": [long, "sheep"]}, {})
    cut = long[:64].encode()
    block = iptc((2, 5, cut), (2, 25, cut), (2, 25, b"she"), (2, 120, caption[:2000].encode()))
    found = read_photo(jpeg(block, xmp))
    assert (found.title, found.description) == (long, caption.strip())
    assert found.keywords == (long, "sheep", "she")
    assert found.notes == ("alie",)


@pytest.mark.parametrize("letter", ["é", "東", "e\u0301", "😀"])
def test_a_keyword_is_cut_within_a_letter(packet: Packet, letter: str) -> None:
    for shift in range(4):
        long = "x" * (1 + shift) + letter * 40
        block = iptc((1, 90, b"\x1b%G"), (2, 25, long.encode()[:64]))
        xmp = packet({}, {"dc:subject": [long]}, {})
        assert len(read_photo(jpeg(block, xmp)).keywords) == 1


def test_comments_are_notes() -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", comment="Düne".encode())
    assert read_photo(file.getvalue()) == UserMetadata(notes=("Düne",))
    data = file.getvalue()
    two = data[:2] + b"\xff\xfe\0\x05Ann" + data[2:]
    assert read_photo(two).notes == ("Ann", "Düne")
    file = io.BytesIO()
    Image.new("P", (8, 8)).save(file, "GIF", comment=b"by the sea")
    assert read_photo(file.getvalue()).notes == ("by the sea",)
    file = io.BytesIO()
    Image.new("P", (8, 8)).save(file, "GIF", comment=b"Created with GIMP")
    assert read_photo(file.getvalue()) == UserMetadata()


def test_xmp_of_a_gif_is_read(full: bytes) -> None:
    file = io.BytesIO()
    Image.new("P", (8, 8)).save(file, "GIF")
    data = file.getvalue()
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    place = data.index(b"\x2c\0\0\0\0")  # the image's descriptor
    whole = data[:place] + b"\x21\xff\x0bXMP DataXMP" + full + trailer + data[place:]
    endless = whole.replace(b"\x01\xff\xfe\xfd", b"\x01\xff\xfe\xfe")
    for content, right in [(whole, USER_METADATA), (endless, UserMetadata())]:
        with Image.open(io.BytesIO(content)) as image:  # loading the pixels closes the file
            assert read_embedded(image) == right


@pytest.mark.parametrize("long", [False, True])
def test_xmp_of_a_jpeg_2000_is_read(full: bytes, long: bool) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG2000")
    data = file.getvalue()
    content = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + full
    short = struct.pack(">I", 8 + len(content)) + b"uuid"
    head = struct.pack(">I4sQ", 1, b"uuid", 16 + len(content)) if long else short
    place = data.index(b"jp2c") - 4
    for whole, right in [
        (data[:place] + head + content + data[place:], USER_METADATA),
        (data[:place] + head + b"x" * 16 + full + data[place:], UserMetadata()),
        (data, UserMetadata()),
    ]:
        with Image.open(io.BytesIO(whole)) as image:  # loading the pixels closes the file
            assert read_embedded(image) == right
            image.load()
            assert read_embedded(image) == UserMetadata()


def png(*texts: tuple[str, str | bytes], compressed: bool = False) -> bytes:
    info = PngInfo()
    for name, text in texts:
        info.add_text(name, text, zip=compressed)
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def profile(name: str, content: bytes) -> str:
    """A block as ImageMagick writes it into PNG."""
    digits = content.hex()
    lines = "\n".join(digits[start : start + 72] for start in range(0, len(digits), 72))
    return f"\n{name}\n{len(content):8}\n{lines}\n"


@pytest.mark.parametrize("compressed", [False, True])
def test_raw_profiles_of_png_are_read(full: bytes, compressed: bool) -> None:
    exif = Image.Exif()
    exif[IMAGE_DESCRIPTION] = "from EXIF"
    block = iptc((2, 5, b"from IPTC"), (2, 25, b"dune"))
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block
    for name, content, right in [
        ("xmp", full, USER_METADATA),
        ("APP1", b"http://ns.adobe.com/xap/1.0/\0" + full, USER_METADATA),
        ("exif", exif.tobytes(), UserMetadata(description="from EXIF")),
        ("APP1", exif.tobytes(), UserMetadata(description="from EXIF")),
        ("iptc", block, UserMetadata("from IPTC", keywords=("dune",))),
        ("iptc", resource, UserMetadata("from IPTC", keywords=("dune",))),
        ("8bim", b"8BIM\x03\xed\x02ab\0\0\0\0\x03xyz\0" + resource,
         UserMetadata("from IPTC", keywords=("dune",))),
    ]:  # fmt: skip
        text = (f"Raw profile type {name}", profile(name, content))
        assert read_photo(png(text, compressed=compressed)) == right, name


@pytest.mark.parametrize("text", ["", "\nxmp\n", "\nxmp\n 7\nzz", "\nxmp\n x\n00", "exif -3 00ff"])
@pytest.mark.parametrize("name", ["xmp", "exif", "iptc", "APP1", "8bim"])
def test_a_damaged_profile_is_passed_over(name: str, text: str) -> None:
    found = read_photo(png((f"Raw profile type {name}", text), ("Title", "Rome")))
    assert found == UserMetadata("Rome")


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="needs ExifTool")
@pytest.mark.parametrize("name", ["jpg", "png", "webp", "tif", "heic", "avif"])
def test_what_exiftool_writes_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"a.{name}"
    Image.new("RGB", (16, 16)).save(path)
    written = {
        "EXIF:ImageDescription": "Fähre", "EXIF:XPTitle": "Sommer", "EXIF:XPComment": "東京",
        "EXIF:XPKeywords": "Ann;Straße", "EXIF:UserComment": "Zoë am Meer", "EXIF:Rating": "3",
        **({"IPTC:Headline": "Nach Norden", "IPTC:City": "Oslo"} if name in ("jpg", "tif") else {}),
        **({"PNG:Comment": "Ω", "PNG:CreationTime": "2001:02:03 04:05:06"}
           if name == "png" else {}),
    }  # fmt: skip
    options = [f"-{tag}={value}" for tag, value in written.items()]
    subprocess.run(["exiftool", "-q", "-overwrite_original", *options, path], check=True)
    found = decode(str(path), 8).user_metadata
    assert (found.title, found.description) == ("Sommer", "Fähre")
    assert (found.keywords, found.rating) == (("Ann", "Straße"), 3)
    assert {"東京", "Zoë am Meer"} <= {*found.notes}
    if name in ("jpg", "tif"):
        assert (found.places, found.notes[0]) == (("Oslo",), "Nach Norden")
    if name == "png":
        assert found.notes[-1] == "Ω"
        assert found.dates == {DateSource.CREATED: "2001-02-03T04:05:06"}


def test_descriptions_of_exif() -> None:
    assert read_photo(jpeg(description="Düne".encode())).description == "Düne"
    assert read_photo(jpeg(description="Düne".encode("cp1252"))).description == "Düne"
    assert read_photo(jpeg(description=b"OLYMPUS DIGITAL CAMERA         ")) == UserMetadata()
    assert read_photo(jpeg(description=b"Ann\0\0\x01\x02")).description == "Ann"


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=60), st.integers(0, 60), st.binary(max_size=80))
def test_damaged_files_never_raise(junk: bytes, start: int, xmp: bytes) -> None:
    block = iptc((1, 90, b"\x1b%G"), (2, 5, b"Rome"), (2, 25, b"one"), (2, 25, b"two"))
    assert isinstance(
        read_photo(jpeg(block[:start] + junk + block[start:], xmp, junk)), UserMetadata
    )
