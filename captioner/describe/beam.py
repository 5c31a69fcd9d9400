"""Beam search: the most probable captions of a batch of photos, for any engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from captioner.describe.vocabulary import BOS

# When this share of a batch's photos is done, the batch is made smaller: copying the others costs
# less than searching further for photos that are done.
COMPACT = 0.25


@dataclass(frozen=True)
class BeamConfig:
    """The settings of caption search."""

    beam: int = 3  # hypotheses kept alive for a photo
    max_words: int = 20  # a caption is cut here
    length_exponent: float = 0.7  # score = log-probability / tokens ** this; 0 favours short


@dataclass(frozen=True)
class Hypothesis:
    """One finished caption."""

    words: list[int]  # without BOS and EOS
    log_probability: float  # of all its tokens, EOS included, natural logarithm
    score: float  # length-normalised log-probability, the order of the n-best


# Takes memory and state of the decoder, the last words and the hypotheses' log-probabilities
# (numpy, (B, K)). Returns the log-probability of each hypothesis if it ends here;
# log-probabilities, parents and words of the best continuations, all (B, K); and the state after
# the last words.
Step = Callable[
    [Sequence[Any], Sequence[Any], np.ndarray, np.ndarray],
    tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Sequence[Any]],
]


def search(
    step: Step, memory: Sequence[Any], state: Sequence[Any], config: BeamConfig
) -> list[list[Hypothesis]]:
    """Find the most probable captions of photos.

    No caption is empty. The step decides which words are never produced. If a hypothesis reaches
    `max_words`, it is closed with its own EOS probability: so every score is of a whole caption.

    Args:
        step: computes one word for all hypotheses, see `captioner.networks.beam_step.BeamStep`.
        memory: arrays or tensors, a row for each photo.
        state: of the decoder before the first word: arrays or tensors, a row for each photo.
        config: beam width and length.

    Returns:
        For each photo up to `config.beam` different captions, the best first.
    """
    photos, beam = len(memory[0]), config.beam
    finished: list[list[Hypothesis]] = [[] for _ in range(photos)]
    alive = np.arange(photos)  # photos that are still searched
    words = np.zeros((photos, beam, 0), np.int64)
    last = np.full((photos, beam), BOS, np.int64)
    # All beams start alike: only the first may be continued at the first step.
    total = np.full((photos, beam), -np.inf, np.float32)
    total[:, 0] = 0.0
    for length in range(config.max_words + 1):
        before = words
        ends, total, parents, last, state = step(memory, state, last, total)
        if length:
            _collect([finished[photo] for photo in alive], before, ends, length, config)
        words = np.concatenate(
            [np.take_along_axis(before, parents[:, :, None], 1), last[:, :, None]], 2
        )  # (B, K, length + 1)
        bounds = total.max(1)
        open_ = np.array([
            not _settled(finished[photo], bound, config)
            for photo, bound in zip(alive, bounds.tolist(), strict=True)
        ])  # fmt: skip
        if not open_.any():
            break
        if np.mean(open_) <= 1 - COMPACT:
            alive, words, last, total = (x[open_] for x in (alive, words, last, total))
            kept = np.flatnonzero(open_)
            memory, state = [x[kept] for x in memory], [x[kept] for x in state]
    return finished


def normalised(log_probability: float, tokens: int, exponent: float) -> float:
    """Return log-probability / tokens ** exponent (Wu et al. 2016, simplified).

    https://arxiv.org/abs/1609.08144, section 7, with the plain count of tokens.
    """
    return log_probability / float(tokens**exponent)


def _collect(
    finished: Sequence[list[Hypothesis]],
    words: np.ndarray,
    ends: np.ndarray,
    length: int,
    config: BeamConfig,
) -> None:
    """Add the captions that could end here to each photo's best captions so far."""
    for best, rows, totals in zip(finished, words.tolist(), ends.tolist(), strict=True):
        for row, total in zip(rows, totals, strict=True):
            if total > -np.inf:
                score = normalised(total, length + 1, config.length_exponent)
                best.append(Hypothesis(row, total, score))
        best.sort(key=lambda hypothesis: -hypothesis.score)
        del best[config.beam :]


def _settled(best: Sequence[Hypothesis], bound: float, config: BeamConfig) -> bool:
    """Return whether no living hypothesis can still reach a photo's best.

    A log-probability only falls, and the divisor is largest for the longest caption. So
    total / (max_words + 1) ** exponent is the highest score that a hypothesis may reach.
    """
    most = normalised(bound, config.max_words + 1, config.length_exponent)
    return len(best) == config.beam and most <= best[-1].score
