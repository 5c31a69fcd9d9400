"""The step of beam search as a network, for torch and for the graphs of other engines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from captioner.describe.beam import BeamConfig, Hypothesis, search
from captioner.describe.vocabulary import BOS, EOS, PAD, UNK
from captioner.networks.decoder import Decoder
from captioner.networks.recurrence import attend


def begin(decoder: Decoder, grid: Tensor, beam: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the memory and the first state of photos, as search takes them.

    Args:
        decoder: of the model.
        grid: region features, (B, R, C).
        beam: K, hypotheses kept alive for a photo.

    Returns:
        Keys and values, (B, H, R, D / H); h and c, (B, K, D).
    """
    memory, (h, c) = decoder.remember(grid)
    h, c = (x.squeeze(0).unsqueeze(1).expand(-1, beam, -1) for x in (h, c))
    return memory.keys.contiguous(), memory.values.contiguous(), h, c


class BeamStep(nn.Module):
    """Continues each hypothesis by a word, and keeps the best continuations."""

    forbidden: Tensor

    def __init__(self, decoder: Decoder, vocabulary: int) -> None:
        """Take the decoder, and how many of its most frequent words may be said."""
        super().__init__()
        self.decoder = decoder
        self.vocabulary = min(vocabulary, decoder.config.vocabulary_size)
        forbidden = torch.zeros(self.vocabulary)
        forbidden[[PAD, BOS, EOS, UNK]] = -torch.inf
        self.register_buffer("forbidden", forbidden, persistent=False)

    def forward(
        self, keys: Tensor, values: Tensor, h: Tensor, c: Tensor, barred: Tensor, total: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Search one word further.

        Args:
            keys: of the photos' regions, (B, H, R, D / H).
            values: of the photos' regions, (B, H, R, D / H).
            h: the LSTM's output, (B, K, D).
            c: the LSTM's cell, (B, K, D).
            barred: words that may not come next, int64 (B, K, N); the first is the word before.
            total: log-probability of each hypothesis so far, (B, K).

        Returns:
            The log-probability of each hypothesis if it ends here; totals, parents and words of
            the best continuations, all (B, K); and h and c of the parents after the word before.
        """
        decoder = self.decoder
        photos, beam, width = h.shape
        rows = photos * beam
        previous = decoder.embedding(barred[:, :, 0]).view(rows, width)
        hidden, cell = decoder.lstm.step(previous, h.reshape(rows, width), c.reshape(rows, width))
        query = decoder.query(hidden).view(photos, beam, decoder.config.heads, -1).transpose(1, 2)
        context = attend(query, keys, values).transpose(1, 2).reshape(rows, width)
        logits = decoder.predict(hidden, context, previous, self.vocabulary)
        logits = logits.float().view(photos, beam, -1)
        # Not logsumexp: ONNX Runtime computes it five times slower than its parts.
        most = logits.amax(-1, keepdim=True)
        ahead = total - (most + (logits - most).exp().sum(-1, keepdim=True).log()).squeeze(-1)
        ends = ahead + logits[:, :, EOS]  # (B, K)
        logits = (logits + self.forbidden).scatter(2, barred, -torch.inf)
        # The best of all hypotheses are among the best of each hypothesis. So no sum is needed for
        # every word.
        each = min(beam, logits.shape[-1])
        found, words = logits.topk(each)  # (B, K, each)
        total, best = (found + ahead.unsqueeze(-1)).flatten(1).topk(beam)
        parents, words = best // each, words.flatten(1).gather(1, best)
        take = parents.unsqueeze(-1).expand(-1, -1, width)
        hidden = hidden.view(photos, beam, width).gather(1, take)
        cell = cell.view(photos, beam, width).gather(1, take)
        return ends, total, parents, words, hidden, cell


@torch.inference_mode()
def beam_search(
    decoder: Decoder, grid: Tensor, config: BeamConfig, kin: np.ndarray
) -> list[list[Hypothesis]]:
    """Find the most probable captions of photos; see `captioner.describe.beam.search`.

    Args:
        decoder: in evaluation mode.
        grid: region features, (B, R, C).
        config: width, length, and how many captions are kept.
        kin: by word, the words that may not come after it in a caption, int64 (V, F).
            V is `config.vocabulary` or, if that is smaller, the size of the decoder's vocabulary.
    """
    if not len(grid):
        return []
    advance = BeamStep(decoder, config.vocabulary).to(grid.device)

    def step(
        memory: Sequence[Tensor], state: Sequence[Tensor], barred: np.ndarray, total: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Sequence[Tensor]]:
        given = (torch.from_numpy(x).to(grid.device) for x in (barred, total))
        *numbers, h, c = advance(*memory, *state, *given)
        ends, totals, parents, words = (x.cpu().numpy() for x in numbers)
        return ends, totals, parents, words, (h, c)

    *memory, h, c = begin(decoder, grid, config.beam)
    return search(step, memory, (h, c), config, kin)
