"""The batch size: how many photos a graphics processor takes at once.

On CUDA the first batch is as large as what fits: a few photos show what a photo needs. Elsewhere
the batch grows while photos fit. If memory runs out, the batch is halved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch

Result = TypeVar("Result")
Finish = Callable[[], Sequence[Result]]

LEAST = 32  # photos that fit any graphics processor
MOST = 512  # more photos at once are hardly faster
BEGUN = 2  # parts that a device has at once: when it is done with a part, it has the next
TRIED = 16  # photos that are described to measure what a photo needs
MARGIN = 0.7  # of the free memory: other sizes may take other algorithms


class BatchSize:
    """A batch size that grows while photos fit into memory, and shrinks when they don't.

    Attributes:
        size: Photos to be given at once; may change with every batch.
    """

    def __init__(self, size: int = LEAST, most: int = MOST) -> None:
        """Start with a size; `most` is the largest size."""
        self.size = size
        self._most = most

    def run(
        self, start: Callable[[np.ndarray], Finish[Result]], photos: np.ndarray
    ) -> list[Result]:
        """Return what a function makes of photos, given to it in parts that fit.

        A part is begun before the results of the part before it are taken. So the device works on a
        part while this thread makes the results of another part.

        Args:
            start: begins with photos, (B, ...). It returns a function that waits for the device,
                and returns a result for each photo.
            photos: any number, (N, ...).

        Raises:
            torch.OutOfMemoryError: not even one photo fits.
        """
        results: list[Result] = []
        begun: deque[Finish[Result]] = deque()
        at = 0
        while at < len(photos):
            part = photos[at : at + self.size]
            finish = self._begin(start, part)
            if finish is not None:
                begun.append(finish)
                at += len(part)
            if len(begun) == BEGUN:
                results += begun.popleft()()
        for finish in begun:
            results += finish()
        return results

    def _begin(
        self, start: Callable[[np.ndarray], Finish[Result]], part: np.ndarray
    ) -> Finish[Result] | None:
        """Begin with photos, and choose the next size; return None if they don't fit."""
        try:
            finish = start(part)
        except RuntimeError as error:
            if not _is_out_of_memory(error) or len(part) == 1:
                raise
        else:
            if len(part) == self.size:
                self.size = min(2 * self.size, self._most)
            return finish
        # Not above: while an error is handled, it keeps what the function has allocated.
        self.size = self._most = len(part) // 2
        free_memory()
        return None


def fitting(free: int, needed: int) -> int:
    """Return how many photos fit into memory, a power of two up to `MOST`.

    Args:
        free: bytes of the device.
        needed: bytes for a photo.
    """
    fits = min(int(MARGIN * free / max(needed, 1)), MOST)
    return int(2 ** np.floor(np.log2(max(fits, 1))))


def measured_on_cuda(describe: Callable[[int], object], device: torch.device) -> int:
    """Return how many photos fit into the memory of a CUDA device, by describing a few.

    Args:
        describe: describes so many photos, and waits until that is done.
        device: the device.

    Raises:
        torch.OutOfMemoryError: not even a few photos fit.
    """
    describe(TRIED)  # libraries allocate what they keep
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    describe(TRIED)
    needed = (torch.cuda.max_memory_allocated(device) - before) // TRIED
    free_memory()
    free, _ = torch.cuda.mem_get_info(device)
    return fitting(free, needed)


def free_memory() -> None:
    """Free the memory that torch keeps for later."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.mps.is_available():
        torch.mps.empty_cache()


def _is_out_of_memory(error: RuntimeError) -> bool:
    # MPS has no class for it.
    return isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in str(error)
