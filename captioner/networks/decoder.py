"""The decoder: an LSTM that attends over a photo's regions at each word."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from captioner.networks.recurrence import Lstm, attend


@dataclass(frozen=True)
class DecoderConfig:
    """Sizes of the decoder."""

    vocabulary_size: int
    channels: int = 1280  # of a region, as the encoder gives it
    width: int = 512  # of word vectors, LSTM state, keys and values
    heads: int = 8  # of the attention
    dropout: float = 0.5


@dataclass
class Memory:
    """Keys and values of a photo's regions, the same for all words of its captions."""

    keys: Tensor  # (B, heads, R, D / heads)
    values: Tensor  # (B, heads, R, D / heads)


State = tuple[Tensor, Tensor]  # LSTM h and c, each (1, B * N, D)


class Decoder(nn.Module):
    """Words of a caption from the grid of a photo.

    An LSTM starts from the mean region. After the LSTM comes soft attention over the regions
    (Xu et al. 2015, https://arxiv.org/abs/1502.03044) in its scaled dot-product form
    with heads (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762), gated by the
    state. The word is predicted from state, context and previous word through the
    word vectors themselves. Attention comes after the LSTM, not within it, so that training
    computes all words of a caption at once.
    """

    def __init__(self, config: DecoderConfig) -> None:
        """Make an untrained decoder.

        Raises:
            ValueError: the width isn't a multiple of the number of heads.
        """
        super().__init__()
        if config.width % config.heads:
            raise ValueError(f"width {config.width} is no multiple of {config.heads} heads")
        self.config = config
        d = config.width
        self.region = nn.Sequential(
            nn.Dropout(config.dropout / 2), nn.Linear(config.channels, d), nn.LayerNorm(d)
        )
        self.start = nn.Linear(config.channels, 2 * d)
        self.embedding = nn.Embedding(config.vocabulary_size, d)
        self.lstm = Lstm(d, d, batch_first=True)
        self.key_value = nn.Linear(d, 2 * d)
        self.query = nn.Linear(d, d)
        self.gate = nn.Linear(d, d)
        self.from_state = nn.Linear(d, d)
        self.from_context = nn.Linear(d, d)
        self.dropout = nn.Dropout(config.dropout)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary_size))
        nn.init.normal_(self.embedding.weight, std=d**-0.5)

    def remember(self, grid: Tensor, captions: int = 1) -> tuple[Memory, State]:
        """Prepare photos for decoding.

        Args:
            grid: region features, (B, R, C).
            captions: N, the number of captions of each photo that are decoded side by side.

        Returns:
            The memory of the photos and the first LSTM state.
        """
        regions = self.region(grid)  # (B, R, D)
        keys, values = (self._heads(part) for part in self.key_value(regions).chunk(2, -1))
        start = torch.tanh(self.start(self.dropout(grid.mean(1))))  # (B, 2 D)
        h, c = start.repeat_interleave(captions, 0).unsqueeze(0).chunk(2, -1)
        return Memory(keys, values), (h.contiguous(), c.contiguous())

    def forward(
        self, memory: Memory, state: State, words: Tensor, wanted: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Predict the word after each word.

        Args:
            memory: of B photos.
            state: the LSTM's, for B * N captions.
            words: numbers of the previous words, (B, N, T).
            wanted: places to predict, bool (B, N, T), or their numbers among all B * N * T, int64
                (P,); None: all places. With it, padding costs nothing after the attention.

        Returns:
            Logits, (B, N, T, V) or (P, V), and the state after the last word.
        """
        photos, captions, steps = words.shape
        previous = self.dropout(self.embedding(words.flatten(0, 1)))  # (B N, T, D)
        hidden, state = self.lstm(previous, state)  # (B N, T, D)
        hidden = self.dropout(hidden)
        query = self._heads(self.query(hidden).view(photos, captions * steps, -1))
        context = attend(query, memory.keys, memory.values)
        context = context.transpose(1, 2).reshape(hidden.shape)  # (B N, T, D)
        if wanted is not None:
            places = wanted.flatten()
            hidden, context, previous = (
                x.flatten(0, 1)[places] for x in (hidden, context, previous)
            )
            return self.predict(hidden, context, previous), state
        return self.predict(hidden, context, previous).view(*words.shape, -1), state

    def predict(
        self, hidden: Tensor, context: Tensor, previous: Tensor, words: int | None = None
    ) -> Tensor:
        """Return logits of the next word, (..., V).

        Args:
            hidden: output of the LSTM, (..., D).
            context: output of the attention, (..., D).
            previous: the vector of the word before, (..., D).
            words: V, the number of words to predict, the first of the vocabulary; None: all.
        """
        context = torch.sigmoid(self.gate(hidden)) * context
        output = self.from_state(hidden) + self.from_context(context) + previous
        output = self.dropout(output)
        return nn.functional.linear(output, self.embedding.weight[:words], self.bias[:words])

    def _heads(self, x: Tensor) -> Tensor:
        """Split (B, L, D) into (B, heads, L, D / heads)."""
        photos, length, _ = x.shape
        return x.view(photos, length, self.config.heads, -1).transpose(1, 2)
