"""The joint embedding's photo tower: from the encoder's grid to a vector near sentences."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from captioner.encoder import EncoderConfig


@dataclass(frozen=True)
class EmbeddingConfig:
    """The shape of the photo tower."""

    dimension: int = 256  # of the joint space
    queries: int = 4  # attention-pooled vectors beside the mean
    dropout: float = 0.5


class PhotoTower(nn.Module):
    """Region features to one unit vector."""

    def __init__(self, config: EmbeddingConfig, encoder: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.norm = nn.LayerNorm(encoder.channels)
        self.query = nn.Linear(encoder.channels, config.queries)
        self.dropout = nn.Dropout(config.dropout)
        # Linear: a hidden layer beside it cost three points of R@10 on photos not seen.
        self.project = nn.Linear((config.queries + 1) * encoder.channels, config.dimension)

    def forward(self, grid: Tensor) -> Tensor:
        """Pool regions, (B, R, C) to (B, D).

        Beside the mean, each learned query takes the mean weighted by its softmax over the
        regions (attention pooling, Ilse et al. 2018, https://arxiv.org/abs/1802.04712, eq. 7).
        """
        grid = self.norm(grid)
        weights = self.query(grid).softmax(1)  # (B, R, Q)
        pooled = weights.transpose(1, 2) @ grid  # (B, Q, C)
        joined = torch.cat([grid.mean(1, keepdim=True), pooled], 1).flatten(1)
        vectors: Tensor = functional.normalize(self.project(self.dropout(joined)), dim=-1)
        return vectors
