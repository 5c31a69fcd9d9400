"""photosearch stats: counts of what is in the library, and its place."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from photosearch.cli import terminal
from photosearch.cli.options import Database
from photosearch.library import Library
from photosearch.text import counted, display


def stats(
    db: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Show what is in the library and where it is.

    Example: photosearch stats
    """
    with Library(db) as library:
        stats = library.stats()
    if as_json:
        terminal.print_json(
            json.dumps({**stats, "path": display(stats["path"])}, ensure_ascii=False)
        )
        return
    models = [f"{name} ({counted(n, 'photo')})" for name, n in stats["models"].items()]
    rows = {
        "library": stats["path"],
        "size": f"{stats['bytes'] / 1e6:.1f} MB",
        "photos": f"{stats['photos']:,}",
        "hidden": f"{stats['missing']:,}" if stats["missing"] else "",
        "captions": f"{stats['captions']:,}",
        "failures": f"{stats['failures']:,}",
        "passed over": terminal.passed_over(stats.get("passed_over", {})),
        "model": ", ".join(models),
        "in": stats.get("model_folder", ""),
        "folders": ", ".join(stats["folders"]),
    }
    for name, value in rows.items():
        if value:
            print(f"{name:<9} {terminal.clean(value)}")
