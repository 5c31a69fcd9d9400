"""The describer: what makes descriptions of photos, whichever engine computes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from captioner.describe.description import PARTS, Description

if TYPE_CHECKING:
    import numpy as np


class Describer(Protocol):
    """A describer of photos: a model on an engine, or a test's small fake."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """The fingerprint of each of `PARTS`: equal fingerprints mean equal results."""

    @property
    def image_size(self) -> int:
        """Side of the square pictures that the model takes, in pixels."""

    @property
    def batch_size(self) -> int:
        """Photos to describe together; may change with every batch."""

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> Sequence[Description]:
        """Return descriptions of photos, uint8 RGB, upright, (B, S, S, 3), with the given parts.

        S is `image_size`.
        """
