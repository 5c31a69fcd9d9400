"""Outputs of a model's networks, turned into captions, tags, words and vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from captioner.describe.beam import Hypothesis
from captioner.describe.choice import choose, evidence
from captioner.describe.colours import main_colours
from captioner.describe.confidence import caption_features, probability, word_features
from captioner.describe.config import CaptionerConfig
from captioner.describe.content import ContentWords
from captioner.describe.description import Caption, Tag
from captioner.describe.labels import Labels, TagLabels
from captioner.describe.quantise import quantise
from captioner.describe.tags import sigmoid, tags_of
from captioner.describe.vocabulary import Vocabulary
from captioner.describe.words import sparse


class CaptionMaker:
    """Makes captions of hypotheses, with a model's words and settings."""

    def __init__(
        self, vocabulary: Vocabulary, labels: Labels | None, config: CaptionerConfig
    ) -> None:
        """Take a model's parts.

        Args:
            vocabulary: the words that the model can say.
            labels: of the word head's words; None: the model has no head, and its captions have no
                confidence.
            config: the model's settings.
        """
        self.vocabulary = vocabulary
        self.config = config
        self.content = ContentWords(vocabulary, labels, config.beam.vocabulary)

    def captions(
        self, found: Sequence[Sequence[Hypothesis]], logits: np.ndarray | None
    ) -> list[list[Caption]]:
        """Return the captions of photos, the best first.

        Args:
            found: the hypotheses of each photo.
            logits: of the word head, (B, W); None: the model has no head.
        """
        if logits is None:
            return [self._captions(hypotheses, None) for hypotheses in found]
        return [
            self._captions(hypotheses, sure)
            for hypotheses, sure in zip(found, sigmoid(logits), strict=True)
        ]

    def _captions(
        self, hypotheses: Sequence[Hypothesis], probabilities: np.ndarray | None
    ) -> list[Caption]:
        config, family = self.config, self.content.family
        about = evidence(hypotheses, self.content, probabilities)
        sure = probability(word_features(about), config.confidence.word)  # (U,)
        right = probability(caption_features(about, sure), config.confidence.caption)  # (K,)
        sure_of = dict(zip(about.families.tolist(), sure.tolist(), strict=True))
        captions = []
        for place in choose(hypotheses, about, sure, config.choice):
            said = hypotheses[place].words
            caption = Caption(
                self.vocabulary.decode(said), hypotheses[place].log_probability, len(said) + 1
            )
            if probabilities is not None:
                words = tuple(
                    (self.vocabulary.words[number], round(sure_of[int(family[number])], 4))
                    for number in said
                    if family[number] >= 0
                )
                caption = replace(caption, confidence=round(float(right[place]), 4), words=words)
            captions.append(caption)
        return captions


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
