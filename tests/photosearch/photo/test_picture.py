"""A photo becomes the model's square in one way, whoever asks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner.training.pixels import load
from photosearch.files.names import is_photo_name
from photosearch.photo.decode import decode

SIZE = 64


def transparent(file: Path) -> None:
    picture = Image.new("RGBA", (200, 120), (0, 0, 0, 0))
    picture.paste((200, 30, 30, 255), (50, 20, 150, 100))
    picture.save(file, "PNG")


def grey_with_16_bits(file: Path) -> None:
    Image.fromarray(np.full((120, 200), 40_000, np.uint16)).save(file, "PNG")


def noisy(file: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (600, 900, 3), np.uint8)
    Image.fromarray(noise).save(file, "JPEG")


def turned(file: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    gradient = Image.linear_gradient("L").resize((600, 400)).convert("RGB")
    gradient.save(file, "JPEG", exif=exif)


@pytest.mark.parametrize("make", [transparent, grey_with_16_bits, noisy, turned])
def test_training_and_indexing_see_the_same(tmp_path: Path, make: Callable[[Path], None]) -> None:
    file = tmp_path / "photo"
    make(file)
    np.testing.assert_array_equal(load(file, SIZE), decode(str(file), SIZE).pixels)


@pytest.mark.parametrize(
    ("ending", "format"),
    [
        (".mpo", "JPEG"), (".jps", "JPEG"), (".jfif", "JPEG"), (".insp", "JPEG"), ("", "JPEG"),
        (".jif", "JPEG"), (".jfi", "JPEG"), (".pjpeg", "JPEG"), (".pjp", "JPEG"),
        (".heics", "HEIF"), (".heifs", "HEIF"), (".avifs", "AVIF"), (".apng", "PNG"),
        (".dib", "BMP"), (".jpc", "JPEG2000"), (".ppm", "PPM"), (".pgm", "PPM"), (".pbm", "PPM"),
        (".pnm", "PPM"),
    ],
)  # fmt: skip
def test_every_ending_of_a_known_format_is_read(tmp_path: Path, ending: str, format: str) -> None:
    path = tmp_path / f"a{ending}"
    mode = {".pgm": "L", ".pbm": "1"}.get(ending, "RGB")
    Image.new("RGB", (40, 30), "white").convert(mode).save(path, format)
    decoded = decode(str(path), 8)
    assert (decoded.width, decoded.height, decoded.format) == (40, 30, format)
    assert (decoded.pixels > 250).all()
    assert not ending or is_photo_name(str(path))


def test_a_bitmap_without_a_files_header_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.dib", "DIB")
    decoded = decode(f"{tmp_path}/a.dib", 8)
    assert decoded.format == "DIB" and (decoded.pixels == [255, 0, 0]).all()


def test_a_pair_of_pictures_in_one_file_shows_the_first(tmp_path: Path) -> None:
    first, second = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))
    first.save(tmp_path / "a.mpo", "MPO", save_all=True, append_images=[second])
    decoded = decode(f"{tmp_path}/a.mpo", 8)
    assert decoded.format == "JPEG" and (decoded.pixels[..., 0] > 250).all()
