"""Views of a photo: the pixels that training shows to the encoder."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from captioner.describe.square import to_rgb, to_square

PLAIN, MIRRORED = 0, 1  # views of a photo; from 2 on they are random crops


def load(file: Path, size: int, view: int = PLAIN) -> np.ndarray:
    """Read a photo as training sees it.

    Args:
        file: a picture.
        size: pixels a side.
        view: `PLAIN`, `MIRRORED`, or the number of a random crop: at least half of the
            photo, perhaps mirrored, its colours a little changed; the same number gives
            the same crop.

    Returns:
        uint8 RGB, (size, size, 3).

    Raises:
        OSError: the file can't be read.
    """
    with Image.open(file) as image:
        if view in (PLAIN, MIRRORED):
            pixels = to_square(image, size)
            return pixels if view == PLAIN else np.ascontiguousarray(pixels[:, ::-1])
        return _crop(to_rgb(image), size, f"{file.name}{view}")


def _crop(image: Image.Image, size: int, seed: str) -> np.ndarray:
    chance = random.Random(seed)
    area, shape = chance.uniform(0.5, 1.0), math.exp(chance.uniform(-0.25, 0.25))
    width, height = min(1.0, (area * shape) ** 0.5), min(1.0, (area / shape) ** 0.5)
    left, top = chance.uniform(0, 1 - width), chance.uniform(0, 1 - height)
    box = (
        left * image.width,
        top * image.height,
        (left + width) * image.width,
        (top + height) * image.height,
    )
    part = image.resize((size, size), Image.Resampling.BICUBIC, box=box)
    if chance.random() < 0.5:
        part = ImageOps.mirror(part)
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        part = change(part).enhance(chance.uniform(0.75, 1.25))
    return np.array(part)
