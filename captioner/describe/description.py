"""A description: captions, tags, words and vector of a photo, made by a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """A part of a description.

    Each part has a fingerprint of its own: with a new model, only the changed parts are replaced.
    """

    CAPTIONS = "captions"
    TAGS = "tags"
    VECTORS = "vectors"


PARTS: tuple[str, ...] = tuple(Part)


@dataclass(frozen=True)
class Caption:
    """One caption of a photo."""

    text: str  # lower case, words joined by spaces
    log_probability: float  # of the whole caption, end included, natural logarithm
    tokens: int  # words and end
    confidence: float | None = None  # the probability that the caption is right, if it is known
    words: tuple[tuple[str, float], ...] = ()  # content words, each with its probability


@dataclass(frozen=True)
class Tag:
    """One tag of a photo."""

    text: str  # lower case
    probability: float  # 0 to 1; of a colour, its share of the picture
    shown: bool  # sure enough to be shown, not only searched
    synonyms: tuple[str, ...] = ()  # further words that find the photo: synonyms and parents


@dataclass(frozen=True)
class Description:
    """A model's description of a photo. If a part wasn't asked for, it is None."""

    captions: Sequence[Caption] | None = None  # the best first
    tags: Sequence[Tag] | None = None  # the most probable first, then colours
    vector: bytes | None = None  # in the joint space, int8, see `captioner.describe.quantise`
    hubness: float = 0.0  # how near the vector lies to sentences of all kinds
    words: bytes | None = None  # the likeliest, see `captioner.describe.words`; made with the tags
