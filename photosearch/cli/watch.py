"""The command that keeps a library fresh."""

from __future__ import annotations

from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.app import Database, Terminated, app, reporting, terminable
from photosearch.indexing.watch import WatchConfig
from photosearch.library import Library


@app.command("watch")
@reporting
def watch_command(
    folders: Annotated[
        list[str] | None,
        typer.Argument(metavar="FOLDER", help="What to watch; without one, all that is indexed."),
    ] = None,
    db: Database = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Ignore it in all runs, as .gitignore would."),
    ] = None,
    poll: Annotated[
        bool,
        typer.Option("--poll", help="Look at all files every few seconds: for network drives."),
    ] = False,
    engine: Annotated[
        str, typer.Option(help="What runs the model: auto, torch, onnx or openvino.")
    ] = "auto",
    device: Annotated[str, typer.Option(help="Of torch: auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processor threads of the captioner.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Decoding processes; by default one a processor."),
    ] = None,
) -> None:
    """Index folders, and again whenever photos in them change, until it is stopped.

    Example: photosearch watch ~/Pictures
    """
    told = False
    with terminable(), Library(db) as library:
        try:
            for summary, seconds in library.watch(
                folders or [],
                observing=terminal.IndexProgress,
                config=WatchConfig(poll=poll),
                notify=terminal.note,
                exclude=exclude or (),
                engine=engine,
                device=device,
                threads=threads,
                workers=workers,
            ):
                for root, reason in summary.unreachable.items():
                    terminal.note(f"photosearch: {root} can't be opened: {reason}")
                if summary.changed or not told:
                    print(terminal.index_summary(summary, seconds), flush=True)
                if not told:
                    terminal.note("watching: Ctrl-C ends it")
                told = True
        except (KeyboardInterrupt, Terminated):
            terminal.note("stopped: all finished batches are kept, the same command goes on")
            raise
