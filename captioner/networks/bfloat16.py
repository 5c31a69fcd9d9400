"""Whether a device gains by bfloat16: measured, because it may have it and be slower."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

GAIN = 1.3  # times as fast, or it isn't worth other captions
ROUNDS, PRODUCTS = 3, 4


def is_faster(device: torch.device, seconds: Callable[[torch.dtype], float] | None = None) -> bool:
    """Tell whether products of matrices are clearly faster in bfloat16 than in float32.

    Args:
        device: that computes.
        seconds: takes the time of some products in a type; by default it is measured.
    """
    seconds = seconds or (lambda dtype: _seconds(device, dtype))
    try:
        return seconds(torch.float32) > GAIN * seconds(torch.bfloat16)
    except RuntimeError:  # it has none at all
        return False


@torch.inference_mode()
def _seconds(device: torch.device, dtype: torch.dtype) -> float:
    """Return the shortest time of a product as the encoder's are, four photos at once."""
    photos = torch.ones(4 * 14 * 14, 672, device=device, dtype=dtype)
    weights = torch.ones(672, 192, device=device, dtype=dtype)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(PRODUCTS):
            product = photos @ weights
        product[0, 0].item()  # a graphics processor is done only then
        times.append(time.perf_counter() - started)
    return min(times)
