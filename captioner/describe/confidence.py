"""Confidence: the probability that a caption is right, and that each of its words is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from captioner.describe.choice import Evidence, mean_seen

MOST = 0.999  # a higher probability by the word head counts as this
WORD_FEATURES = ("odds", "share", "rarity")
CAPTION_FEATURES = ("fluency", "seen", "least", "likeness")


@dataclass(frozen=True)
class ConfidenceConfig:
    """The coefficients of two logistic regressions, fitted on photos that no training saw.

    See `captioner.training.fit_captions`.
    """

    # The constant, then the coefficients of `WORD_FEATURES`.
    word: tuple[float, ...] = (-0.2841, 0.7272, 0.6653, 0.0879)
    # The constant, then the coefficients of `CAPTION_FEATURES`.
    caption: tuple[float, ...] = (3.2183, 1.7734, 1.3528, -0.0957, -1.162)


def word_features(found: Evidence) -> np.ndarray:
    """Return what the probability of a content word is computed from, (U, 3).

    Its log-odds by the word head; the probability of the hypotheses that hold it, which is the
    decoder's opinion; its rarity.
    """
    odds = found.seen - np.log1p(-np.minimum(np.exp(found.seen), MOST))
    return np.stack([odds, found.share, found.rarity], 1)


def caption_features(found: Evidence, sure: np.ndarray) -> np.ndarray:
    """Return what the probability of a caption is computed from, (K, 4).

    The mean log-probability of its tokens; the mean log-probability of its content words by the
    word head; the logarithm of the probability of its least probable content word; its likeness
    to all hypotheses.

    Args:
        found: what speaks for the hypotheses of a photo, K.
        sure: the probability of each content word, (U,).
    """
    logarithms = np.log(np.maximum(sure, 1e-6))
    least = np.where(found.holds > 0, logarithms, 0.0).min(1, initial=0.0)
    return np.stack([found.fluency, mean_seen(found), least, found.likeness], 1)


def probability(features: np.ndarray, coefficients: tuple[float, ...]) -> np.ndarray:
    """Return the probabilities by a logistic regression, (N, F) to (N,).

    Args:
        features: of each case, (N, F).
        coefficients: the constant, then of each feature.
    """
    logits = features @ np.array(coefficients[1:]) + coefficients[0]
    chances: np.ndarray = 0.5 * (1.0 + np.tanh(0.5 * logits))  # 1 / (1 + exp(-x)), no overflow
    return chances
