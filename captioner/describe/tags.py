"""Tags: names of things in a photo, for search and for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from captioner.describe.description import Tag
from captioner.describe.labels import Labels, TagLabels


@dataclass(frozen=True)
class TagConfig:
    """The thresholds of tags."""

    temperature: float = 1.0  # divides the logits of the classes
    searchable: float = 0.3  # from this probability, a tag can be searched for
    # From this probability, a tag is shown; see docs/explained/decisions/captioner.md.
    shown: float = 0.6
    most_shown: int = 6  # on one photo
    # From this probability, a word counts for its texts. A hundred words for people, each with a
    # chance of 1 %, would add up to people in a desert.
    counts: float = 0.1


def tags_of(
    classes: np.ndarray,
    words: np.ndarray | None,
    labels: TagLabels,
    config: TagConfig | None = None,
) -> list[list[Tag]]:
    """Find the tags of photos.

    A parent is as probable as its classes together (Deng et al., "Hedging your bets",
    CVPR 2012), so "dog" can be sure when no breed is sure. Each class counts as far as its
    label is trusted. If both classifiers know a text, the surer classifier counts.

    If a shown tag implies another tag, the other tag isn't shown: beside "dog", "animal".

    Args:
        classes: logits of the ImageNet classes, in the order of their labels, (B, K).
        words: logits of the words, in the order of their labels, (B, W); None without words.
        labels: what the classes and the words are called.
        config: the thresholds; by default those of `TagConfig`.

    Returns:
        The searchable tags of each photo, the most probable first.

    Raises:
        ValueError: a shape doesn't fit the labels.
    """
    config = config or TagConfig()
    found = [(labels.classes, probabilities(classes, labels.classes, config.temperature))]
    if words is not None:
        if len(words) != len(classes):
            raise ValueError(f"{len(classes)} photos have classes, {len(words)} have words")
        found.append((labels.words, word_probabilities(words, labels.words, config.counts)))
    return [
        _choose([(table, sure[photo]) for table, sure in found], labels, config)
        for photo in range(len(classes))
    ]


def probabilities(logits: np.ndarray, labels: Labels, temperature: float = 1.0) -> np.ndarray:
    """Return the probabilities of texts, from classes of which a photo has exactly one.

    Softmax with temperature (Guo et al., "On calibration of modern neural networks",
    ICML 2017, eq. 9), then weighted sums.

    Args:
        logits: of the classes, (B, C).
        labels: of the classes.
        temperature: above 1, the classes are less sure.

    Returns:
        Probabilities, 0 to 1, float32 (B, T).

    Raises:
        ValueError: the logits are not (B, C).
    """
    scaled = _checked(logits, labels) / temperature
    odds = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    share = odds / odds.sum(axis=1, keepdims=True)
    total: np.ndarray = np.minimum(_sums(share[:, labels.label] * labels.weight, labels), 1.0)
    return total


def word_probabilities(logits: np.ndarray, labels: Labels, counts: float = 0.0) -> np.ndarray:
    """Return the probabilities of texts, from words of which a photo may have several.

    Each word is calibrated already (Platt, "Probabilistic outputs for support vector
    machines", 1999): its probability is the sigmoid. A text is there if any of its words is there:
    1 - product(1 - p), as if its words were independent ("noisy or", Pearl, "Probabilistic
    reasoning in intelligent systems", 1988, section 4.3.2). So "people" can be sure when neither
    "man" nor "woman" is.

    Args:
        logits: of the words, (B, W).
        labels: of the words.
        counts: the least probability of a word that counts.

    Returns:
        Probabilities, 0 to 1, float32 (B, T).

    Raises:
        ValueError: the logits are not (B, W).
    """
    sure = sigmoid(_checked(logits, labels)[:, labels.label])
    sure = np.where(sure < counts, 0.0, sure * labels.weight)
    nearly = np.minimum(sure, 1 - 1e-6)  # the logarithm of 0 is not finite
    missing = _sums(np.log1p(-nearly), labels)
    there: np.ndarray = -np.expm1(missing)
    return there


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return the probabilities of logits: 1 / (1 + exp(-x)), without overflow."""
    sure: np.ndarray = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return sure


def _sums(values: np.ndarray, labels: Labels) -> np.ndarray:
    """Sum values of pairs of label and text, (B, P), for each text, (B, T)."""
    if not labels.texts:
        return np.zeros((len(values), 0), np.float32)
    sums: np.ndarray = np.add.reduceat(values, labels.start, axis=1)
    return sums


def _checked(logits: np.ndarray, labels: Labels) -> np.ndarray:
    if logits.ndim != 2 or logits.shape[1] != len(labels):
        raise ValueError(f"logits are {logits.shape}, not (photos, {len(labels)})")
    return logits.astype(np.float32, copy=False)


def _choose(
    found: Sequence[tuple[Labels, np.ndarray]], labels: TagLabels, config: TagConfig
) -> list[Tag]:
    """Return one photo's tags, from the probabilities of texts by each classifier."""
    best: dict[str, float] = {}
    for table, sure in found:
        for column in np.flatnonzero(sure >= config.searchable):
            text = table.texts[column]
            best[text] = max(best.get(text, 0.0), float(sure[column]))
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    sure_enough = [text for text, probability in ranked if probability >= config.shown]
    shown = [
        text for text in sure_enough if not any(_says(labels, other, text) for other in sure_enough)
    ][: config.most_shown]
    return [
        Tag(text, probability, text in shown, labels.synonyms(text)) for text, probability in ranked
    ]


def _says(labels: TagLabels, text: str, other: str) -> bool:
    """Return whether a text implies another text, but the other doesn't imply it."""
    return labels.implies(text, other) and not labels.implies(other, text)
