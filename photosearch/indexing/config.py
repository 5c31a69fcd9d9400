"""Configuration: how to index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from photosearch.photo.decode import MAX_PIXELS

FILE_TIMEOUT = 60.0
"""Seconds that a photo may take to decode."""


@dataclass(frozen=True)
class IndexConfig:
    """How to index."""

    # Photos captioned together and written in one transaction; None: as the captioner has it.
    batch_size: int | None = None
    workers: int = 1  # decoding processes; 0 decodes in this one
    force: bool = False  # also photos that are known and unchanged
    upgrade: bool = False  # of known and unchanged photos, what another model made
    retry: bool = False  # what couldn't be read, though it is unchanged
    exclude: Sequence[str] = ()  # what to ignore in this run, in gitignore's syntax
    file_timeout: float = FILE_TIMEOUT  # seconds that a photo may take to decode
    max_pixels: int = MAX_PIXELS  # of a photo; larger ones are refused
