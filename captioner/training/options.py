"""Options that several commands of training have, and what training shows meanwhile."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from captioner.describe import engines

Data = Annotated[
    list[str],
    typer.Option(
        "--data",
        help="Folder with images/, captions.tsv and perhaps splits/. It may lie in the folder "
        "that PHOTOSEARCH_DATA names. Repeatable.",
    ),
]
Model = Annotated[Path | None, typer.Option(help="Model folder; by default the shipped model.")]
Out = Annotated[Path, typer.Option(help="Folder for the run. An unfinished run in it goes on.")]
Features = Annotated[
    Path | None, typer.Option(help="Cache of encoded photos; by default OUT/features.")
]
Threads = Annotated[int | None, typer.Option(min=1, help="Processor threads.")]
Device = Annotated[str, typer.Option(help=f"For torch: {', '.join(engines.Device)}.")]


@contextlib.contextmanager
def training_progress() -> Iterator[
    tuple[Callable[[int, int], None], Callable[[dict[str, float]], None]]
]:
    """Show on stderr how training goes: a bar on a terminal, and a line an epoch."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("steps", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        def report(record: dict[str, float]) -> None:
            console.print(json.dumps(record), markup=False, highlight=False, soft_wrap=True)

        yield progress, report


def set_threads(threads: int | None) -> None:
    """Limit the processor threads that torch uses."""
    if threads:
        import torch

        torch.set_num_threads(threads)
