"""Errors for people: each says in one line what is wrong, and how to mend it."""

from __future__ import annotations

from typing import ClassVar


class PersonError(Exception):
    """Something that a person can mend; any other exception is a fault of the program.

    Attributes:
        exit_code: The command's exit code.
        hint: How to mend it; empty if the message says it.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        """Return message and hint in one line."""
        message = super().__str__()
        return f"{message}: {self.hint}" if self.hint else message


class CaptionerError(PersonError):
    """What a person can mend of the captioner's work."""


class EngineError(CaptionerError):
    """An engine or a device that can't be used: unknown, not installed, or not for this work."""


class DataError(CaptionerError):
    """Training data, or a training run's folder, that can't be used."""


class ModelError(CaptionerError):
    """A model folder that is missing, incomplete or damaged."""

    exit_code = 3
