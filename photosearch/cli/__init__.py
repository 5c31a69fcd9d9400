"""The `photosearch` command: parse, call the library, print."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

PATIENCE = 1.0
"""Seconds that the end may still take after a second Ctrl-C."""


def main() -> None:
    """Run the command line; however it ends, its exit code is documented."""
    if sys.stdout is None:  # closed by >&-: the next opened file must not get its descriptor
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    interrupts = _noted_interrupts()
    try:
        _run(interrupts)
    except KeyboardInterrupt:
        _end_interrupted()
    except Exception as error:
        if not _is_of_interrupt(error, interrupts):
            raise
        _end_interrupted()
    finally:
        if interrupts:
            # Python's own end gives Ctrl-C its default meaning again: death by a signal.
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def _noted_interrupts() -> list[int]:
    """Return a list. From now on every Ctrl-C is added to it, unless Ctrl-C is ignored.

    The first Ctrl-C raises KeyboardInterrupt. A second one often comes at once: keys bounce, and a
    program that started this program may pass its own Ctrl-C on. If it broke off what the first
    one began, threads of engines that are still at work would abort the process. So the end has
    `PATIENCE` seconds more, and then the process ends as it is: the library is whole at any moment.
    A third Ctrl-C ends the process at once.
    """
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        if len(interrupts) == 1:
            raise KeyboardInterrupt
        if len(interrupts) > 2:
            os._exit(128 + number)
        end = threading.Timer(PATIENCE, os._exit, (128 + number,))
        end.daemon = True
        end.start()

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    return interrupts


def _is_of_interrupt(error: BaseException, interrupts: list[int]) -> bool:
    """Return whether an error is what Ctrl-C became: some code turns it into an error of its own.

    If Ctrl-C comes while compiled modules are imported, they raise an ImportError without a cause.
    """
    if isinstance(error, ImportError):
        return bool(interrupts)
    above = error.__cause__ or error.__context__
    return isinstance(error, KeyboardInterrupt) or (
        above is not None and _is_of_interrupt(above, interrupts)
    )


def _end_interrupted() -> NoReturn:
    from photosearch.errors import ExitCode

    sys.exit(ExitCode.INTERRUPTED)


def _run(interrupts: list[int]) -> None:
    import traceback  # imported here, too, because Ctrl-C may come during the import

    from photosearch.cli import terminal
    from photosearch.cli.app import Terminated, app
    from photosearch.errors import ExitCode

    try:
        app()
    except Terminated:
        sys.exit(ExitCode.TERMINATED)
    except Exception as error:
        if _is_of_interrupt(error, interrupts):
            raise
        if os.environ.get("PHOTOSEARCH_DEBUG"):
            traceback.print_exc()
        else:
            kind = type(error).__name__
            terminal.note(
                f"photosearch: internal error: {kind}: {error} (PHOTOSEARCH_DEBUG=1 tells more)"
            )
        sys.exit(ExitCode.INTERNAL)
