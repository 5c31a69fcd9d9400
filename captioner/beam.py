"""Beam search over a decoder, for a batch of photos at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from captioner.decoder import Decoder
from captioner.vocabulary import BOS, EOS, PAD, UNK


@dataclass(frozen=True)
class BeamConfig:
    """How captions are searched."""

    beam: int = 3  # hypotheses kept alive for a photo
    max_words: int = 20  # a caption is cut here
    length_exponent: float = 0.7  # score = log-probability / tokens ** this; 0 favours short


@dataclass(frozen=True)
class Hypothesis:
    """One finished caption."""

    words: list[int]  # without BOS and EOS
    log_probability: float  # of all its tokens, EOS included, natural logarithm
    score: float  # length-normalised log-probability, what the n-best are ordered by


@torch.inference_mode()
def beam_search(decoder: Decoder, grid: Tensor, config: BeamConfig) -> list[list[Hypothesis]]:
    """Find the most probable captions of photos.

    UNK, PAD and BOS are never produced, nor a word twice in a row, nor an empty
    caption. A hypothesis that reaches `max_words` is closed with its own EOS
    probability, so every score is that of a whole caption.

    Args:
        decoder: in evaluation mode.
        grid: region features, (B, R, C).
        config: beam width and length.

    Returns:
        For each photo up to `config.beam` different captions, the best first.
    """
    photos, beam, device = len(grid), config.beam, grid.device
    finished: list[list[Hypothesis]] = [[] for _ in range(photos)]
    if not photos:
        return finished
    memory, state = decoder.remember(grid, beam)
    words = torch.full((photos, beam, 0), BOS, dtype=torch.long, device=device)
    last = torch.full((photos, beam), BOS, dtype=torch.long, device=device)
    # All beams start alike: only the first may be continued at the first step.
    total = torch.full((photos, beam), -torch.inf, device=device)  # (B, K) log-probabilities
    total[:, 0] = 0.0
    rows = torch.arange(photos, device=device).unsqueeze(1)
    for length in range(config.max_words + 1):
        logits, state = decoder(memory, state, last.unsqueeze(-1))
        step = logits[:, :, 0].float().log_softmax(-1)  # (B, K, V)
        ends = total + step[:, :, EOS]  # (B, K)
        if length:
            _collect(finished, words, ends, length, config)
        if length == config.max_words or _settled(finished, total, length, config):
            break
        step[:, :, [PAD, BOS, EOS, UNK]] = -torch.inf
        step.scatter_(2, last.unsqueeze(-1), -torch.inf)
        total, best = (total.unsqueeze(-1) + step).flatten(1).topk(beam)  # (B, K)
        parent, last = best // step.shape[-1], best % step.shape[-1]
        words = torch.cat([words[rows, parent], last.unsqueeze(-1)], -1)  # (B, K, length + 1)
        flat = (rows * beam + parent).flatten()
        state = (state[0][:, flat], state[1][:, flat])
    return finished


def normalised(log_probability: float, tokens: int, exponent: float) -> float:
    """Return log-probability / tokens ** exponent (Wu et al. 2016, simplified).

    https://arxiv.org/abs/1609.08144, section 7, with the plain count of tokens.
    """
    return log_probability / float(tokens**exponent)


def _collect(
    finished: list[list[Hypothesis]], words: Tensor, ends: Tensor, length: int, config: BeamConfig
) -> None:
    """Put the captions that could end here among each photo's best so far."""
    for best, rows, totals in zip(finished, words.tolist(), ends.tolist(), strict=True):
        for row, total in zip(rows, totals, strict=True):
            if total > -torch.inf:
                score = normalised(total, length + 1, config.length_exponent)
                best.append(Hypothesis(row, total, score))
        best.sort(key=lambda hypothesis: -hypothesis.score)
        del best[config.beam :]


def _settled(
    finished: list[list[Hypothesis]], total: Tensor, length: int, config: BeamConfig
) -> bool:
    """Tell whether no living hypothesis can still reach any photo's best.

    A log-probability only falls and the norm is largest for the longest caption, so
    total / (max_words + 1) ** exponent bounds what a hypothesis may come to.
    """
    alive = total.amax(1).tolist()
    return all(
        len(best) == config.beam
        and normalised(bound, config.max_words + 1, config.length_exponent) <= best[-1].score
        for best, bound in zip(finished, alive, strict=True)
    )
