"""Fusion: one score for a photo from all that speaks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

BEST = 3  # so many of all the background's photos make the bar


@dataclass(frozen=True)
class Weights:
    """The coefficients of a logistic regression; benchmarks/tune_ranking.py fits them."""

    bias: float = 0.0
    meaning: float = 1.5  # of standard deviations above photos of all kinds
    like: float = 1.5  # the same, against the photo given with --like
    words: float = 2.0  # of the BM25+ share of all of the photo's text
    own: float = 16.0  # of the share of the query's words that a person wrote: set by hand
    hubness: float = 0.5  # of a photo's hubness, taken from its cosine with a sentence
    min_score: float = 0.5  # one in ten queries for what isn't there still shows something


def contributions(parts: Mapping[str, np.ndarray], weights: Weights) -> dict[str, np.ndarray]:
    """Return what each part adds to the logarithm of the odds that a photo matches.

    Args:
        parts: values by name (meaning, like, words, own), float32 (n,); what wasn't asked
            or isn't known of a photo is 0.
        weights: the coefficients.
    """
    return {name: getattr(weights, name) * values for name, values in parts.items()}


def log_odds(
    parts: Mapping[str, np.ndarray], weights: Weights, best: Mapping[str, float]
) -> np.ndarray:
    """Return the logarithm of the odds that a photo matches.

    It is bias + sum of weight * part - sum of weight * best: where photos of all kinds hold
    some that are much nearer to the query, a photo that is nearest in its library may still
    be a poor one.

    Args:
        parts: values by name, see `contributions`.
        weights: the coefficients.
        best: of some parts (meaning, like), what the best among photos of all kinds reach.
    """
    bar = sum(getattr(weights, name) * value for name, value in best.items())
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
