"""photosearch relocate: a new place for a folder."""

from __future__ import annotations

from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.options import Database
from photosearch.library import Library
from photosearch.text import counted


def relocate(
    old: Annotated[str, typer.Argument(metavar="OLD", help="Where the folder was.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Where it is now.")],
    db: Database = None,
) -> None:
    """Tell the library that a folder lies elsewhere now; no photo is read.

    Example: photosearch relocate /media/old-disk/Pictures ~/Pictures
    """
    count = Library(db).relocate(old, new)
    terminal.note(f"{counted(count, 'photo')} relocated")
