"""photosearch edit: a person's own caption of a photo."""

from __future__ import annotations

from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.options import Database
from photosearch.library import Library


def edit(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="An indexed photo.")],
    caption: Annotated[
        str | None, typer.Argument(help="What the photo shows. Left out: the generated caption.")
    ] = None,
    db: Database = None,
) -> None:
    """Put your own caption in place of the generated one; the photo itself stays as it is.

    Example: photosearch edit beach.jpg "Rex at the beach of Zandvoort"
    """
    Library(db).edit(photo, caption)
    whose = "the generated caption" if caption is None else "your caption"
    terminal.note(f"{terminal.clean(photo)} has {whose} now")
