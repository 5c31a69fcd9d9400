"""Beam search: the most probable captions of a batch of photos, for any engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from captioner.describe.vocabulary import BOS, PAD

# When this share of a batch's photos is done, the batch is made smaller: copying the others costs
# less than searching further for photos that are done.
COMPACT = 0.25


@dataclass(frozen=True)
class BeamConfig:
    """The settings of caption search."""

    beam: int = 5  # hypotheses kept alive for a photo
    max_words: int = 20  # a caption is cut here
    length_exponent: float = 0.7  # score = log-probability / tokens ** this; 0 favours short
    kept: int = 15  # finished captions of a photo, to choose from
    # Words that search may say: so many of the most frequent words. A step costs mostly the product
    # with all words.
    vocabulary: int = 3000


@dataclass(frozen=True)
class Hypothesis:
    """One finished caption."""

    words: list[int]  # without BOS and EOS
    log_probability: float  # of all its tokens, EOS included, natural logarithm
    score: float  # length-normalised log-probability, the order of the n-best


# Takes memory and state of the decoder, the words that may not come next, (B, K, N), of which the
# first is the last word, and the hypotheses' log-probabilities, (B, K), both numpy. Returns the
# log-probability of each hypothesis if it ends here; log-probabilities, parents and words of the
# best continuations, all (B, K); and the state after the last word.
Step = Callable[
    [Sequence[Any], Sequence[Any], np.ndarray, np.ndarray],
    tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Sequence[Any]],
]


def search(
    step: Step,
    memory: Sequence[Any],
    state: Sequence[Any],
    config: BeamConfig,
    kin: np.ndarray,
) -> list[list[Hypothesis]]:
    """Find the most probable captions of photos that say no content word twice.

    No caption is empty. The step decides which words are never produced. If a hypothesis reaches
    `max_words`, it is closed with its own EOS probability: so every score is of a whole caption.

    Args:
        step: computes one word for all hypotheses, see `captioner.networks.beam_step.BeamStep`.
        memory: arrays or tensors, a row for each photo.
        state: of the decoder before the first word: arrays or tensors, a row for each photo.
        config: width, length, and how many captions are kept.
        kin: by word, the words that may not come after it in a caption,
            see `captioner.describe.content.ContentWords`; int64 (V, F).

    Returns:
        For each photo up to `config.kept` different captions, the best first.
    """
    photos, beam, each = len(memory[0]), config.beam, kin.shape[1]
    finished: list[list[Hypothesis]] = [[] for _ in range(photos)]
    alive = np.arange(photos)  # photos that are still searched
    words = np.zeros((photos, beam, 0), np.int64)
    # First the last word, then the kin of each word so far. Always as wide: engines prepare
    # themselves anew for each new shape.
    barred = np.full((photos, beam, 1 + each * config.max_words), PAD, np.int64)
    barred[:, :, 0] = BOS
    # All beams start alike: only the first may be continued at the first step.
    total = np.full((photos, beam), -np.inf, np.float32)
    total[:, 0] = 0.0
    for length in range(config.max_words + 1):
        ends, total, parents, last, state = step(memory, state, barred, total)
        if length:
            _collect([finished[photo] for photo in alive], words, ends, length, config)
        bounds = total.max(1)
        open_ = np.array([
            length < config.max_words and not _settled(finished[photo], bound, config)
            for photo, bound in zip(alive, bounds.tolist(), strict=True)
        ])  # fmt: skip
        if not open_.any():
            break
        words, barred = (np.take_along_axis(x, parents[:, :, None], 1) for x in (words, barred))
        words = np.concatenate([words, last[:, :, None]], 2)  # (B, K, length + 1)
        barred[:, :, 0] = last
        barred[:, :, 1 + each * length : 1 + each * (length + 1)] = kin[last]
        if np.mean(open_) <= 1 - COMPACT:
            alive, words, barred, total = (x[open_] for x in (alive, words, barred, total))
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
        del best[config.kept :]


def _settled(best: Sequence[Hypothesis], bound: float, config: BeamConfig) -> bool:
    """Return whether no living hypothesis can still reach a photo's best.

    A log-probability only falls, and the divisor is largest for the longest caption. So
    total / (max_words + 1) ** exponent is the highest score that a hypothesis may reach.
    """
    most = normalised(bound, config.max_words + 1, config.length_exponent)
    return len(best) == config.kept and most <= best[-1].score
