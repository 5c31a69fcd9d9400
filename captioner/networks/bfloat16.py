"""bfloat16: a measurement whether a device is faster with it."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

GAIN = 1.3  # bfloat16 must be that many times as fast, because some captions differ
ROUNDS, PRODUCTS = 3, 4


def is_faster(device: torch.device, seconds: Callable[[torch.dtype], float] | None = None) -> bool:
    """Return whether products of matrices are clearly faster in bfloat16 than in float32.

    Args:
        device: the device that computes.
        seconds: returns the time of some products in a type; by default it is measured.
    """
    seconds = seconds or (lambda dtype: _seconds(device, dtype))
    try:
        return seconds(torch.float32) > GAIN * seconds(torch.bfloat16)
    except RuntimeError:  # the device has no bfloat16
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
        product[0, 0].item()  # waits until a graphics processor is done
        times.append(time.perf_counter() - started)
    return min(times)
