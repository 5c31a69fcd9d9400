"""Fusion: one score for a photo from all its evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

SIZE = 1000  # photos of the library that the weights were fitted on
SMALLEST = 100  # a smaller library counts as one of that many photos
BEST = 3  # photos of all kinds in the baseline: the nearest ones

Kind = TypeVar("Kind", bound=str)  # the name of a part, see `results.PartKind`


@dataclass(frozen=True)
class Weights:
    """The coefficients of a logistic regression; benchmarks/tune_ranking.py fits them.

    A model's config.json has the weights that were fitted for it. These here are for a model
    without such weights.
    """

    bias: float = -1.9
    meaning: float = 1.6  # of the photo's z-score for the sentence
    seen: float = 0.6  # of the words' log-probabilities, in nats, see `search.seen`
    like: float = 1.6  # of the photo's z-score for the photo given with --like
    words: float = 4.0  # of the BM25+ score over all of the photo's text, 0 to 1
    own: float = 16.0  # of the fraction of the query that a person or a camera wrote, by hand
    size: float = 1.1  # of log10(photos / SIZE)
    like_bar: float = 3.0  # the baseline of `like`, a z-score, set by hand
    hubness: float = 0.5  # of a photo's hubness, subtracted from its cosine with a sentence
    min_score: float = 0.02  # photos of a lower score aren't shown, except the nearest few
    sure: float = 0.3  # photos of at least this score are sure: two in three of them are right


def contributions(parts: Mapping[Kind, np.ndarray], weights: Weights) -> dict[Kind, np.ndarray]:
    """Return the term of each part in the logarithm of the odds that a photo matches.

    Args:
        parts: values by name (meaning, like, words, own), float32 (n,). The value of a photo
            without a vector is the baseline.
        weights: the coefficients.
    """
    return {name: getattr(weights, name) * values for name, values in parts.items()}


def log_odds(
    parts: Mapping[Kind, np.ndarray],
    weights: Weights,
    baselines: Mapping[Kind, float],
    photos: int,
) -> np.ndarray:
    """Return the logarithm of the odds that a photo matches.

    It is bias + sum of weight * (part - baseline) - size * log10(photos / SIZE). The baseline is
    there because the nearest photo of a library may be a poor match: then some photos of all kinds
    are much nearer to the sentence. The last term is there because in a large library more photos
    come near to a query by chance.

    Args:
        parts: values by name, see `contributions`.
        weights: the coefficients.
        baselines: the baselines of the parts, by name (meaning, like); of other parts, 0.
        photos: the number of photos in the library.
    """
    needed = sum(getattr(weights, name) * value for name, value in baselines.items())
    needed += weights.size * tenfolds(photos)
    speaking = sum(contributions(parts, weights).values())
    return np.asarray(speaking + weights.bias - needed, np.float64)


def tenfolds(photos: int) -> float:
    """Return by how many powers of ten a library is larger than SIZE photos; -1 at the least."""
    return math.log10(max(photos, SMALLEST) / SIZE)


def probability(odds: np.ndarray) -> np.ndarray:
    """Return logarithms of odds as probabilities, 1 / (1 + exp(-odds))."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))  # the same value, without overflow


def standardise(scores: np.ndarray, background: np.ndarray) -> tuple[np.ndarray, float]:
    """Return scores as z-scores: standard deviations above the mean of photos of all kinds.

    The wording of a query moves all its cosines up or down. Z-scores don't move with them.

    Args:
        scores: of photos for a query, (n,).
        background: of photos of all kinds for the same query, at least one, (m,).

    Returns:
        The z-scores, (n,), and the mean z-score of the nearest `BEST` photos of all kinds.
    """
    mean, deviation = background.mean(), max(float(background.std()), 1e-6)
    best = np.sort(background)[-BEST:].mean()
    return np.asarray((scores - mean) / deviation), float((best - mean) / deviation)
