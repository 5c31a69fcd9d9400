"""photosearch forget: the removal of a folder from the library."""

from __future__ import annotations

from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.options import Database
from photosearch.files.ignore import NAME
from photosearch.library import Library
from photosearch.text import counted


def forget(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="An indexed folder.")],
    db: Database = None,
) -> None:
    """Take a folder out of the library; the photos themselves stay where they are.

    Example: photosearch forget ~/Pictures/scans
    """
    with Library(db) as library:
        count = library.forget(folder)
        terminal.note(f"{counted(count, 'photo')} forgotten")
        root = library.root_above(folder)
    if root is not None:
        terminal.note(
            f"it lies in {root}, where the next index finds it again: a {NAME} there keeps it out"
        )
