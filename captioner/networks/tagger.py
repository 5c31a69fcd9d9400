"""The tagger: the classifier of ImageNet's classes, on the mean region of a photo."""

from __future__ import annotations

from torch import Tensor, nn


class Tagger(nn.Module):
    """The encoder's classifier of ImageNet's classes."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.classes = nn.Linear(channels, classes)

    def forward(self, grid: Tensor) -> Tensor:
        """Return the logits of the classes for grids, (B, R, C) to (B, K)."""
        logits: Tensor = self.classes(grid.mean(1))
        return logits
