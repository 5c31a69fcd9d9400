"""The data of joint training: photos out of shards, and the words and vocabulary of their texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from captioner.training.shards import Shards
from captioner.training.sources import Photo

# Bytes of a graphics processor's memory that training needs beside photos: by the count of what the
# trunk keeps for its gradient, 40 MB for each photo of a step in bfloat16, and 1,000 photos a step.
RESERVE = 44 * 2**30

Progress = Callable[[int, int], None]  # done, total


@dataclass(frozen=True)
class Photos:
    """Photos with their pixels."""

    photos: tuple[Photo, ...]
    pixels: Tensor  # uint8 (N, S, S, 3), on the device or, if they don't fit, on the processor

    def take(self, numbers: Tensor, on_processor: np.ndarray) -> Tensor:
        """Return pixels of photos on the device, uint8 (n, S, S, 3).

        Args:
            numbers: of the photos, on the device.
            on_processor: the same numbers: to ask the device for them would take time.
        """
        if self.pixels.device == numbers.device:
            return self.pixels[numbers]
        part = self.pixels[torch.from_numpy(on_processor)]
        if numbers.device.type == "cuda":
            part = part.pin_memory()
        return part.to(numbers.device, non_blocking=True)


def read_photos(
    shards: Shards, split: str, device: torch.device, workers: int | None = None
) -> Photos:
    """Decode the photos of a split, and put them onto the device if they fit.

    Raises:
        DataError: a photo is damaged.
    """
    chosen = [place for place, photo in enumerate(shards.photos) if photo.split == split]
    pixels = torch.from_numpy(shards.decode(chosen, workers))
    if device.type != "cuda" or fits(pixels.nbytes, torch.cuda.mem_get_info(device)[0]):
        pixels = pixels.to(device)
    return Photos(tuple(shards.photos[place] for place in chosen), pixels)


def fits(photos: int, free: int) -> bool:
    """Return whether photos, in bytes, fit into free memory beside the networks."""
    return photos + RESERVE <= free


def by_source(photos: Sequence[Photo]) -> dict[str, list[int]]:
    """Return the numbers of photos by the name of their source."""
    found: dict[str, list[int]] = {}
    for number, photo in enumerate(photos):
        found.setdefault(photo.source, []).append(number)
    return found
