"""The tagger: classifiers on the mean region of a photo."""

from __future__ import annotations

from torch import Tensor, nn


class Tagger(nn.Module):
    """The encoder's ImageNet classifier, and the detectors of words learnt from captions."""

    def __init__(self, channels: int, classes: int, words: int) -> None:
        super().__init__()
        self.classes = nn.Linear(channels, classes)
        self.words = nn.Linear(channels, words)

    def forward(self, grid: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of classes and words for grids, (B, R, C) to (B, K) and (B, W)."""
        mean = grid.mean(1)
        return self.classes(mean), self.words(mean)
