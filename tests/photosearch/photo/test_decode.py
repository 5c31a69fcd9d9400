"""Decoding: right pixels for what is a photo, one clean line for what is none."""

import contextlib
import gc
import hashlib
import io
import math
import os
import pickle
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin, features
from PIL.PngImagePlugin import PngInfo

from photosearch.photo.decode import Decoded, decode
from photosearch.photo.exif import Exif
from photosearch.photo.picture import UndecodableError

AsNobody = Callable[[], contextlib.AbstractContextManager[None]]

ORIENTATION, MODEL = 0x0112, 0x0110

# How an upright picture must be stored for an orientation to turn it upright again.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def can_write(name: str) -> bool:
    return name in Image.SAVE


needs_heif = pytest.mark.skipif(not can_write("HEIF"), reason="pillow-heif has no HEVC encoder")
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="Pillow was built without AVIF")
FORMATS = [
    "JPEG",
    "PNG",
    "WEBP",
    "TIFF",
    "BMP",
    "GIF",
    "JPEG2000",
    pytest.param("HEIF", marks=needs_heif),
    pytest.param("AVIF", marks=needs_avif),
]
EXIF_FORMATS = [name for name in FORMATS if name not in ("BMP", "GIF", "JPEG2000")]


def picture(width: int = 300, height: int = 200) -> Image.Image:
    """A smooth picture without any symmetry."""
    x = np.linspace(0, 1, width)[None, :]
    y = np.linspace(0, 1, height)[:, None]
    red, green, blue = 255 * x + 0 * y, 255 * y + 0 * x, 255 * (x - 0.7) ** 2 + 120 * y * x
    return Image.fromarray(np.dstack([red, green, blue]).astype(np.uint8))


def save(image: Image.Image, path: Path, name: str, **options: Any) -> str:
    if name in ("JPEG", "WEBP", "HEIF", "AVIF"):
        options.setdefault("quality", 95)
    image.save(path, name, **options)
    return str(path)


def exif(orientation: int = 1, model: str = "X100") -> bytes:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    tags[MODEL] = model
    return tags.tobytes()


def naive(image: Image.Image, size: int) -> NDArray[np.uint8]:
    return np.array(image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC))


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.abs(one.astype(np.float64) - other).mean())


def refusal(path: str, **options: Any) -> str:
    with pytest.raises(UndecodableError) as caught:
        decode(path, 64, **options)
    reason = str(caught.value)
    assert reason == " ".join(reason.split())
    assert 0 < len(reason) < 250
    return reason


# Orientation and size


@pytest.mark.parametrize("name", EXIF_FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_come_upright(tmp_path: Path, name: str, orientation: int) -> None:
    upright = picture(300, 200)
    turn = STORED[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    path = save(stored, tmp_path / "photo", name, exif=exif(orientation))
    decoded = decode(path, 64)
    assert (decoded.width, decoded.height) == (300, 200)
    assert difference(decoded.pixels, naive(upright, 64)) < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("shape", [(800, 450), (450, 800), (555, 259)])
def test_the_fast_way_for_jpeg_gives_the_same_as_the_slow_one(
    tmp_path: Path, orientation: int, shape: tuple[int, int]
) -> None:
    upright = picture(*shape)
    turn = STORED[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    path = save(stored, tmp_path / "photo.jpg", "JPEG", exif=exif(orientation))
    decoded = decode(path, 50)
    assert decoded.pixels.shape == (50, 50, 3)
    assert (decoded.width, decoded.height) == shape
    assert difference(decoded.pixels, naive(upright, 50)) < 1.5


def test_orientation_in_xmp_counts(tmp_path: Path) -> None:
    xmp = b'<rdf:Description tiff:Orientation="6"/>'
    stored = picture().transpose(Image.Transpose.ROTATE_90)
    decoded = decode(save(stored, tmp_path / "photo", "JPEG", xmp=xmp), 64)
    assert (decoded.width, decoded.height) == (300, 200)
    assert difference(decoded.pixels, naive(picture(), 64)) < 3


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 2)])
def test_small_and_thin_photos(tmp_path: Path, name: str, shape: tuple[int, int]) -> None:
    image = Image.new("RGB", shape, (200, 100, 50))
    path = save(image, tmp_path / "photo", name)
    decoded = decode(path, 32)
    assert decoded.pixels.shape == (32, 32, 3)
    assert decoded.pixels.dtype == np.uint8
    assert (decoded.width, decoded.height) == shape
    assert difference(decoded.pixels, np.full((32, 32, 3), (200, 100, 50), np.uint8)) < 5


@pytest.mark.parametrize("name", EXIF_FORMATS)
def test_metadata_comes_along(tmp_path: Path, name: str) -> None:
    decoded = decode(save(picture(), tmp_path / "photo", name, exif=exif(model="X100")), 32)
    assert decoded.exif == Exif(camera="X100")
    assert decoded.format == name


def test_exif_in_a_compressed_tiff_is_read(tmp_path: Path) -> None:
    path = save(picture(), tmp_path / "photo", "TIFF", exif=exif(6, "X100"), compression="tiff_lzw")
    decoded = decode(path, 32)
    assert decoded.exif == Exif(camera="X100", orientation=6)
    assert (decoded.width, decoded.height) == (200, 300)


@pytest.mark.parametrize(
    "junk", [b"Exif\0\0" + b"II*\0\xff\xff\xff\xff", b"Exif\0\0junk", b"Exif\0\0"]
)
def test_malformed_exif_does_not_cost_the_picture(tmp_path: Path, junk: bytes) -> None:
    decoded = decode(save(picture(), tmp_path / "photo", "JPEG", exif=junk), 64)
    assert decoded.exif == Exif()
    assert difference(decoded.pixels, naive(picture(), 64)) < 3


# Modes and frames


def test_grey_of_16_bits_is_scaled_not_clipped(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    for name in ("PNG", "TIFF"):
        decoded = decode(save(Image.fromarray(ramp), tmp_path / "photo", name), 64)
        expected = np.repeat((ramp >> 8).astype(np.uint8)[:, :, None], 3, axis=2)
        assert np.array_equal(decoded.pixels, expected)


def test_grey_of_16_bits_with_the_high_byte_first(tmp_path: Path) -> None:
    tags = [(256, 4, 2), (257, 4, 1), (258, 3, 16), (259, 3, 1), (262, 3, 1)]
    tags += [(273, 4, 8), (277, 3, 1), (278, 4, 1), (279, 4, 4)]
    entries = b"".join(
        struct.pack(">HHI", tag, kind, 1)
        + struct.pack(">HH" if kind == 3 else ">I", *((value, 0) if kind == 3 else (value,)))
        for tag, kind, value in tags
    )
    pixels = struct.pack(">HH", 0x1234, 0xFEDC)
    blob = b"MM\0*" + struct.pack(">I", 12) + pixels + struct.pack(">H", len(tags)) + entries
    (tmp_path / "photo").write_bytes(blob + bytes(4))
    decoded = decode(str(tmp_path / "photo"), 2)
    assert decoded.pixels[0, :, 0].tolist() == [0x12, 0xFE]


@pytest.mark.parametrize("values", [[0.0, 0.5, 1.0], [-3.0, 0.0, 3.0], [7.0, 7.0, 7.0]])
def test_numbers_without_a_white_point_are_stretched(tmp_path: Path, values: list[float]) -> None:
    spread = [0, 127, 255] if values[0] < values[2] else [0, 0, 0]
    for kind in (np.float32, np.int32):
        scaled = np.array([values] * 3) * (1 if kind is np.float32 else 1000)
        image = Image.fromarray(scaled.astype(kind))
        decoded = decode(save(image, tmp_path / "photo", "TIFF"), 3)
        assert decoded.pixels[0, :, 0].tolist() == spread


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_large_pictures_of_numbers(tmp_path: Path, kind: type) -> None:
    ramp: NDArray[Any] = np.tile(np.linspace(-1000, 1000, 640), (400, 1)).astype(kind)
    decoded = decode(save(Image.fromarray(ramp), tmp_path / "photo", "TIFF"), 32)
    expected = np.tile(np.linspace(0, 255, 32)[None, :, None], (32, 1, 3)).astype(np.uint8)
    assert difference(decoded.pixels, expected) < 3


def test_floats_that_are_no_numbers(tmp_path: Path) -> None:
    values = np.array([[np.nan, np.inf], [-np.inf, 1.0]], np.float32)
    decoded = decode(save(Image.fromarray(values), tmp_path / "photo", "TIFF"), 2)
    assert decoded.pixels[:, :, 0].tolist() == [[0, 0], [0, 255]]


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        *[("1", name) for name in ("PNG", "TIFF", "BMP", "GIF")],
        *[("L", name) for name in ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP")],
        *[("P", name) for name in ("PNG", "TIFF", "BMP", "GIF")],
        *[("CMYK", name) for name in ("JPEG", "TIFF")],
        *[("YCbCr", name) for name in ("JPEG", "TIFF")],
        *[("RGBA", name) for name in ("PNG", "TIFF", "WEBP")],
        *[("LA", name) for name in ("PNG", "TIFF", "WEBP")],
        *[(mode, "JPEG2000") for mode in ("L", "RGB", "RGBA", "LA")],
        ("LAB", "TIFF"),
    ],
)
def test_every_mode_keeps_its_colours(tmp_path: Path, mode: str, name: str) -> None:
    source = picture()
    if mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        transform = ImageCms.buildTransform(*profiles, "RGB", "LAB")
        image = ImageCms.applyTransform(source, transform)
        assert image is not None
    else:
        image = source.convert(mode)
    grey = mode in ("1", "L", "LA")
    expected = naive(source.convert("L") if grey else source, 16)
    decoded = decode(save(image, tmp_path / "photo", name), 16)
    limit = {"1": 12.0, "P": 14.0}.get(mode, 3.0)  # dots and a palette are coarser
    assert difference(decoded.pixels, expected) < limit


@pytest.mark.parametrize("name", ["PNG", "WEBP", "TIFF", pytest.param("AVIF", marks=needs_avif)])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_shows_white(tmp_path: Path, name: str, mode: str) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((40, 40, 40, 255), (0, 0, 32, 64))
    decoded = decode(save(image.convert(mode), tmp_path / "photo", name), 64)
    assert abs(int(decoded.pixels[32, 10, 0]) - 40) <= 3
    assert decoded.pixels[32, 54].min() >= 252


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_a_transparent_colour_shows_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("P" if mode == "P" else mode, (8, 8), 0)
    if mode == "P":
        image.putpalette([0, 0, 0, 200, 100, 50])
    image.paste(1 if mode in "P1" else (9 if mode == "L" else (9, 9, 9)), (0, 0, 4, 8))
    transparent = (0, 0, 0) if mode == "RGB" else 0
    decoded = decode(save(image, tmp_path / "photo", "PNG", transparency=transparent), 8)
    assert decoded.pixels[4, 7].tolist() == [255, 255, 255]
    assert (
        decoded.pixels[4, 0].tolist()
        == {
            "P": [200, 100, 50],
            "L": [9, 9, 9],
            "RGB": [9, 9, 9],
            "1": [255, 255, 255],
        }[mode]
    )


@pytest.mark.parametrize("name", ["GIF", "TIFF", "WEBP", "PNG"])
def test_the_first_frame_is_taken(tmp_path: Path, name: str) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    path = save(frames[0], tmp_path / "photo", name, save_all=True, append_images=frames[1:])
    decoded = decode(path, 8)
    assert difference(decoded.pixels, np.full((8, 8, 3), (255, 0, 0), np.uint8)) < 3
    assert (decoded.width, decoded.height) == (20, 10)


def test_a_jpeg_with_further_pictures_is_a_jpeg(tmp_path: Path) -> None:
    others = [Image.new("RGB", (50, 50))]
    path = save(picture(900, 600), tmp_path / "p", "MPO", save_all=True, append_images=others)
    with Image.open(path) as image:
        assert image.format == "MPO"
    decoded = decode(path, 64)
    assert decoded.format == "JPEG"
    assert (decoded.width, decoded.height) == (900, 600)
    assert difference(decoded.pixels, naive(picture(900, 600), 64)) < 3


@pytest.mark.parametrize("is_bare", [False, True])
@pytest.mark.parametrize("resolutions", [1, 2, 6])  # as many halves as the writer wanted, less one
def test_jpeg_2000_is_decoded_no_larger_than_needed(
    tmp_path: Path, is_bare: bool, resolutions: int
) -> None:
    options = {"no_jp2": is_bare, "num_resolutions": resolutions}
    path = save(picture(900, 600), tmp_path / "photo", "JPEG2000", **options)
    for size in (20, 64, 400, 700):
        decoded = decode(path, size)
        assert (decoded.format, decoded.width, decoded.height) == ("JPEG2000", 900, 600)
        assert difference(decoded.pixels, naive(picture(900, 600), size)) < 3


def test_jpeg_2000_in_a_smaller_scale_is_faster(tmp_path: Path) -> None:
    noise = Image.effect_noise((1600, 1200), 60)
    path = save(noise, tmp_path / "photo", "JPEG2000")
    times = []
    for size in (100, 1200):
        started = time.process_time()
        decode(path, size)
        times.append(time.process_time() - started)
    assert times[0] < times[1] / 3, times


def test_a_motion_photo_is_its_still(tmp_path: Path) -> None:
    """Phones append a film of some seconds to the JPEG."""
    path = tmp_path / "photo.jpg"
    save(picture(600, 400), path, "JPEG", exif=exif(model="Phone"))
    still = path.read_bytes()
    film = struct.pack(">I", 24) + b"ftypmp42" + bytes(12) + struct.pack(">I", 200_000) + b"mdat"
    path.write_bytes(still + film + random.Random(1).randbytes(200_000))
    decoded = decode(str(path), 64)
    assert (decoded.format, decoded.width, decoded.height) == ("JPEG", 600, 400)
    assert decoded.exif.camera == "Phone"
    assert difference(decoded.pixels, naive(picture(600, 400), 64)) < 3
    assert decoded.content_hash == hashlib.sha256(path.read_bytes()).digest()


# Refusals


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"This is no photo at all.", "not an image in a known format"),
        (b"x", "not an image in a known format"),
        (bytes(5000), "not an image in a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image in a known format"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "truncated file"),
        (b"\xff\xd8\xff", "truncated or damaged JPEG header"),
        (b"\x89PNG\r\n\x1a\n", "truncated or damaged PNG header"),
        (b"RIFF\x24\0\0\0WEBP", "truncated or damaged WebP header"),
    ],
)
def test_what_is_no_photo(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    assert refusal(str(tmp_path / "a.jpg")) == reason


def test_the_content_counts_not_the_name(tmp_path: Path) -> None:
    assert decode(save(picture(), tmp_path / "photo.jpg", "PNG"), 8).format == "PNG"
    assert decode(save(picture(), tmp_path / "photo.eps", "JPEG"), 8).format == "JPEG"


@pytest.mark.skipif(not can_write("HEIF") or not can_write("AVIF"), reason="encoders missing")
@pytest.mark.parametrize("name", ["HEIF", "AVIF"])
def test_containers_of_the_general_brand(tmp_path: Path, name: str) -> None:
    path = Path(save(picture(), tmp_path / "photo", name))
    blob = path.read_bytes()
    path.write_bytes(blob[:8] + b"mif1" + blob[12:])
    assert decode(str(path), 8).format == name


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    assert refusal(str(tmp_path / "nowhere.jpg")) == "file is gone"
    assert refusal(f"{save(picture(), tmp_path / 'a.jpg', 'JPEG')}/b.jpg") == "file is gone"
    assert refusal(str(tmp_path)) == "not a regular file"
    assert refusal("/dev/null") == "not a regular file"
    assert "null" in refusal("a\0b.jpg")
    os.mkfifo(tmp_path / "fifo.jpg")
    assert refusal(str(tmp_path / "fifo.jpg")) == "not a regular file"


def test_a_file_that_may_not_be_read(as_nobody: AsNobody) -> None:
    folder = Path(tempfile.mkdtemp())  # unlike tmp_path, others can enter it
    folder.chmod(0o755)
    try:
        path = save(picture(), folder / "a.jpg", "JPEG")
        Path(path).chmod(0o000)
        with as_nobody():
            assert refusal(path) == "permission denied"
    finally:
        shutil.rmtree(folder)


def test_a_name_that_is_not_text(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.jpg"))
    assert decode(save(picture(), path, "JPEG"), 8).format == "JPEG"
    path.write_bytes(b"junk")
    assert refusal(str(path)) == "not an image in a known format"


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of one bit a pixel, without its pixels."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", b""), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def test_too_many_pixels_are_refused_by_the_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(30_000, 30_000))
    started = time.process_time()
    assert (
        refusal(str(path)) == "900 megapixels are over the limit of 200: --max-pixels allows more"
    )
    assert time.process_time() - started < 1
    path.write_bytes(png(20_001, 10_000))
    assert (
        refusal(str(path)) == "201 megapixels are over the limit of 200: --max-pixels allows more"
    )


def test_the_limit_can_be_set(tmp_path: Path) -> None:
    path = save(Image.new("RGB", (2000, 1500)), tmp_path / "photo.jpg", "JPEG")
    assert refusal(path, max_pixels=2_999_999) == (
        "3 megapixels are over the limit of 3: --max-pixels allows more"
    )
    assert refusal(path, max_pixels=2_500_000).endswith("limit of 2.5: --max-pixels allows more")
    assert decode(path, 8, max_pixels=3_000_000).width == 2000


def test_a_bomb_of_text_is_refused(tmp_path: Path) -> None:
    text = b"note\0\0" + zlib.compress(bytes(100_000_000))
    (tmp_path / "bomb.png").write_bytes(png(8, 8, (b"zTXt", text)))
    assert "too large" in refusal(str(tmp_path / "bomb.png")).lower()


def test_a_long_text_costs_no_picture(tmp_path: Path) -> None:
    notes = PngInfo()
    notes.add_itxt("XML:com.adobe.xmp", "a history of edits " * 300_000, zip=True)
    path = save(picture(), tmp_path / "photo.png", "PNG", pnginfo=notes)
    assert decode(path, 16).format == "PNG"


@pytest.mark.parametrize(
    ("kind", "planes", "compression", "reason"),
    [
        ("<u2", 2, None, "a TIFF with 16 bits a colour in separate planes"),
        ("<u2", 2, "zlib", None),
        ("<u2", 1, None, None),
        ("u1", 2, None, None),
        ("<f4", 1, None, "a kind of TIFF that can't be read, or damaged"),
    ],
)
def test_kinds_of_tiff(
    tmp_path: Path, kind: str, planes: int, compression: str | None, reason: str | None
) -> None:
    light = np.linspace(0, 1, 40 * 60 * 3).reshape(40, 60, 3)
    values = (light * {"<u2": 65535, "u1": 255, "<f4": 1}[kind]).astype(kind)
    path = str(tmp_path / "photo.tif")
    options: dict[str, Any] = {
        "planarconfig": planes,
        "photometric": "rgb",
        "compression": compression,
    }
    data = values.transpose(2, 0, 1) if planes == 2 else values
    tifffile.imwrite(path, data, metadata=None, **options)
    if reason is not None:
        assert refusal(path) == reason
    else:
        expected = Image.fromarray((light * 255).astype(np.uint8)).resize(
            (8, 8), Image.Resampling.BICUBIC
        )
        assert np.abs(decode(path, 8).pixels - np.asarray(expected, np.int16)).max() <= 2


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_truncated_files_are_refused(tmp_path: Path, name: str, part: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (100, 150, 3)).astype(np.uint8)
    path = Path(save(Image.fromarray(noise), tmp_path / "photo", name))
    blob = path.read_bytes()
    path.write_bytes(blob[: int(len(blob) * part)])
    reason = "can't be decoded: broken" if name == "JPEG2000" else "truncated"
    assert refusal(str(path)).startswith(reason)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_that_lacks_its_last_bytes_is_read(tmp_path: Path, mode: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (400, 600, 3)).astype(np.uint8)
    path = tmp_path / "photo.jpg"
    Image.fromarray(noise).convert(mode).save(path)
    blob, whole = path.read_bytes(), decode(str(path), 100).pixels
    for missing in (1, 2, 3, 10, 100):
        path.write_bytes(blob[:-missing])
        found = decode(str(path), 100)
        assert (found.width, found.height) == (600, 400)
        assert np.mean(found.pixels != whole) < 0.02
    for part in (0.1, 0.5, 0.95):
        path.write_bytes(blob[: int(len(blob) * part)])
        assert refusal(str(path)) == "truncated file"


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_progressive_jpeg_that_lacks_details_is_refused(tmp_path: Path, mode: str) -> None:
    light = np.linspace(0, 255, 400 * 600).reshape(400, 600, 1)
    noise = np.random.default_rng(0).normal(0, 20, (400, 600, 3))
    path = tmp_path / "photo.jpg"
    photo = Image.fromarray((light + noise).clip(0, 255).astype(np.uint8)).convert(mode)
    photo.save(path, progressive=True)
    blob = path.read_bytes()
    assert decode(str(path), 100).format == "JPEG"
    for part in (0.2, 0.5, 0.9, 0.99):
        path.write_bytes(blob[: int(len(blob) * part)])
        assert refusal(str(path)) == "truncated file"


def scan_by_scan(photo: Image.Image) -> tuple[bytes, list[int]]:
    """A JPEG with a scan for each colour, and where its scans begin."""
    parts = []
    for plane in photo.convert("YCbCr").split():
        blob = io.BytesIO()
        plane.save(blob, "JPEG")
        parts.append(blob.getvalue())
    first = parts[0]
    frame, tables, scan = (first.index(b"\xff" + mark) for mark in (b"\xc0", b"\xc4", b"\xda"))
    sizes = first[frame + 4 : frame + 9]
    colours = b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    whole = first[:frame] + b"\xff\xc0\0\x11" + sizes + b"\x03" + colours + first[tables:scan]
    starts = []
    for number, part in enumerate(parts, 1):
        starts.append(len(whole))
        data = part[part.index(b"\xff\xda") + 10 : -2]
        whole += b"\xff\xda\0\x08\x01" + bytes([number]) + b"\0\0\x3f\0" + data
    return whole + b"\xff\xd9", starts


def test_a_jpeg_that_lacks_colours_is_refused(tmp_path: Path) -> None:
    light = np.linspace(0, 255, 400 * 600 * 3).reshape(400, 600, 3)[:, :, ::-1]
    noise = np.random.default_rng(0).normal(0, 20, light.shape)
    photo = Image.fromarray((light + noise).clip(0, 255).astype(np.uint8))
    blob, (_, _, third) = scan_by_scan(photo)
    path = tmp_path / "photo.jpg"
    path.write_bytes(blob)
    expected = np.asarray(photo.resize((8, 8), Image.Resampling.BOX), np.int16)
    assert np.abs(decode(str(path), 8).pixels - expected).max() < 8
    for end in (third, third + 100, len(blob) - 100):
        path.write_bytes(blob[:end])
        assert refusal(str(path)) == "truncated file"


def test_photos_that_lack_their_last_bytes(tmp_path: Path, data_dir: Path) -> None:
    path, photos = tmp_path / "photo.jpg", sorted((data_dir / "photos").glob("*.jpg"))
    read = dict.fromkeys((1, 2, 16, 100, 0.05), 0)  # bytes that are cut off, or their share
    for photo in photos:
        blob, whole = photo.read_bytes(), decode(str(photo), 224).pixels.astype(np.int16)
        for missing in read:
            lacks = missing if isinstance(missing, int) else math.ceil(missing * len(blob))
            path.write_bytes(blob[:-lacks])
            with contextlib.suppress(UndecodableError):
                found = decode(str(path), 224).pixels
                assert np.mean(np.abs(found - whole) > 8) < 0.015
                read[missing] += 1
    assert read[1] == read[2] == read[16] == len(photos) == 150
    assert read[100] >= 0.95 * len(photos) and read[0.05] == 0


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_leave_memory_at_once(tmp_path: Path, name: str) -> None:
    path = save(Image.new("RGB", (60, 40), "red"), tmp_path / "photo", name)
    decode(path, 8)
    gc.collect()
    gc.disable()  # it would come late: it doesn't see how large pixels are
    try:
        decode(path, 8)
        left = [one for one in gc.get_objects(0) if issubclass(type(one), Image.Image)]
        assert not left
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", ["u1", "<u2"])
def test_a_tiff_whose_white_is_zero(tmp_path: Path, kind: str) -> None:
    light = np.linspace(0, 1, 40 * 60).reshape(40, 60)
    most = 255 if kind == "u1" else 65535
    path = str(tmp_path / "photo.tif")
    values = ((1 - light) * most).astype(kind)
    tifffile.imwrite(path, values, photometric="miniswhite", metadata=None)
    expected = Image.fromarray((light * 255).astype(np.uint8)).resize(
        (8, 8), Image.Resampling.BICUBIC
    )
    found = decode(path, 8).pixels.astype(np.int16)
    assert np.abs(found - np.asarray(expected, np.int16)[:, :, None]).max() <= 2


def test_libtiff_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = Path(save(picture(), tmp_path / "photo", "TIFF", compression="tiff_adobe_deflate"))
    blob = bytearray(path.read_bytes())
    blob[200:220] = b"?" * 20
    path.write_bytes(blob)
    with Image.open(path) as image, pytest.raises(OSError, match="-2"):
        image.load()
    assert "ZIPDecode" in capfd.readouterr().err  # it would have
    assert refusal(str(path)).startswith("can't be decoded")
    assert capfd.readouterr() == ("", "")
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


def test_libtiff_is_kept_quiet_when_stderr_is_closed(tmp_path: Path) -> None:
    path = save(picture(), tmp_path / "photo", "TIFF", compression="tiff_lzw")
    saved = os.dup(2)
    try:
        os.close(2)
        assert decode(path, 8).format == "TIFF"
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def test_pillow_logs_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = Path(save(picture(), tmp_path / "photo", "TIFF"))
    blob = path.read_bytes()
    samples = struct.pack("<HHI", TiffImagePlugin.SAMPLESPERPIXEL, 3, 1)
    assert blob.count(samples) == 1
    at = blob.index(samples) + len(samples)
    path.write_bytes(blob[:at] + b"\0\x08" + blob[at + 2 :])
    refusal(str(path))
    assert capfd.readouterr() == ("", "")


def encoded(name: str) -> bytes:
    file = io.BytesIO()
    if can_write(name):
        picture(90, 60).save(file, name, **({"exif": exif(6)} if name == "JPEG" else {}))
    return file.getvalue()


def check(path: str) -> None:
    """Either a whole picture or an UndecodableError with one line."""
    try:
        decoded = decode(path, 16, max_pixels=1_000_000)
    except UndecodableError as error:
        assert str(error)
        assert "\n" not in str(error)
        return
    assert isinstance(decoded, Decoded)
    assert decoded.pixels.shape == (16, 16, 3)
    assert decoded.pixels.dtype == np.uint8
    assert decoded.width > 0
    assert decoded.height > 0


JPEG = encoded("JPEG")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.integers(0, len(JPEG) - 1), st.integers(0, 255)), max_size=10),
    st.integers(0, len(JPEG)) | st.just(len(JPEG)),
)
def test_damaged_jpeg(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    changes: list[tuple[int, int]],
    length: int,
) -> None:
    blob = bytearray(JPEG)
    for position, value in changes:
        blob[position] = value
    path = tmp_path / "photo.jpg"
    path.write_bytes(blob[:length])
    check(str(path))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_of_every_format(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    chance = random.Random(name)
    original = encoded(name)
    path = tmp_path / "photo"
    for _ in range(60):
        blob = bytearray(original)
        for _ in range(chance.choice((1, 3, 20))):
            # Half of the hits go to the header, where they do more
            end = len(blob) if chance.random() < 0.5 else min(300, len(blob))
            blob[chance.randrange(end)] = chance.randrange(256)
        path.write_bytes(blob)
        check(str(path))
    assert capfd.readouterr() == ("", "")


# The worker's side


def test_results_and_refusals_travel_between_processes(tmp_path: Path) -> None:
    decoded = decode(save(picture(), tmp_path / "photo", "JPEG"), 8)
    copy = pickle.loads(pickle.dumps(decoded))
    assert np.array_equal(copy.pixels, decoded.pixels)
    assert copy.exif == decoded.exif
    assert str(pickle.loads(pickle.dumps(UndecodableError("why")))) == "why"


def test_pixels_may_be_written_to(tmp_path: Path) -> None:
    decoded = decode(save(picture(), tmp_path / "photo", "JPEG"), 8)
    assert decoded.pixels.flags.writeable
    assert decoded.pixels.flags.c_contiguous


def test_the_photo_is_left_alone(tmp_path: Path) -> None:
    path = Path(save(picture(), tmp_path / "photo.jpg", "JPEG"))
    path.chmod(0o444)
    before = path.read_bytes(), path.stat().st_mtime_ns
    decode(str(path), 8)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_workers_import_no_model() -> None:
    code = (
        "import sys, photosearch.photo.decode;"
        "print([name for name in ('torch', 'onnxruntime', 'sqlite_utils') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def test_the_content_is_told_as_a_hash(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (9, 9)).save(path)
    assert decode(str(path), 8).content_hash == hashlib.sha256(path.read_bytes()).digest()
