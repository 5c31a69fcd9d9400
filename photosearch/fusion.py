"""Fusion: one score for a photo from all that speaks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Weights:
    """The coefficients of a logistic regression; benchmarks/tune_ranking.py fits them."""

    bias: float = -3.0
    meaning: float = 1.5  # of standard deviations above a photo that has nothing to do with it
    like: float = 1.5  # the same, against the photo given with --like
    words: float = 2.0  # of the BM25+ share of all of the photo's text
    own: float = 16.0  # of the share of the query's words that a person wrote: set by hand
    min_score: float = 0.5  # one in ten queries for what isn't there still shows something


def contributions(parts: Mapping[str, np.ndarray], weights: Weights) -> dict[str, np.ndarray]:
    """Return what each part adds to the logarithm of the odds that a photo matches.

    Args:
        parts: values by name (meaning, like, words, own), float32 (n,); what wasn't asked
            or isn't known of a photo is 0.
        weights: the coefficients.
    """
    return {name: getattr(weights, name) * values for name, values in parts.items()}


def log_odds(parts: Mapping[str, np.ndarray], weights: Weights) -> np.ndarray:
    """Return the logarithm of the odds that a photo matches: bias + sum of weight * part."""
    return np.asarray(sum(contributions(parts, weights).values()) + weights.bias, np.float64)


def probability(odds: np.ndarray) -> np.ndarray:
    """Return logarithms of odds as probabilities, 1 / (1 + exp(-odds))."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))  # the same, without overflow


def standardise(cosines: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Return cosines as standard deviations above the mean of photos of anything.

    A query's cosines lie higher or lower as a whole by how it is put; this takes that out.

    Args:
        cosines: of a query with photos, (n,).
        background: of the same query with photos of all kinds, (m,).
    """
    return np.asarray((cosines - background.mean()) / max(float(background.std()), 1e-6))
