"""What all commands share: the app, its exit codes, and how errors are told."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Annotated, NoReturn, ParamSpec

import typer

from captioner.errors import CaptionerError
from photosearch.cli import terminal
from photosearch.library import ENVIRONMENT
from photosearch.store.database import LibraryError, why

NOTHING_FOUND, USAGE, UNREADABLE, INTERNAL = 1, 2, 3, 4
TERMINATED = 128 + 15
MOST = 1_000_000_000  # photos that can be asked for

app = typer.Typer(
    help="Find your own photos by a sentence, on your own computer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="FILE",
        help=f"The library's file; by default ${ENVIRONMENT} or photosearch.db in your "
        "user-data folder.",
    ),
]
Arguments = ParamSpec("Arguments")


class Terminated(BaseException):
    """SIGTERM came."""


def reporting(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Turn what goes wrong in a command into one line and an exit code."""

    @functools.wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        if _is_nowhere():  # engines, too, look for it
            fail("the current folder is gone: change to another one first", UNREADABLE)
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except LibraryError as error:
            fail(str(error), UNREADABLE)
        except CaptionerError as error:
            fail(str(error), error.exit_code)
        except BrokenPipeError:
            # The reader of a pipe (head, less) has seen enough.
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            with contextlib.suppress(OSError):  # or the flush at the end would fail again
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            fail(f"can't write: {os.strerror(errno.ENOSPC)}", UNREADABLE)
        except sqlite3.Error as error:
            fail(f"the library can't be used: {why(error)}", UNREADABLE)

    return run


def _is_nowhere() -> bool:
    """Tell whether the current folder was deleted."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def fail(message: str, code: int) -> NoReturn:
    """Print one line to stderr and leave with an exit code."""
    terminal.note(f"photosearch: {message}")
    raise typer.Exit(code)


@app.callback(invoke_without_command=True)
def version_option(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Find your own photos by a sentence, on your own computer."""
    if version:
        from importlib.metadata import version as installed

        print(f"photosearch {installed('photosearch')}")
        raise typer.Exit


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Raise at SIGTERM within, so that what is open gets closed."""
    came = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        if came:  # watchfiles takes every signal for Ctrl-C
            raise Terminated from None
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
