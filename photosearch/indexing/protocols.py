"""Protocols: who describes photos, and who is told how indexing goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from captioner.describe.description import PARTS, Description

if TYPE_CHECKING:
    import numpy as np


class Describer(Protocol):
    """What describes photos: the captioner, or a test's small fake."""

    @property
    def name(self) -> str:
        """What the model is called."""

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """Of the weights and settings behind each of `PARTS`: equal ones give equal results."""

    @property
    def image_size(self) -> int:
        """Side of the square pictures that it takes, in pixels."""

    @property
    def batch_size(self) -> int:
        """Photos to give it at once; may change with every batch."""

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> Sequence[Description]:
        """Make these parts of the descriptions of photos, uint8 (B, S, S, 3)."""


class Observer(Protocol):
    """Who is told how indexing goes."""

    def comparing(self, files: int) -> None:
        """So many files are read, because they may hold the same as others."""

    def start(self, total: int) -> None:
        """So many photos are to be captioned."""

    def advance(self, photos: int) -> None:
        """So many more photos are done: written or skipped."""

    def skipped(self, path: str, reason: str) -> None:
        """A file or folder can't be read; told once for each reason."""


class Silent:
    """An observer that tells nobody."""

    def comparing(self, files: int) -> None:
        """Do nothing."""

    def start(self, total: int) -> None:
        """Do nothing."""

    def advance(self, photos: int) -> None:
        """Do nothing."""

    def skipped(self, path: str, reason: str) -> None:
        """Do nothing."""
