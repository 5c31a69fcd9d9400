"""photosearch errors: the list of files and folders that can't be read."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.options import Database
from photosearch.library import Library


def errors(
    db: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List the files and folders that can't be read, and why.

    Example: photosearch errors
    """
    with Library(db) as library:
        failures = library.failures()
    if as_json:
        terminal.print_json(json.dumps(failures, ensure_ascii=False, indent=1))
        return
    for failure in failures:
        print(terminal.clean(f"{failure['path']}: {failure['reason']}"))
        print(f"    {failure['stage']}, first {failure['first_at']}, last {failure['last_at']}")
    if not failures:
        terminal.note("everything could be read")
