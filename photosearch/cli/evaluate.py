"""photosearch evaluate: how often a photo's own caption finds it, and its single words."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.app import terminable
from photosearch.cli.options import Model
from photosearch.library import Library
from photosearch.text import counted


def evaluate(
    photos: Annotated[str, typer.Option(metavar="FOLDER", help="Where the photos are.")],
    captions: Annotated[
        str, typer.Option(metavar="FILE", help="Lines of file name, TAB, caption.")
    ],
    names: Annotated[
        str | None, typer.Option(metavar="FILE", help="Names to use, a line each; by default all.")
    ] = None,
    db: Annotated[
        str | None, typer.Option("--db", metavar="FILE", help="Keep the library here.")
    ] = None,
    model: Model = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Index photos, search each by its captions, and print how often it is found.

    Single words of the captions are searched, too: a photo is right if its captions hold the word.

    Example: photosearch evaluate --photos flickr8k/images --captions flickr8k/captions.tsv
    """
    import tempfile
    from pathlib import Path

    from photosearch import evaluate

    queries = evaluate.read_queries(Path(captions), Path(names) if names else None)
    with (
        terminable(),
        tempfile.TemporaryDirectory() as folder,
        terminal.IndexProgress() as progress,
        Library(db or os.path.join(folder, "photosearch.db"), model=model) as library,
    ):
        # Links to the photos lie in a folder of their own: the other photos stay out, and the
        # name of the photos' own folder isn't found.
        pool = os.path.abspath(f"{db}.photos") if db else os.path.join(folder, "pool")
        evaluate.link(Path(photos), queries.pool, Path(pool))
        library.index([pool], observer=progress, upgrade=True)  # all by the model in use
        found = evaluate.evaluate(library, queries, progress=terminal.note)
    if as_json:
        terminal.print_json(evaluate.as_json(found))
    else:
        count = counted(len(queries.pool), "photo")
        words = counted(len(evaluate.single_words(queries)), "single word")
        print(f"{count}, {len(queries.texts):,} queries, {words}")
        print("\n".join(evaluate.table(found)))
