"""Outputs of a model's networks, turned into captions, tags, words and vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from captioner.describe.beam import Hypothesis
from captioner.describe.colours import main_colours
from captioner.describe.config import CaptionerConfig
from captioner.describe.description import Caption, Tag
from captioner.describe.labels import TagLabels
from captioner.describe.quantise import quantise
from captioner.describe.tags import sigmoid, tags_of
from captioner.describe.vocabulary import Vocabulary
from captioner.describe.words import sparse


def captions_of(hypotheses: Sequence[Hypothesis], vocabulary: Vocabulary) -> list[Caption]:
    """Return the captions of one photo in words."""
    return [
        Caption(vocabulary.decode(h.words), h.log_probability, len(h.words) + 1) for h in hypotheses
    ]


def tags_and_words(
    classes: np.ndarray,
    words: np.ndarray,
    pixels: np.ndarray,
    labels: TagLabels,
    config: CaptionerConfig,
) -> list[tuple[list[Tag], bytes]]:
    """Return the tags of photos, and their likeliest words.

    A colour is a tag whose probability is its share. For the words see
    `captioner.describe.words.sparse`.

    Args:
        classes: logits, float32 (B, K).
        words: logits, float32 (B, W).
        pixels: uint8 RGB, (B, S, S, 3).
        labels: what the classes and the words are called.
        config: the model's settings.
    """
    things = tags_of(classes, words, labels, config.tags)
    colours = main_colours(pixels, config.colours)
    return [
        (found + [Tag(name, share, False) for name, share in main], likeliest)
        for found, main, likeliest in zip(things, colours, sparse(sigmoid(words)), strict=True)
    ]


def vectors_of(vectors: np.ndarray, hubness: np.ndarray) -> list[tuple[bytes, float]]:
    """Return unit vectors, (B, D), quantised, each with its hubness, (B,)."""
    rows = quantise(vectors)
    return [(row.tobytes(), near) for row, near in zip(rows, hubness.tolist(), strict=True)]
