"""RAW: the preview or the sensor's picture, upright; recognised by content alone."""

import io
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from photosearch.photo.dates import DateSource
from photosearch.photo.decode import decode
from photosearch.photo.exif import Exif
from photosearch.photo.picture import UndecodableError
from photosearch.photo.raw import is_raw, read_raw

Dng = Callable[..., bytes]

METADATA = Exif({DateSource.MODIFIED: "2019-07-04T12:34:56"}, "Fotomat Raw 1")
STORED = {
    1: None,
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}


def scene(width: int = 320, height: int = 240) -> Image.Image:
    """A smooth picture without any symmetry."""
    x = np.linspace(0, 1, width)[None, :]
    y = np.linspace(0, 1, height)[:, None]
    red, green, blue = 250 * x + 0 * y, 250 * y + 0 * x, 250 * (1 - x) * (1 - y * y)
    return Image.fromarray(np.dstack([red, green, blue]).astype(np.uint8))


def likeness(pixels: NDArray[np.uint8], image: Image.Image) -> float:
    """The correlation with an image: a developed picture is as bright as LibRaw wants it."""
    expected = np.asarray(image.resize(pixels.shape[:2]), np.float64)
    return float(np.corrcoef(pixels.ravel(), expected.ravel())[0, 1])


def stored(image: Image.Image, orientation: int) -> Image.Image:
    turn = STORED[orientation]
    return image if turn is None else image.transpose(turn)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("size", [64, 200])  # developed in half size, and in full size
def test_without_a_preview_it_is_developed_upright(
    tmp_path: Path, dng: Dng, orientation: int, size: int
) -> None:
    path = tmp_path / "photo"
    path.write_bytes(dng(stored(scene(), orientation), None, orientation))
    decoded = decode(str(path), size)
    assert decoded.format == "RAW"
    assert decoded.pixels.shape == (size, size, 3)
    assert (decoded.width, decoded.height) == (320, 240)
    assert (decoded.exif.dates, decoded.exif.camera) == (
        METADATA.dates, METADATA.camera,
    )  # fmt: skip
    assert decoded.content_hash is not None
    assert likeness(decoded.pixels, scene()) > 0.93
    assert likeness(decoded.pixels, scene().rotate(180)) < 0.5


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("is_upright", [False, True])
def test_the_preview_is_taken_upright(
    tmp_path: Path, dng: Dng, orientation: int, is_upright: bool
) -> None:
    """The sensor's picture is grey here, so it is known which one was taken."""
    if is_upright and orientation in (1, 3):
        pytest.skip("nothing would tell that it is upright")
    grey = stored(Image.new("RGB", (320, 240), "grey"), orientation)
    preview = scene() if is_upright else stored(scene(), orientation)
    path = tmp_path / "photo"
    path.write_bytes(dng(grey, preview, orientation))
    decoded = decode(str(path), 100)
    assert (decoded.format, decoded.width, decoded.height) == ("RAW", 320, 240)
    assert decoded.exif.camera == METADATA.camera
    assert likeness(decoded.pixels, scene()) > 0.99


def test_a_preview_too_small_for_the_model_is_not_taken(tmp_path: Path, dng: Dng) -> None:
    path = tmp_path / "photo"
    path.write_bytes(dng(scene(), Image.new("RGB", (99, 80), "grey")))
    assert likeness(decode(str(path), 100).pixels, scene()) > 0.93
    assert np.ptp(decode(str(path), 64).pixels) < 10


def test_a_damaged_preview_is_not_taken(tmp_path: Path, dng: Dng) -> None:
    content = dng(scene(), Image.effect_noise((320, 240), 80).convert("RGB"))
    start = content.index(b"\xff\xd8\xff")
    path = tmp_path / "photo"
    path.write_bytes(content[: start + 4] + bytes(400) + content[start + 404 :])
    assert likeness(decode(str(path), 100).pixels, scene()) > 0.93


def test_too_many_pixels_are_refused(tmp_path: Path, dng: Dng) -> None:
    path = tmp_path / "photo"
    path.write_bytes(dng(scene(2000, 1000)))
    with pytest.raises(UndecodableError, match="2 megapixels are over the limit of 1: --max-p"):
        decode(str(path), 64, max_pixels=1_000_000)


@pytest.mark.parametrize("preview", [None, scene(160, 120)])
def test_cut_anywhere_it_gives_pixels_or_one_line(
    tmp_path: Path, dng: Dng, preview: Image.Image | None
) -> None:
    content = dng(scene(64, 48), preview)
    for length in range(1, len(content), len(content) // 40):
        path = tmp_path / "photo"
        path.write_bytes(content[:length])
        try:
            assert decode(str(path), 100).pixels.shape == (100, 100, 3)
        except UndecodableError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b"FUJIFILMCCD-RAW 0201", True),
        (b"IIRO\x08\0\0\0", True),
        (b"IIRS\x08\0\0\0", True),
        (b"MMOR\0\0\0\x08", True),
        (b"IIU\0\x18\0\0\0", True),
        (b"II*\0\x10\0\0\0CR\x02\0", True),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01", True),
        (b"II*\0\x08\0\0\0", False),
        (b"II*\0", False),
        (b"II*\0\xff\xff\xff\xff", False),
        (b"\0\0\0\x18ftypheic\0\0\0\x01", False),
        (b"\xff\xd8\xff\xe0", False),
        (b"", False),
    ],
)
def test_the_first_bytes_tell(start: bytes, expected: bool) -> None:
    assert is_raw(io.BytesIO(start)) is expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({0x010F: 1}, False),  # a scanner writes its name too
        ({0x014A: 1}, False),
        ({0x010F: 1, 0x014A: 1}, True),  # NEF, ARW
        ({0x0106: 2}, False),
        ({0x0106: 32803}, True),
        ({0xC612: 1}, True),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_tags_tell_raw_from_other_tiffs(tags: dict[int, int], expected: bool, order: str) -> None:
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    table = [struct.pack(f"{order}HHIHxx", tag, 3, 1, value) for tag, value in tags.items()]
    content = start + struct.pack(f"{order}H", len(tags)) + b"".join(table) + bytes(4)
    assert is_raw(io.BytesIO(content)) is expected


def test_a_tiff_that_only_looks_like_raw_is_read_as_tiff(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    scene().save(path, "TIFF", tiffinfo={0x010F: "Fotomat", 0x014A: 8})
    with path.open("rb") as file:
        assert is_raw(file)
    decoded = decode(str(path), 64)
    assert decoded.format == "TIFF"
    assert likeness(decoded.pixels, scene()) > 0.99


@pytest.mark.parametrize("magic", [b"FUJIFILMCCD-RAW 0201", b"IIRO", b"\0\0\0\x18ftypcrx "])
def test_what_only_begins_like_raw_is_refused(tmp_path: Path, magic: bytes) -> None:
    path = tmp_path / "photo"
    path.write_bytes(magic + bytes(2000))
    with pytest.raises(UndecodableError, match="unsupported file format or not raw file"):
        decode(str(path), 64)


def test_exif_behind_another_makers_magic(dng: Dng) -> None:
    """ORF and RW2 are TIFF but for their first four bytes; LibRaw takes a DNG only as it is."""
    from photosearch.photo import raw

    for magic in (b"IIRO", b"IIRS", b"IIU\0"):
        content = magic + dng(scene(16, 16))[4:]
        assert raw._exif(io.BytesIO(content), None).camera == METADATA.camera


def test_a_check_is_told_the_size_and_may_refuse(dng: Dng) -> None:
    seen: list[tuple[int, int]] = []

    def check(width: int, height: int) -> None:
        seen.append((width, height))
        raise UndecodableError("refused")

    with pytest.raises(UndecodableError, match="refused"):
        read_raw(io.BytesIO(dng(scene())), 64, check)
    assert seen == [(320, 240)]


def test_libraw_is_imported_for_raw_only(tmp_path: Path, dng: Dng) -> None:
    scene().save(tmp_path / "photo.jpg")
    (tmp_path / "photo.dng").write_bytes(dng(scene()))
    code = (
        "import sys; from photosearch.photo.decode import decode\n"
        "for path in sys.argv[1:]: decode(path, 8); print('rawpy' in sys.modules)"
    )
    paths = [str(tmp_path / name) for name in ("photo.jpg", "photo.dng")]
    done = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]
    assert done.stderr == ""
