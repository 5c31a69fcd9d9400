"""photosearch index: the description of every new or changed photo."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.app import stoppable_indexing
from photosearch.cli.options import Database, Model, Nice, be_nice
from photosearch.errors import ExitCode, UsageError
from photosearch.indexing.config import DescribeOptions, IndexOptions
from photosearch.library import Library
from photosearch.text import counted


def index(
    *,
    folders: Annotated[
        list[str] | None,
        typer.Argument(metavar="FOLDER", help="With photos; by default those of earlier runs."),
    ] = None,
    db: Database = None,
    model: Model = None,
    options: IndexOptions,
    describing: DescribeOptions,
    nice: Nice = False,
) -> None:
    """Describe every new or changed photo in folders.

    Example: photosearch index ~/Pictures
    """
    if nice:
        be_nice()
    started = time.monotonic()
    with stoppable_indexing(goes_on=not options.force), terminal.IndexProgress() as progress:
        summary = Library(db, model=model).index(
            folders or [], options, describing=describing, notify=terminal.note, observer=progress
        )
    for root, reason in summary.unreachable.items():
        terminal.note(f"photosearch: {root} can't be opened: {reason}")
    if not summary.reached:
        if not summary.unreachable:
            raise UsageError("which folder? photosearch index FOLDER")
        raise typer.Exit(ExitCode.UNUSABLE)
    print(terminal.index_summary(summary, time.monotonic() - started))
    if summary.copied:
        _tell_of_renamed(Library(db))
    if summary.outdated:
        count = counted(summary.outdated, "photo")
        terminal.note(f"another model described {count}: photosearch index --upgrade does it anew")
    if summary.passed_over and summary.passed_over_changed:
        terminal.note(f"passed over: {terminal.passed_over(summary.passed_over)}")


def _tell_of_renamed(library: Library) -> None:
    """Say what to do if photos were copied because a root folder was renamed."""
    with library:
        gone = [folder for folder in library.stats()["folders"] if not os.path.exists(folder)]
    for folder in gone:
        terminal.note(
            f"{folder} is not there: if it was renamed, photosearch forget takes the old name out"
        )
