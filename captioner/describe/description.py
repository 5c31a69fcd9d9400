"""Descriptions: what a model says of a photo, made from what its networks give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from captioner.describe.beam import Hypothesis
from captioner.describe.colours import main_colours
from captioner.describe.config import CaptionerConfig
from captioner.describe.quantise import quantise
from captioner.describe.tags import Tag, tags_of
from captioner.describe.vocabulary import Vocabulary


@dataclass(frozen=True)
class Caption:
    """One caption of a photo."""

    text: str  # lower case, words joined by spaces
    log_probability: float  # of the whole caption, end included, natural logarithm
    tokens: int  # words and end

    @property
    def confidence(self) -> float:
        """exp(mean token log-probability), 0 to 1."""
        return math.exp(self.log_probability / self.tokens)


@dataclass(frozen=True)
class Description:
    """What a model says of a photo; a part that wasn't asked for is None."""

    captions: Sequence[Caption] | None = None  # the best first
    tags: Sequence[Tag] | None = None  # the most probable first, then colours
    vector: bytes | None = None  # in the joint space, int8, see `captioner.describe.quantise`
    hubness: float = 0.0  # of the vector, see `captioner.networks.embedding`


def captions_of(hypotheses: Sequence[Hypothesis], vocabulary: Vocabulary) -> list[Caption]:
    """Return one photo's captions in words."""
    return [
        Caption(vocabulary.decode(h.words), h.log_probability, len(h.words) + 1) for h in hypotheses
    ]


def tags_and_colours(
    classes: np.ndarray, words: np.ndarray, pixels: np.ndarray, config: CaptionerConfig
) -> list[list[Tag]]:
    """Return the tags of photos; a colour's probability is its share.

    Args:
        classes: logits, float32 (B, K).
        words: logits, float32 (B, W).
        pixels: uint8 RGB, (B, S, S, 3).
        config: what counts.
    """
    things = tags_of(classes, words, config.tags)
    colours = main_colours(pixels, config.colours)
    return [
        found + [Tag(name, share, False) for name, share in main]
        for found, main in zip(things, colours, strict=True)
    ]


def vectors_of(vectors: np.ndarray, hubness: np.ndarray) -> list[tuple[bytes, float]]:
    """Return unit vectors, (B, D), quantised, each with its hubness, (B,)."""
    rows = quantise(vectors)
    return [(row.tobytes(), near) for row, near in zip(rows, hubness.tolist(), strict=True)]
