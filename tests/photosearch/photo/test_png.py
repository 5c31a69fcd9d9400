"""PNG files with bad checksums: read as browsers do."""

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from photosearch.photo.decode import decode
from photosearch.photo.picture import UndecodableError
from photosearch.photo.png import SIGNATURE, without_bad_chunks


def chunk(kind: bytes, content: bytes, damage: int = 0) -> bytes:
    checksum = zlib.crc32(kind + content) ^ damage
    return len(content).to_bytes(4, "big") + kind + content + checksum.to_bytes(4, "big")


def drawing() -> bytes:
    """A red PNG with a text and a palette."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "Red")
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").quantize().save(file, "PNG", pnginfo=texts)
    return file.getvalue()


def with_chunk(kind: bytes, content: bytes, damage: int = 0, before: bytes = b"IDAT") -> bytes:
    raw = drawing()
    at = raw.index(before) - 4
    return raw[:at] + chunk(kind, content, damage) + raw[at:]


def with_damage(kind: bytes) -> bytes:
    """The drawing, with a bad checksum in its chunk of this kind."""
    raw = bytearray(drawing())
    at = raw.index(kind)
    raw[at + 4 + int.from_bytes(raw[at - 4 : at], "big")] ^= 1
    return bytes(raw)


@pytest.mark.parametrize(
    "raw",
    [
        with_chunk(b"tEXt", b"Comment\0Ann", damage=1),
        with_chunk(b"pHYs", bytes(9), damage=5),
        with_chunk(b"gAMA", b"\0\0\xb1\x8f", damage=1),
        with_chunk(b"iCCP", b"x\0\0" + zlib.compress(b"profile"), damage=1),
        with_chunk(b"prVt", b"anything", damage=1),
        with_chunk(b"tEXt", b"Comment\0Ann", damage=1, before=b"IEND"),
        with_damage(b"tEXt"),
    ],
)
def test_a_bad_checksum_in_an_unimportant_chunk_costs_nothing_else(
    tmp_path: Path, raw: bytes
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(raw)
    decoded = decode(str(path), 8)
    assert (decoded.width, decoded.height, decoded.format) == (40, 30, "PNG")
    assert (decoded.pixels == [255, 0, 0]).all()
    mended = without_bad_chunks(io.BytesIO(raw))
    assert mended is not None
    assert mended.getvalue() in (drawing(), drawing().replace(chunk(b"tEXt", b"Title\0Red"), b""))


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE"])
def test_a_bad_checksum_in_an_important_chunk_is_told(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(with_damage(kind))
    with pytest.raises(UndecodableError, match="PNG"):
        decode(str(path), 8)


def test_all_other_files_stay_as_they_are() -> None:
    whole = drawing()
    for end in range(len(whole)):
        assert without_bad_chunks(io.BytesIO(whole[:end])) is None
    for raw in (whole, b"", b"no PNG", SIGNATURE, SIGNATURE + b"\xff" * 50):
        assert without_bad_chunks(io.BytesIO(raw)) is None


@pytest.mark.parametrize(
    ("kind", "content"),
    [(b"gAMA", b""), (b"cHRM", b"junk"), (b"sRGB", b""), (b"acTL", b""), (b"iCCP", b""),
     (b"pHYs", b"1"), (b"fcTL", b""), (b"fdAT", b""), (b"zTXt", b"junk"), (b"tIME", b"")],
)  # fmt: skip
def test_an_unimportant_chunk_that_says_nothing_costs_nothing(
    tmp_path: Path, kind: bytes, content: bytes
) -> None:
    file = tmp_path / "odd.png"
    file.write_bytes(with_chunk(kind, content, before=b"PLTE"))
    decoded = decode(str(file), 8)
    assert (decoded.width, decoded.height) == (40, 30)
    assert decoded.user_metadata.title == "Red"
