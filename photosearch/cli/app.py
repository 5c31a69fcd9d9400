"""The app: the list of commands, and how a command's errors become messages and exit codes."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import FrameType
from typing import Annotated, Any, NoReturn, cast

import typer
from typer.core import TyperGroup

from captioner.errors import PersonError
from photosearch.cli import terminal
from photosearch.cli.commands import COMMANDS, naming
from photosearch.cli.options import PlainValues, flat
from photosearch.errors import ExitCode

_STYLE: dict[str, Any] = {"pretty_exceptions_enable": False, "rich_markup_mode": None}


class Terminated(BaseException):
    """SIGTERM came."""


class LazyCommands(Mapping[str, Any]):
    """The commands by name; a command's module is imported when the command is asked for."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        module = import_module(f"photosearch.cli.{name}")
        alone = typer.Typer(add_completion=False, **_STYLE)
        kind = getattr(module, "Command", None)
        alone.command(name, cls=kind or PlainCommand)(reporting(flat(getattr(module, name))))
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class PlainCommand(PlainValues, typer.core.TyperCommand):
    """A command of the app."""


class Commands(PlainValues, TyperGroup):
    """The app as a group of commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast(Any, LazyCommands())


app = typer.Typer(
    cls=Commands,
    help="Find your own photos by a sentence, on your own computer.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    **_STYLE,
)


def show_version(asked: bool) -> None:
    """Print the version and end, if that is asked for."""
    if asked:
        import photosearch

        print(f"photosearch {photosearch.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=show_version, is_eager=True),
    ] = False,
) -> None:
    """Find your own photos by a sentence, on your own computer."""


def reporting(command: Callable[..., None]) -> Callable[..., None]:
    """Turn an error that a person can mend into one line and an exit code.

    Any other exception passes: it is a fault of the program.
    """

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        with naming(kwargs.get("db"), kwargs.get("model")):
            reported(*args, **kwargs)

    def reported(*args: Any, **kwargs: Any) -> None:
        if _is_nowhere():  # engines fail without a current folder, too
            fail("the current folder is gone: change to another one first", ExitCode.UNUSABLE)
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except PersonError as error:
            fail(str(error), ExitCode(error.exit_code))
        except BrokenPipeError:
            _close_stdout()  # the reader of a pipe (head, less) has seen enough
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            _close_stdout()
            fail(f"can't write: {os.strerror(errno.ENOSPC)}", ExitCode.UNUSABLE)
        except sqlite3.Error as error:
            from photosearch.store.sqlite_errors import why

            hint = "photosearch doctor tells more"
            fail(f"the library can't be used: {why(error)}: {hint}", ExitCode.UNUSABLE)

    return run


def _is_nowhere() -> bool:
    """Return whether the current folder was deleted."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _close_stdout() -> None:
    """Send the rest of the output nowhere: otherwise the flush at the end would fail again."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(message: str, code: ExitCode) -> NoReturn:
    """Print one line to stderr and leave with an exit code."""
    terminal.note(f"photosearch: {message}")
    raise typer.Exit(code)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Raise `Terminated` within when SIGTERM comes, so that open files get closed."""
    came = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        if came:  # watchfiles reports every signal as Ctrl-C
            raise Terminated from None
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def stoppable_indexing(*, goes_on: bool) -> Iterator[None]:
    """If Ctrl-C or SIGTERM stops an indexing run within, say what is kept.

    Args:
        goes_on: whether the same command continues the work where it was stopped.
    """
    with terminable():
        try:
            yield
        except (KeyboardInterrupt, Terminated):
            hint = ", the same command goes on" if goes_on else ""
            terminal.note(f"stopped: all finished batches are kept{hint}")
            raise
