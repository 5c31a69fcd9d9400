"""The choice of captions among the hypotheses of beam search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from captioner.describe.beam import Hypothesis
from captioner.describe.content import ContentWords

LEAST = 1e-4  # a lower probability by the word head counts as this
UNKNOWN = 0.02  # the probability of a content word that the head lacks


@dataclass(frozen=True)
class ChoiceConfig:
    """How captions are chosen; the weights are added to a hypothesis' score."""

    seen: float = 0.45  # of the mean log-probability of its content words by the word head
    told: float = 0.15  # of the sum of these words' probability times rarity
    agreement: float = 1.4  # of its likeness to all hypotheses
    # If another hypothesis can do without, a caption names no thing less probable than this.
    denied: float = 0.07
    captions: int = 3  # of a photo


class Evidence(NamedTuple):
    """What speaks for the hypotheses of a photo, K, and for their content words, U."""

    families: np.ndarray  # what each word means, see `captioner.describe.content`, int (U,)
    holds: np.ndarray  # 1 if a hypothesis holds a word, float32 (K, U)
    thing: np.ndarray  # whether each word names a thing or a place, bool (U,)
    seen: np.ndarray  # log-probability of each word by the word head, (U,)
    rarity: np.ndarray  # of each word, see `captioner.describe.content`, (U,)
    share: np.ndarray  # of each word: the probability of the hypotheses that hold it, (U,)
    fluency: np.ndarray  # log-probability of each hypothesis divided by its tokens, (K,)
    likeness: np.ndarray  # of each hypothesis to all: Jaccard's index of content words, (K,)


def evidence(
    hypotheses: Sequence[Hypothesis], content: ContentWords, probabilities: np.ndarray | None
) -> Evidence:
    """Return what speaks for the hypotheses of a photo.

    Args:
        hypotheses: of the photo, at least one.
        content: the content words that hypotheses may hold.
        probabilities: of the word head's words, (W,); None: the model has no head.
    """
    lengths = [len(hypothesis.words) for hypothesis in hypotheses]
    rows = np.repeat(np.arange(len(lengths)), lengths)
    said = np.array([number for hypothesis in hypotheses for number in hypothesis.words], np.int64)
    is_content = content.family[said] >= 0
    rows, said = rows[is_content], said[is_content]
    family, first, column = np.unique(content.family[said], return_index=True, return_inverse=True)
    holds = np.zeros((len(lengths), len(family)), np.float32)
    holds[rows, column] = 1.0
    seen = np.full(len(family), UNKNOWN)
    if probabilities is not None:
        known = family < content.known
        seen[known] = np.maximum(probabilities[family[known]], LEAST)
    posterior = _softmax(np.array([hypothesis.score for hypothesis in hypotheses]))
    common, size = holds @ holds.T, holds.sum(1)  # (K, K), (K,)
    jaccard = common / np.maximum(size[:, None] + size - common, 1.0)
    return Evidence(
        family,
        holds,
        content.thing[said[first]],
        np.log(seen),
        content.rarity[said[first]],
        posterior @ holds,
        np.array([h.log_probability / (len(h.words) + 1) for h in hypotheses]),
        jaccard @ posterior,
    )


def features(found: Evidence) -> np.ndarray:
    """Return what `ChoiceConfig` weighs: seen, told and agreement of each hypothesis, (K, 3)."""
    told = found.holds @ (np.exp(found.seen) * found.rarity)
    return np.stack([mean_seen(found), told, found.likeness], 1)


def mean_seen(found: Evidence) -> np.ndarray:
    """Return the mean log-probability of each hypothesis' content words by the head, (K,)."""
    count = found.holds.sum(1)
    mean: np.ndarray = np.where(
        count > 0, found.holds @ found.seen / np.maximum(count, 1.0), np.log(UNKNOWN)
    )
    return mean


def choose(
    hypotheses: Sequence[Hypothesis], found: Evidence, sure: np.ndarray, config: ChoiceConfig
) -> list[int]:
    """Return the places of the best hypotheses, the best first, at most `config.captions`.

    After the best hypothesis, those come first that say a content word which no hypothesis before
    them said: captions that tell the same in other words would help no search.

    Args:
        hypotheses: of a photo.
        found: what speaks for them.
        sure: the probability of each content word, (U,).
        config: how captions are chosen.
    """
    weights = np.array([config.seen, config.told, config.agreement])
    scores = np.array([hypothesis.score for hypothesis in hypotheses]) + features(found) @ weights
    denied = found.holds @ (found.thing & (sure < config.denied)).astype(np.float32) > 0
    order = sorted(range(len(scores)), key=lambda place: (bool(denied[place]), -scores[place]))
    told = np.zeros(found.holds.shape[1], bool)
    new: list[int] = []
    old: list[int] = []
    for place in order:
        says = found.holds[place] > 0
        (new if not new or (says & ~told).any() else old).append(place)
        told |= says
    return [*new, *old][: config.captions]


def _softmax(scores: np.ndarray) -> np.ndarray:
    odds = np.exp(scores - scores.max())
    shares: np.ndarray = odds / odds.sum()
    return shares
