"""photosearch doctor: a check of the library, its repair, and its salvage."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.app import terminable
from photosearch.cli.commands import typeable
from photosearch.cli.options import Database, Model
from photosearch.errors import ExitCode, ModelError, UsageError
from photosearch.library import Library
from photosearch.text import counted, display


def doctor(
    db: Database = None,
    model: Model = None,
    check: Annotated[bool, typer.Option("--check", help="Check only; repair nothing.")] = False,
    salvage: Annotated[
        str | None,
        typer.Option(metavar="NEW.db", help="Save what can be read of a damaged library here."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Look for what is wrong with the library, and repair what is safe. Check its model, too.

    Example: photosearch doctor
    """
    if salvage is not None:
        if check:
            raise UsageError("choose one: --check or --salvage")
        _salvage(Library(db), salvage, as_json)
        return
    library = Library(db, model=model)
    report = library.doctor(check=check)
    for root, reason in report.files.unreachable.items():
        terminal.note(f"photosearch: {terminal.clean(root)} can't be looked at: {reason}")
    faults = [] if report.state == "damaged" else _faults_of_model(library)
    if as_json:
        files = asdict(report.files)
        files["unreachable"] = [display(root) for root in report.files.unreachable]
        record = {"state": report.state, **asdict(report), **files}
        del record["files"]
        record["model_faults"] = faults
        terminal.print_json(json.dumps(record, ensure_ascii=False))
    else:
        print(terminal.clean(typeable(str(report))))
    for fault in faults:
        terminal.note(f"photosearch: the model: {fault}")
    if faults or report.state in ("wrong", "damaged"):
        sys.stdout.flush()
        raise typer.Exit(ExitCode.UNUSABLE)


def _faults_of_model(library: Library) -> list[str]:
    """Return what is wrong with the model in use, a line each; say that it is sound."""
    try:
        health = library.check_model(terminal.note)
    except ModelError as error:
        return [str(error)]
    if not health.faults:
        terminal.note(str(health))
    return [f"{display(str(health.folder))}: {fault}" for fault in health.faults]


def _salvage(library: Library, file: str, as_json: bool) -> None:
    with terminable():  # so that SIGTERM leaves no temporary copy behind
        salvaged = library.salvage(file)
    for caption in salvaged.unplaced:
        terminal.note(f"your caption of a photo that is lost: {terminal.clean(caption)}")
    if as_json:
        terminal.print_json(json.dumps(asdict(salvaged), ensure_ascii=False))
        return
    rows = salvaged.rows
    counts = [
        counted(rows["photos"], "photo"),
        f"{rows.get('edits', 0):,} of your captions",
        f"what is written into {rows.get('user_metadata', 0):,}",
    ]
    if salvaged.bare:
        counts.append(f"{salvaged.bare:,} of the photos by their path alone")
    lost = sum(salvaged.dropped.values())
    if lost:
        counts.append(f"{counted(lost, 'row')} left out: their photo or path is lost")
    print(f"salvaged into {terminal.clean(file)}: {', '.join(counts)}")
    terminal.note(
        f"to go on with it, put it in the place of {library.path}, or name it with --db: what is "
        "damaged is as it was"
    )
    if salvaged.unreadable:
        terminal.note(f"not all could be read of: {', '.join(salvaged.unreadable)}")
        named = f"--db {shlex.quote(file)}"
        terminal.note(f"photosearch index --upgrade {named} makes anew what photos can tell")
