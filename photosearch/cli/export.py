"""photosearch export: captions and metadata as CSV."""

from __future__ import annotations

import errno
from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.options import MOST, Database
from photosearch.errors import UsageError
from photosearch.library import Library
from photosearch.text import counted


def export(
    file: Annotated[str, typer.Argument(metavar="FILE.csv", help="File to write; - for stdout.")],
    db: Database = None,
    query: Annotated[
        str | None, typer.Option(help="Only photos that find returns for this query.")
    ] = None,
    only_sure: Annotated[
        bool, typer.Option("--sure", help="Leave out photos that only may match the query.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("-n", "--limit", min=1, max=MOST, help="Photos at most.")
    ] = None,
    no_gps: Annotated[
        bool, typer.Option("--no-gps", help="Leave coordinates and place empty.")
    ] = False,
    excel: Annotated[
        bool, typer.Option("--excel", help="Begin with the mark by which Excel knows UTF-8.")
    ] = False,
) -> None:
    """Write alt text, captions and metadata as CSV.

    Example: photosearch export alt-text.csv
    """
    if only_sure and query is None:
        raise UsageError("--sure needs --query: photos match surely only if something is asked for")
    with Library(db) as library:
        try:
            count = library.export(
                file, query=query, only_sure=only_sure, limit=limit, gps=not no_gps, excel=excel
            )
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.ENOSPC):  # see `app.reporting`
                raise
            raise UsageError(f"can't write {file}: {error.strerror or error}") from error
    if file != "-":
        terminal.note(f"{counted(count, 'photo')} written to {file}")
