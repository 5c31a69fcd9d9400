"""How good a captioner's captions are: those it makes for a split, against people's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from captioner.networks.captioner import Captioner

BATCH = 64


def caption_features(
    captioner: Captioner, grids: np.ndarray, names: Sequence[str]
) -> dict[str, str]:
    """Return the best caption of each encoded photo by its name.

    Args:
        captioner: the model.
        grids: region features, (photos, R, C).
        names: of the photos, in the same order.
    """
    captions: dict[str, str] = {}
    for start in range(0, len(names), BATCH):
        part = torch.from_numpy(np.array(grids[start : start + BATCH], np.float32))
        found = captioner.caption_grid(part.to(captioner.device))
        for name, best in zip(names[start : start + BATCH], found, strict=True):
            captions[name] = best[0].text
    return captions


def caption_files(captioner: Captioner, images: Sequence[Path]) -> dict[str, str]:
    """Return the best caption of each photo file by its name.

    Raises:
        OSError: a photo can't be read.
    """
    captions: dict[str, str] = {}
    for start in range(0, len(images), BATCH):
        part = images[start : start + BATCH]
        opened = []
        for file in part:
            with Image.open(file) as image:
                image.load()
                opened.append(image)
        for file, best in zip(part, captioner.caption(opened), strict=True):
            captions[file.name] = best[0].text
    return captions
