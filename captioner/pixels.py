"""Pictures as the pixels that the encoder takes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps


def squash(image: Image.Image, size: int) -> np.ndarray:
    """Return a picture upright, squashed to a square.

    The aspect ratio is not kept, because it was not in training: see docs/training.md.

    Args:
        image: a picture of any mode.
        size: pixels a side.

    Returns:
        uint8 RGB, (size, size, 3).
    """
    upright = ImageOps.exif_transpose(image).convert("RGB")
    if upright.size != (size, size):
        upright = upright.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.array(upright)
