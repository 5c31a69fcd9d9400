import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from captioner.describe.square import draft, orientation_of, to_rgb, to_square


def jpeg(image: Image.Image, **options: object) -> Image.Image:
    """Return a picture as a JPEG that is opened and not loaded."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, **options)
    return Image.open(file)


def noise(width: int = 900, height: int = 600) -> Image.Image:
    generator = np.random.default_rng(0)
    return Image.fromarray(generator.integers(0, 256, (height, width, 3), np.uint8))


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


@pytest.mark.parametrize("make", [to_rgb, lambda image: Image.fromarray(to_square(image, 64))])
def test_what_is_transparent_is_white(make: Callable[[Image.Image], Image.Image]) -> None:
    for mode in ("RGBA", "LA", "P"):
        picture = Image.new("RGBA", (90, 60), (0, 0, 0, 0)).convert(mode)
        assert np.asarray(make(picture)).min() == 255, mode


@pytest.mark.parametrize("value", [0, 300, 40_000, 65_535])
def test_grey_with_16_bits_keeps_its_brightness(value: int) -> None:
    picture = Image.fromarray(np.full((60, 90), value, np.uint16))
    assert set(np.unique(to_square(picture, 64))) == {value >> 8}


def test_photos_are_turned_upright() -> None:
    stored = Image.new("RGB", (30, 10), "red")  # the sensor's picture: red left, blue right
    stored.paste((0, 0, 255), (15, 0, 30, 10))
    stored.getexif()[0x0112] = 6  # is to be turned clockwise by 90 degrees
    square = to_square(stored, 16)
    assert square[0, 8].argmax() == 0 and square[15, 8].argmax() == 2  # red at the top
    assert to_rgb(stored).size == (10, 30)
    assert np.array_equal(to_square(stored, 16, orientation=1), np.rot90(square))


def test_an_orientation_that_is_none_turns_nothing() -> None:
    for value in (0, 9, 77):
        assert orientation_of(jpeg(noise(30, 20), exif=exif(value))) == 1


def test_a_large_jpeg_is_decoded_small_and_stays_as_it_was_given() -> None:
    picture = jpeg(noise())
    square = to_square(picture, 64)
    assert picture.size == (900, 600)
    assert np.array_equal(to_square(picture, 64), square)
    small = jpeg(noise())
    assert draft(small, 64) and small.size == (113, 75)
    assert np.array_equal(to_square(small, 64), square)
    whole = np.asarray(picture)  # can still be loaded
    assert whole.shape == (600, 900, 3)


def test_what_is_small_or_no_jpeg_is_decoded_whole() -> None:
    assert not draft(noise(), 64)
    picture = jpeg(noise(64, 64))
    draft(picture, 64)
    assert picture.size == (64, 64)
    assert np.array_equal(to_square(picture, 64), np.asarray(picture))
