"""A photo becomes the model's square in one way, whoever asks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner.training.pixels import load
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
