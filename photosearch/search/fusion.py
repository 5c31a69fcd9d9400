"""Fusion: one score for a photo from all that speaks for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

SIZE = 1000  # photos of the library that the weights were fitted on
BEST = 3  # so many of the nearest photos of all kinds make the baseline

Kind = TypeVar("Kind", bound=str)  # the name of a part, as in `results.PartKind`


@dataclass(frozen=True)
class Weights:
    """The coefficients of a logistic regression; benchmarks/tune_ranking.py fits them.

    A model that was tuned has its own in its config.json; these are for one that wasn't.
    """

    bias: float = -1.9
    meaning: float = 1.6  # of the z-score of the sentence among photos of all kinds
    like: float = 1.6  # of the z-score of the photo given with --like
    words: float = 4.0  # of the BM25+ score of all of the photo's text, 0 to 1
    own: float = 16.0  # of the part of the query that a person or a camera wrote: set by hand
    size: float = 1.1  # of each tenfold of `SIZE` photos: set by hand
    like_bar: float = 3.0  # the z-score from which on photos count as alike: set by hand
    hubness: float = 0.5  # of a photo's hubness, taken from its cosine with a sentence
    min_score: float = 0.02  # what is less probable isn't shown


def contributions(parts: Mapping[Kind, np.ndarray], weights: Weights) -> dict[Kind, np.ndarray]:
    """Return what each part adds to the logarithm of the odds that a photo matches.

    Args:
        parts: values by name (meaning, like, words, own), float32 (n,). A photo without a
            vector has the baseline.
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

    It is bias + sum of weight * (part - baseline) - size * log10(photos / SIZE). If some photos
    of all kinds are much nearer to a sentence, the nearest photo of a library is still a poor
    match: so the baseline. In a library of more photos than SIZE, more photos come near to a
    query by chance: so the last term.

    Args:
        parts: values by name, see `contributions`.
        weights: the coefficients.
        baselines: values by name (meaning, like) that a photo is compared with.
        photos: how many the library has.
    """
    needed = sum(getattr(weights, name) * value for name, value in baselines.items())
    needed += weights.size * math.log10(max(photos, SIZE) / SIZE)
    speaking = sum(contributions(parts, weights).values())
    return np.asarray(speaking + weights.bias - needed, np.float64)


def probability(odds: np.ndarray) -> np.ndarray:
    """Return logarithms of odds as probabilities, 1 / (1 + exp(-odds))."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))  # the same, without overflow


def standardise(scores: np.ndarray, background: np.ndarray) -> tuple[np.ndarray, float]:
    """Return scores as z-scores: standard deviations above the mean of photos of all kinds.

    How a query is put moves all its cosines up or down. Z-scores don't move with them.

    Args:
        scores: of a query with photos, (n,).
        background: of the same query with photos of all kinds, one or more, (m,).

    Returns:
        The z-scores, (n,), and the mean z-score of the nearest `BEST` photos of all kinds.
    """
    mean, deviation = background.mean(), max(float(background.std()), 1e-6)
    best = np.sort(background)[-BEST:].mean()
    return np.asarray((scores - mean) / deviation), float((best - mean) / deviation)
