"""The recurrence of the decoder: an LSTM with attention, for many words at once or for one."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Lstm(nn.LSTM):
    """torch's LSTM for whole captions in training, with a single step for search."""

    def step(self, inputs: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Take one step of the first layer.

        The formula is that of `torch.nn.LSTM` (Hochreiter and Schmidhuber 1997, with the forget
        gate of Gers et al. 2000). Search takes single steps, and an exported `nn.LSTM` would be a
        loop of one round.

        Args:
            inputs: (B, D).
            h: the previous output, (B, D).
            c: the previous cell, (B, D).

        Returns:
            Output and cell, both (B, D).
        """
        from_inputs = nn.functional.linear(
            inputs, self.get_parameter("weight_ih_l0"), self.get_parameter("bias_ih_l0")
        )
        from_state = nn.functional.linear(
            h, self.get_parameter("weight_hh_l0"), self.get_parameter("bias_hh_l0")
        )
        i, f, g, o = (from_inputs + from_state).chunk(4, -1)
        cell = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(cell), cell


def attend(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Return the scaled dot-product attention (Vaswani et al. 2017, eq. 1) of each head.

    https://arxiv.org/abs/1706.03762. It is written as products of plain batches: torch's own
    attention depends on strides, but exported networks have no strides.

    Args:
        query: (B, H, L, d).
        keys: (B, H, R, d).
        values: (B, H, R, d).

    Returns:
        (B, H, L, d).
    """
    nearness = torch.bmm(query.flatten(0, 1), keys.flatten(0, 1).transpose(1, 2))  # (B H, L, R)
    weights = (nearness * query.shape[-1] ** -0.5).softmax(-1)
    return torch.bmm(weights, values.flatten(0, 1)).view(query.shape)
