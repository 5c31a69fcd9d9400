"""Errors for people: each says in one line what is wrong, and how to mend it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import IntEnum
from typing import ClassVar

from captioner.errors import CaptionerError, PersonError


class ExitCode(IntEnum):
    """The code that a command returns to the shell."""

    DONE = 0
    NOTHING_FOUND = 1
    USAGE = 2  # a wrong argument or option
    UNUSABLE = 3  # the library, or every folder given, can't be read or written
    INTERNAL = 4  # a fault of the program itself
    INTERRUPTED = 128 + 2  # by Ctrl-C; the number that shells use
    TERMINATED = 128 + 15  # by SIGTERM


class PhotosearchError(PersonError):
    """What a person can mend of photosearch's work; see `PersonError` for its attributes."""

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE


class UsageError(PhotosearchError, ValueError):
    """An argument that can't be used.

    It is a ValueError as well, because 0.1.0 raised one for a wrong argument: scripts that catch
    ValueError go on working. A ValueError that is no UsageError is a fault of the program.
    """


class UnknownPathError(UsageError):
    """A folder or photo that is not in the library."""


class LibraryError(PhotosearchError):
    """The library's file can't be used."""

    exit_code = ExitCode.UNUSABLE


class BusyError(LibraryError):
    """Another process is at work on the library."""


class ModelError(PhotosearchError):
    """The files of the model that describes photos can't be used."""

    exit_code = ExitCode.UNUSABLE


class MissingModelError(ModelError):
    """The model folder that a library remembers is not there."""


class WatchError(LibraryError):
    """Folders can't be watched."""


@contextlib.contextmanager
def loading_model() -> Iterator[None]:
    """Turn the captioner's errors while it loads a model into errors of this package.

    Raises:
        UsageError: an engine or a device can't be used.
        ModelError: the model's files can't be used.
    """
    try:
        yield
    except CaptionerError as error:
        kind = UsageError if error.exit_code == ExitCode.USAGE else ModelError
        raise kind(str(error)) from error
