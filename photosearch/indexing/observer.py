"""The observer: whoever is told how an indexing run goes."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """An observer of an indexing run's progress."""

    def comparing(self, files: int) -> None:
        """A number of files are read now, because they may be copies."""

    def start(self, total: int) -> None:
        """A number of photos are to be captioned."""

    def advance(self, photos: int) -> None:
        """A number of further photos are done: written or skipped."""

    def rereading(self, photos: int, unread: int) -> None:
        """The metadata of a number of known photos are read again; called once in a run at most.

        Of `unread` of them, this version may find more than the version that read them before.
        """

    def reread(self, photos: int) -> None:
        """The metadata of a number of further photos were read again, or can't be read."""

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

    def rereading(self, photos: int, unread: int) -> None:
        """Do nothing."""

    def reread(self, photos: int) -> None:
        """Do nothing."""

    def skipped(self, path: str, reason: str) -> None:
        """Do nothing."""
