"""The commands that look after a library."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.app import UNREADABLE, USAGE, Database, app, fail, reporting, terminable
from photosearch.files import ignore
from photosearch.library import Library
from photosearch.text import counted, display


@app.command("stats")
@reporting
def stats_command(
    db: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Tell what is in the library and where it is.

    Example: photosearch stats
    """
    with Library(db) as library:
        stats = library.stats()
    if as_json:
        print(json.dumps({**stats, "path": display(stats["path"])}, ensure_ascii=False))
        return
    models = [f"{name} ({counted(n, 'photo')})" for name, n in stats["models"].items()]
    rows = {
        "library": stats["path"],
        "size": f"{stats['bytes'] / 1e6:.1f} MB",
        "photos": f"{stats['photos']:,}",
        "hidden": f"{stats['missing']:,}" if stats["missing"] else "",
        "captions": f"{stats['captions']:,}",
        "failures": f"{stats['failures']:,}",
        "model": ", ".join(models),
        "folders": ", ".join(stats["folders"]),
    }
    for name, value in rows.items():
        if value:
            print(f"{name:<9} {terminal.clean(value)}")


@app.command("errors")
@reporting
def errors_command(
    db: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List the files and folders that can't be read, and why.

    Example: photosearch errors
    """
    with Library(db) as library:
        failures = library.failures()
    if as_json:
        print(json.dumps(failures, ensure_ascii=False, indent=1))
        return
    for failure in failures:
        print(terminal.clean(f"{failure['path']}: {failure['reason']}"))
        print(f"    {failure['stage']}, first {failure['first_at']}, last {failure['last_at']}")
    if not failures:
        terminal.note("everything could be read")


@app.command("prune")
@reporting
def prune_command(
    db: Database = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
) -> None:
    """Forget photos whose files are gone, with their captions and your edits.

    Photos in a folder that can't be reached, or that is empty (an unplugged drive), are kept:
    photosearch forget takes out such a folder.

    Example: photosearch prune --dry-run
    """
    count = counted(Library(db).prune(dry_run=dry_run), "photo")
    terminal.note(f"{count} would be forgotten" if dry_run else f"{count} forgotten")


@app.command("forget")
@reporting
def forget_command(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="An indexed folder.")],
    db: Database = None,
) -> None:
    """Take a folder out of the library; the photos themselves stay where they are.

    Example: photosearch forget ~/Pictures/scans
    """
    with Library(db) as library:
        try:
            count = library.forget(folder)
        except ValueError as error:
            fail(str(error), USAGE)
        terminal.note(f"{counted(count, 'photo')} forgotten")
        root = library.root_above(folder)
    if root is not None:
        terminal.note(
            f"it lies in {root}, where the next index finds it again: a {ignore.NAME} there "
            "keeps it out"
        )


@app.command("relocate")
@reporting
def relocate_command(
    old: Annotated[str, typer.Argument(metavar="OLD", help="Where the folder was.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Where it is now.")],
    db: Database = None,
) -> None:
    """Tell the library that a folder lies elsewhere now; no photo is read.

    Example: photosearch relocate /media/old-disk/Pictures ~/Pictures
    """
    try:
        count = Library(db).relocate(old, new)
    except ValueError as error:
        fail(str(error), USAGE)
    terminal.note(f"{counted(count, 'photo')} relocated")


@app.command("doctor")
@reporting
def doctor_command(
    db: Database = None,
    check: Annotated[bool, typer.Option("--check", help="Only look, repair nothing.")] = False,
    salvage: Annotated[
        str | None,
        typer.Option(metavar="NEW.db", help="Save what can be read of a damaged library there."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Look for what is wrong with the library, and repair what is safe.

    Example: photosearch doctor
    """
    if salvage is not None:
        if check:
            fail("choose one: --check or --salvage", USAGE)
        _salvage(Library(db), salvage, as_json)
        return
    report = Library(db).doctor(check=check)
    for root, reason in report.files.unreachable.items():
        terminal.note(f"photosearch: {terminal.clean(root)} can't be looked at: {reason}")
    if as_json:
        files = asdict(report.files)
        files["unreachable"] = [display(root) for root in report.files.unreachable]
        record = {"state": report.state, **asdict(report), **files}
        del record["files"]
        print(json.dumps(record, ensure_ascii=False))
    else:
        print(terminal.clean(str(report)))
    if report.state in ("wrong", "damaged"):
        sys.stdout.flush()
        raise typer.Exit(UNREADABLE)


def _salvage(library: Library, file: str, as_json: bool) -> None:
    try:
        with terminable():  # or what it has copied would be left behind
            salvaged = library.salvage(file)
    except ValueError as error:
        fail(str(error), USAGE)
    for caption in salvaged.unplaced:
        terminal.note(f"your caption of a photo that is lost: {terminal.clean(caption)}")
    if as_json:
        print(json.dumps(asdict(salvaged), ensure_ascii=False))
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
        terminal.note("photosearch index --upgrade with this --db makes anew what photos can tell")
