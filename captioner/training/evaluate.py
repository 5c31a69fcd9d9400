"""Evaluation: a model's captions of photos, to be scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from captioner.captioner import Implementation
from captioner.describe.description import Part
from captioner.networks.torch_captioner import TorchCaptioner
from captioner.training.pixels import load

BATCH = 64


def caption_grids(
    captioner: TorchCaptioner, grids: np.ndarray, names: Sequence[str]
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


def caption_files(captioner: Implementation, images: Sequence[Path]) -> dict[str, str]:
    """Return the best caption of each photo file by its name.

    Raises:
        OSError: a photo can't be read.
    """
    captions: dict[str, str] = {}
    for start in range(0, len(images), BATCH):
        part = images[start : start + BATCH]
        pixels = np.stack([load(file, captioner.image_size) for file in part])
        described = captioner.describe_pixels(pixels, (Part.CAPTIONS,))
        for file, description in zip(part, described, strict=True):
            assert description.captions
            captions[file.name] = description.captions[0].text
    return captions
