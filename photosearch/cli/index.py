"""The commands that describe photos."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.app import (
    Database,
    Terminated,
    app,
    fail,
    reporting,
    terminable,
)
from photosearch.errors import ExitCode
from photosearch.library import Library
from photosearch.text import counted


@app.command("index")
@reporting
def index_command(
    folders: Annotated[
        list[str] | None,
        typer.Argument(metavar="FOLDER", help="Where to look; without one, as before."),
    ] = None,
    db: Database = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Ignore it in this run, as .gitignore would."),
    ] = None,
    engine: Annotated[
        str, typer.Option(help="What runs the model: auto, torch, onnx or openvino.")
    ] = "auto",
    device: Annotated[str, typer.Option(help="Of torch: auto, cpu, cuda or mps.")] = "auto",
    bf16: Annotated[
        bool, typer.Option("--bf16", help="Faster on new processors; some captions differ.")
    ] = False,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Photos described together; by default 64, or what a GPU takes."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Decoding processes; by default one a processor."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processor threads of the captioner.")
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try again what couldn't be read.")
    ] = False,
    file_timeout: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=1e6,
            metavar="SECONDS",
            help="What a photo may take; by default 60. Tries again what couldn't be read.",
        ),
    ] = None,
    max_pixels: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=1e6,
            metavar="MEGAPIXELS",
            help="Refuse larger photos; by default 200. Tries again what couldn't be read.",
        ),
    ] = None,
    nice: Annotated[
        bool, typer.Option("--nice", help="Let everything else on the machine go first.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Describe known photos again.")] = False,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Make anew what an older model made.")
    ] = False,
) -> None:
    """Describe every new or changed photo in folders.

    Example: photosearch index ~/Pictures
    """
    if nice:
        _be_nice()
    started = time.monotonic()
    with terminable(), terminal.IndexProgress() as progress:
        try:
            summary = Library(db).index(
                folders or [],
                engine=engine,
                device=device,
                bf16=bf16,
                notify=terminal.note,
                batch_size=batch_size,
                workers=workers,
                threads=threads,
                force=force,
                upgrade=upgrade,
                exclude=exclude or (),
                # Who allows more wants what was refused to be tried with that.
                retry=retry or file_timeout is not None or max_pixels is not None,
                file_timeout=file_timeout,
                max_pixels=None if max_pixels is None else round(max_pixels * 1e6),
                observer=progress,
            )
        except (KeyboardInterrupt, Terminated):
            go_on = "" if force else ", the same command goes on"  # which begins anew with --force
            terminal.note(f"stopped: all finished batches are kept{go_on}")
            raise
    for root, reason in summary.unreachable.items():
        terminal.note(f"photosearch: {root} can't be opened: {reason}")
    if not summary.reached:
        if not summary.unreachable:
            fail("which folder? photosearch index FOLDER", ExitCode.USAGE)
        raise typer.Exit(ExitCode.UNUSABLE)
    print(terminal.index_summary(summary, time.monotonic() - started))
    if summary.copied:
        _tell_of_renamed(Library(db))
    if summary.outdated:
        count = counted(summary.outdated, "photo")
        terminal.note(f"an older model described {count}: photosearch index --upgrade does it anew")


def _tell_of_renamed(library: Library) -> None:
    """Say what to do if photos were copied because a folder that was given has another name."""
    with library:
        gone = [folder for folder in library.stats()["folders"] if not os.path.exists(folder)]
    for folder in gone:
        terminal.note(
            f"{folder} is not there: if it was renamed, photosearch forget takes the old name out"
        )


def _be_nice() -> None:
    """Lower this process's claim to the processors; those it starts inherit that."""
    with contextlib.suppress(AttributeError, OSError):  # Windows has no such call
        os.nice(15)
