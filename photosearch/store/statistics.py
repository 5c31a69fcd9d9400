"""Statistics of a library."""

from __future__ import annotations

import sqlite3

from photosearch.store.library_model import remembered
from photosearch.store.passed_over import read_passed_over
from photosearch.store.roots import outer_roots
from photosearch.text import display


def stats(connection: sqlite3.Connection) -> dict[str, object]:
    """Return counts, folders and models of a library.

    `passed_over` counts pictures and videos that can't be read, by kind; see
    `photosearch.files.names.unread_kind`.
    """

    def count(query: str) -> int:
        rows: int = connection.execute(query).fetchone()[0]
        return rows

    folder, passed_over = remembered(connection), read_passed_over(connection)
    models = connection.execute(
        """SELECT models.name, count(*) FROM captions JOIN models ON models.id = model_id
           WHERE rank = 0 GROUP BY models.name ORDER BY 2 DESC"""
    )
    return {
        "photos": count("SELECT count(*) FROM photos WHERE missing_since IS NULL"),
        "missing": count("SELECT count(*) FROM photos WHERE missing_since IS NOT NULL"),
        "captions": count("SELECT count(*) FROM captions"),
        "failures": count("SELECT count(*) FROM failures"),
        "folders": [display(root) for root in outer_roots(connection)],
        "models": dict(models.fetchall()),
        **({} if folder is None else {"model_folder": display(folder)}),
        **({"passed_over": passed_over} if passed_over else {}),
    }
