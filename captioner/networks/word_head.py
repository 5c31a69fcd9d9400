"""The word head: the words that people would say of a photo, from its regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional


class WordHead(nn.Module):
    """One logistic classifier for each word, on the mean and the maximum over the regions.

    A logit is the sum of a linear function, whose weight for all words together has a low rank, and
    of a network with one hidden layer. Both share their two matrices, so that the head is small on
    disk. The calibration of each word is part of the second layer: the sigmoid of a logit is a
    probability.
    """

    def __init__(self, channels: int, words: int, rank: int, hidden: int = 0) -> None:
        """Make an untrained head.

        Args:
            channels: C, of a region.
            words: W, the number of words.
            rank: of the weight of the linear function.
            hidden: units of the hidden layer; 0: the head is linear.
        """
        super().__init__()
        self.down = nn.Linear(2 * channels, rank + hidden, bias=False)
        self.bias = nn.Parameter(torch.zeros(hidden)) if hidden else None  # of the hidden layer
        self.up = nn.Linear(rank + hidden, words)

    @classmethod
    def of(cls, weights: Mapping[str, Tensor]) -> Self:
        """Make the head that has given weights; their shapes tell its sizes.

        Raises:
            KeyError: a weight is missing.
            RuntimeError: the weights don't fit together.
        """
        units, features = weights["down.weight"].shape
        hidden = len(weights.get("bias", ()))
        head = cls(features // 2, len(weights["up.weight"]), units - hidden, hidden)
        head.load_state_dict(dict(weights))
        return head

    def forward(self, grid: Tensor) -> Tensor:
        """Return the logits of the words for grids, (B, R, C) to (B, W)."""
        return self.classify(mean_and_maximum(grid))

    def classify(self, features: Tensor) -> Tensor:
        """Return the logits of the words for means and maxima, (B, 2 C) to (B, W)."""
        units = self.down(features)  # (B, rank + hidden)
        if self.bias is not None:
            linear, hidden = units.tensor_split([-len(self.bias)], -1)
            units = torch.cat([linear, functional.gelu(hidden + self.bias)], -1)
        logits: Tensor = self.up(units)
        return logits


def mean_and_maximum(grid: Tensor) -> Tensor:
    """Return what the head sees of grids: mean and maximum, (B, R, C) to (B, 2 C)."""
    return torch.cat([grid.mean(1), grid.amax(1)], -1)
