"""The word head: the words that people would say of a photo, from its regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn


class WordHead(nn.Module):
    """One logistic classifier for each word, on the mean and the maximum over the regions.

    The weight of all words together has a low rank, so that it is small on disk. The calibration of
    each word is part of the second layer: the sigmoid of a logit is a probability.
    """

    def __init__(self, channels: int, words: int, rank: int) -> None:
        """Make an untrained head.

        Args:
            channels: C, of a region.
            words: W, the number of words.
            rank: of the weight.
        """
        super().__init__()
        self.down = nn.Linear(2 * channels, rank, bias=False)
        self.up = nn.Linear(rank, words)

    @classmethod
    def of(cls, weights: Mapping[str, Tensor]) -> Self:
        """Make the head that has given weights; their shapes tell its sizes.

        Raises:
            KeyError: a weight is missing.
            RuntimeError: the weights don't fit together.
        """
        rank, features = weights["down.weight"].shape
        head = cls(features // 2, len(weights["up.weight"]), rank)
        head.load_state_dict(dict(weights))
        return head

    def forward(self, grid: Tensor) -> Tensor:
        """Return the logits of the words for grids, (B, R, C) to (B, W)."""
        logits: Tensor = self.up(self.down(mean_and_maximum(grid)))
        return logits


def mean_and_maximum(grid: Tensor) -> Tensor:
    """Return what the head sees of grids: mean and maximum, (B, R, C) to (B, 2 C)."""
    return torch.cat([grid.mean(1), grid.amax(1)], -1)
