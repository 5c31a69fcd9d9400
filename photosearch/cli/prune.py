"""photosearch prune: the removal of photos whose files are gone."""

from __future__ import annotations

from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.options import Database
from photosearch.library import Library
from photosearch.text import counted


def prune(
    db: Database = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
) -> None:
    """Forget photos whose files are gone, with their captions and your edits.

    If a folder can't be reached or is empty (an unplugged drive), its photos are kept:
    photosearch forget takes out such a folder.

    Example: photosearch prune --dry-run
    """
    count = counted(Library(db).prune(dry_run=dry_run), "photo")
    terminal.note(f"{count} would be forgotten" if dry_run else f"{count} forgotten")
