"""photosearch watch: indexing whenever photos change."""

from __future__ import annotations

from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.app import stoppable_indexing
from photosearch.cli.options import Database, Model, Nice, be_nice
from photosearch.indexing.config import DescribeOptions, IndexOptions, WatchOptions
from photosearch.library import Library


def watch(
    *,
    folders: Annotated[
        list[str] | None,
        typer.Argument(metavar="FOLDER", help="Folders to watch; by default all that are indexed."),
    ] = None,
    db: Database = None,
    model: Model = None,
    options: IndexOptions,
    config: WatchOptions,
    describing: DescribeOptions,
    nice: Nice = False,
) -> None:
    """Index folders now, and again whenever photos in them change, until Ctrl-C.

    --force, --retry, --upgrade and --metadata hold for the first run only.

    Example: photosearch watch ~/Pictures
    """
    if nice:
        be_nice()
    started = False
    with stoppable_indexing(goes_on=not options.force), Library(db, model=model) as library:
        for summary, seconds in library.watch(
            folders or [],
            options,
            config=config,
            describing=describing,
            notify=terminal.note,
            observing=terminal.IndexProgress,
        ):
            for root, reason in summary.unreachable.items():
                terminal.note(f"photosearch: {root} can't be opened: {reason}")
            if summary.changed or not started:
                print(terminal.index_summary(summary, seconds), flush=True)
            if not started:
                terminal.note("watching: Ctrl-C ends it")
            started = True
