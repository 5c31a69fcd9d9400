"""The batch size: how many photos a graphics processor takes at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch

Result = TypeVar("Result")


class BatchSize:
    """A batch size that grows while photos fit into memory, and shrinks when they don't.

    Attributes:
        size: Photos to be given at once; may change with every batch.
    """

    def __init__(self, size: int = 32, most: int = 512) -> None:
        """Start with a size that fits any graphics processor; `most` is the largest size."""
        self.size = size
        self._most = most

    def run(
        self, function: Callable[[np.ndarray], Sequence[Result]], photos: np.ndarray
    ) -> list[Result]:
        """Return what a function makes of photos, given to it in parts that fit.

        Args:
            function: takes photos, (B, ...), and returns a result for each.
            photos: any number, (N, ...).

        Raises:
            torch.OutOfMemoryError: not even one photo fits.
        """
        results: list[Result] = []
        while len(results) < len(photos):
            part = photos[len(results) : len(results) + self.size]
            try:
                results += function(part)
            except RuntimeError as error:
                if not _is_out_of_memory(error) or len(part) == 1:
                    raise
                fits = False
            else:
                fits = True
            # Not above: while an error is handled, it keeps what the function has allocated.
            if not fits:
                self.size = self._most = len(part) // 2
                _free()
            elif len(part) == self.size:
                self.size = min(2 * self.size, self._most)
        return results


def _is_out_of_memory(error: RuntimeError) -> bool:
    # MPS has no class for it.
    return isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in str(error)


def _free() -> None:
    """Free the memory that torch keeps for later."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.mps.is_available():
        torch.mps.empty_cache()
