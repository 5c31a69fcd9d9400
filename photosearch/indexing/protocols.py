"""Protocols of the collaborators of indexing: a describer of photos, an observer of progress."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from captioner.describe.description import PARTS, Description

if TYPE_CHECKING:
    import numpy as np


class Describer(Protocol):
    """A describer of photos: the captioner, or a test's small fake."""

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
        """Return descriptions of photos, uint8 (B, S, S, 3), with the given parts."""


class Observer(Protocol):
    """An observer of an indexing run's progress."""

    def comparing(self, files: int) -> None:
        """A number of files are read now, because they may be copies."""

    def start(self, total: int) -> None:
        """A number of photos are to be captioned."""

    def advance(self, photos: int) -> None:
        """A number of further photos are done: written or skipped."""

    def skipped(self, path: str, reason: str) -> None:
        """A file or folder can't be read; called once for each path in a run."""


class Silent:
    """An observer that does nothing."""

    def comparing(self, files: int) -> None:
        """Do nothing."""

    def start(self, total: int) -> None:
        """Do nothing."""

    def advance(self, photos: int) -> None:
        """Do nothing."""

    def skipped(self, path: str, reason: str) -> None:
        """Do nothing."""
