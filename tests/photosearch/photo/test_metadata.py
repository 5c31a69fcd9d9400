"""Metadata without pixels: the same as with them, in every format, for less work."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from photosearch.files.file import File
from photosearch.photo import decode as _decode  # noqa: F401  registers all formats
from photosearch.photo.dates import DateSource
from photosearch.photo.decode import decode_file
from photosearch.photo.embedded import read_embedded
from photosearch.photo.exif import Exif, read_exif
from photosearch.photo.metadata import Metadata, read_metadata, with_sidecar
from photosearch.photo.picture import UndecodableError
from photosearch.photo.user_metadata import NOTHING, UserMetadata

Packet = Callable[..., bytes]
Dng = Callable[..., bytes]

FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "JPEG2000", "AVIF", "HEIF", "MPO"]
ORIGINAL, LATITUDE = 0x9003, {1: "N", 2: (48.0, 51.0, 24.5), 3: "W", 4: (2.0, 17.0, 40.25)}


def exif_of(date: str = "2015:11:28 14:03:09", title: str = "Rome") -> bytes:
    exif = Image.Exif()
    exif.update({0x010F: "Canon", 0x010E: title, 0x0112: 6})
    exif[0x8769], exif[0x8825] = {ORIGINAL: date}, LATITUDE
    return exif.tobytes()


def file_of(path: Path, content: bytes) -> File:
    path.write_bytes(content)
    status = path.stat()
    return File(str(path), status.st_size, status.st_mtime_ns, status.st_ino)


def encoded(name: str, exif: bytes, xmp: bytes, size: int = 16) -> bytes:
    """A picture with metadata, as far as Pillow writes them into the format."""
    image, file = Image.radial_gradient("L").resize((size, size)).convert("RGB"), io.BytesIO()
    image.save(file, name, exif=exif, xmp=xmp)
    return file.getvalue()


def late(exif: bytes, xmp: bytes, size: int = 16) -> bytes:
    """A PNG with its metadata behind the pixels."""
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", xmp.decode(), "", "", zip=True)
    texts.add_text("Title", "At the end")
    plain, marked = io.BytesIO(), io.BytesIO()
    image = Image.radial_gradient("L").resize((size, size))
    image.save(plain, "PNG")
    image.save(marked, "PNG", exif=exif, pnginfo=texts)
    whole, chunks, start = marked.getvalue(), b"", 8
    while start < len(whole):
        length, kind = struct.unpack_from(">I4s", whole, start)
        if kind in (b"eXIf", b"iTXt", b"tEXt"):
            chunks += whole[start : start + length + 12]
        start += length + 12
    return plain.getvalue()[:-12] + chunks + plain.getvalue()[-12:]


def assert_as_decoded(file: File) -> Metadata:
    """What is read without pixels is what decoding the pixels gives."""
    metadata, decoded = read_metadata(file), decode_file(file, 8)
    for name in ("exif", "user_metadata", "content_hash", "unread_sidecar"):
        assert getattr(metadata, name) == getattr(decoded, name), name
    return metadata


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from([*FORMATS, "late PNG"]),
    st.datetimes().map(lambda moment: moment.strftime("%Y:%m:%d %H:%M:%S")),
    st.text("abcABC 0123456789äß", max_size=20),
)
def test_in_every_format_they_are_those_of_a_decoded_photo(
    tmp_path: Path, packet: Packet, name: str, date: str, title: str
) -> None:
    exif, xmp = exif_of(date, title), packet({"dc:title": title}, {"dc:subject": ["sea", "sky"]})
    content = late(exif, xmp) if name == "late PNG" else encoded(name, exif, xmp)
    metadata = assert_as_decoded(file_of(tmp_path / "photo", content))
    if name not in ("GIF", "BMP", "JPEG2000"):
        assert metadata.exif.camera == "Canon"
    if name in ("JPEG", "WEBP", "AVIF", "HEIF", "MPO", "late PNG"):
        assert metadata.user_metadata.keywords == ("sea", "sky")
    if name != "TIFF":  # Pillow turns it upright while loading it, and forgets its EXIF
        with Image.open(io.BytesIO(content)) as image:  # Pillow's own way: all is there at the end
            image.load()
            assert metadata.user_metadata == read_embedded(image)
            assert metadata.exif == read_exif(io.BytesIO(image.info.get("exif", b"")))


def test_they_are_those_of_a_decoded_raw_file(tmp_path: Path, dng: Dng) -> None:
    scene = Image.radial_gradient("L").resize((320, 240)).convert("RGB")
    for number, preview in enumerate((None, scene)):
        file = file_of(tmp_path / f"{number}", dng(scene, preview, 1))
        assert assert_as_decoded(file).exif.camera == "Fotomat Raw 1"


def test_a_png_keeps_what_stands_behind_its_pixels(tmp_path: Path, packet: Packet) -> None:
    xmp = packet({"dc:title": "Rome"})
    file = file_of(tmp_path / "a.png", late(exif_of(), xmp))
    metadata = read_metadata(file)
    assert metadata.exif.dates == {DateSource.EXIF: "2015-11-28T14:03:09"}
    assert metadata.user_metadata.title == "Rome"
    assert metadata.exif == read_exif(io.BytesIO(exif_of()))


@pytest.mark.parametrize("name", ["JPEG", "PNG", "TIFF"])
def test_no_pixels_are_read(tmp_path: Path, packet: Packet, name: str) -> None:
    content = encoded(name, exif_of(), packet({"dc:title": "Rome"}), 256)
    whole = read_metadata(file_of(tmp_path / "whole", content))
    if name == "TIFF":  # its metadata stand behind its pixels
        spoilt = content[:2000].replace(content[1000:2000], bytes(1000)) + content[2000:]
    else:
        spoilt = content[: len(content) * 2 // 3]
    file = file_of(tmp_path / "spoilt", spoilt)
    found = read_metadata(file)
    assert (found.exif, found.user_metadata) == (whole.exif, whole.user_metadata)
    if name != "TIFF":
        with pytest.raises(UndecodableError):
            decode_file(file, 8)


def test_a_hash_that_is_known_is_not_computed_again(tmp_path: Path) -> None:
    file = file_of(tmp_path / "a.jpg", encoded("JPEG", exif_of(), b""))
    assert read_metadata(replace(file, content_hash=b"known")).content_hash == b"known"


@pytest.mark.parametrize("content", [b"", b"no photo", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_a_file_that_is_no_photo_is_told(tmp_path: Path, content: bytes) -> None:
    file = file_of(tmp_path / "a.jpg", content)
    with pytest.raises(UndecodableError) as error:
        read_metadata(file)
    with pytest.raises(UndecodableError) as other:
        decode_file(file, 8)
    assert str(error.value) == str(other.value)
    with pytest.raises(UndecodableError, match="file is gone"):
        read_metadata(replace(file, path=f"{tmp_path}/b.jpg"))


def test_a_png_of_any_chunks_is_read_in_bounded_time(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    plain = encoded("PNG", b"", b"")
    for behind in (
        chunk(b"tEXt", b"Title\0Rome")[:-6],  # cut short
        struct.pack(">I4s", 0xFFFFFFFF, b"tEXt"),
        struct.pack(">I4s", 0x7FFFFFFF, b"noOp"),
        chunk(b"zTXt", b"Title\0\0" + b"no zlib"),
        chunk(b"iTXt", b"\xff" * 30),
    ):
        content = plain[:-12] + chunk(b"tEXt", b"Author\0Eve") + behind
        read_metadata(file_of(tmp_path / "a.png", content))


HERE, THERE = (10.0, 20.0), (30.0, 40.0)


@pytest.mark.parametrize(
    ("sidecar", "exif", "embedded", "expected"),
    [(HERE, HERE, THERE, HERE), (None, HERE, THERE, None), (None, None, THERE, THERE)],
)
def test_a_sidecars_position_goes_first_and_that_of_embedded_xmp_last(
    tmp_path: Path,
    packet: Packet,
    sidecar: object,
    exif: object,
    embedded: object,
    expected: object,
) -> None:
    file = file_of(tmp_path / "a.jpg", b"")
    if sidecar:
        gps = {"exif:GPSLatitude": "10,0N", "exif:GPSLongitude": "20,0E"}
        (tmp_path / "a.xmp").write_bytes(packet(attributes=gps))
        file = replace(file, sidecar=f"{tmp_path}/a.xmp")
    camera = Exif(latitude=HERE[0], longitude=HERE[1]) if exif else Exif()
    own = UserMetadata(position=THERE) if embedded else NOTHING
    found, unread = with_sidecar(file, camera, own)
    assert unread is None
    assert found.position == expected
