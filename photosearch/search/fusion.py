"""Fusion: one score for a photo from all that speaks for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

SIZE = 1000  # photos of the library that the weights were fitted on
BEST = 3  # so many of all the background's photos make the bar


@dataclass(frozen=True)
class Weights:
    """The coefficients of a logistic regression; benchmarks/tune_ranking.py fits them.

    A model that was tuned has its own in its config.json; these are for one that wasn't.
    """

    bias: float = -1.9
    meaning: float = 1.6  # of standard deviations above photos of all kinds
    like: float = 1.6  # the same, against the photo given with --like
    words: float = 4.0  # of the BM25+ share of all of the photo's text
    own: float = 16.0  # of the share of the query's words that a person wrote: set by hand
    size: float = 1.1  # of each tenfold of `SIZE` photos: set by hand
    like_bar: float = 3.0  # deviations that count as alike: set by hand
    hubness: float = 0.5  # of a photo's hubness, taken from its cosine with a sentence
    min_score: float = 0.02  # what is less probable isn't shown


def contributions(parts: Mapping[str, np.ndarray], weights: Weights) -> dict[str, np.ndarray]:
    """Return what each part adds to the logarithm of the odds that a photo matches.

    Args:
        parts: values by name (meaning, like, words, own), float32 (n,); of a photo
            that meaning isn't known of, the bar.
        weights: the coefficients.
    """
    return {name: getattr(weights, name) * values for name, values in parts.items()}


def log_odds(
    parts: Mapping[str, np.ndarray], weights: Weights, bars: Mapping[str, float], photos: int
) -> np.ndarray:
    """Return the logarithm of the odds that a photo matches.

    It is bias + sum of weight * (part - bar) - size * log10(photos / SIZE): among more
    photos than SIZE, more come near to a query by chance. Where photos of all kinds hold
    some that are much nearer to a sentence, a photo that is nearest in its library may
    still be a poor one.

    Args:
        parts: values by name, see `contributions`.
        weights: the coefficients.
        bars: values by name (meaning, like) that a photo is to come near to.
        photos: how many the library has.
    """
    bar = sum(getattr(weights, name) * value for name, value in bars.items())
    bar += weights.size * math.log10(max(photos, SIZE) / SIZE)
    return np.asarray(sum(contributions(parts, weights).values()) + weights.bias - bar, np.float64)


def probability(odds: np.ndarray) -> np.ndarray:
    """Return logarithms of odds as probabilities, 1 / (1 + exp(-odds))."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))  # the same, without overflow


def standardise(scores: np.ndarray, background: np.ndarray) -> tuple[np.ndarray, float]:
    """Return scores as standard deviations above the mean of photos of all kinds.

    A query's cosines lie higher or lower as a whole by how it is put; this takes that out.

    Args:
        scores: of a query with photos, (n,).
        background: of the same query with photos of all kinds, one or more, (m,).

    Returns:
        The deviations, (n,), and their mean over the best `BEST` photos of all kinds.
    """
    mean, deviation = background.mean(), max(float(background.std()), 1e-6)
    best = np.sort(background)[-BEST:].mean()
    return np.asarray((scores - mean) / deviation), float((best - mean) / deviation)
