"""The roots of a library: the folders that were given to index it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable

from photosearch.files.drives import is_reachable
from photosearch.files.paths import absolute, outermost, spelled, way_to
from photosearch.store.clock import now
from photosearch.text import display


def add_roots(connection: sqlite3.Connection, roots: Iterable[str]) -> None:
    """Store folders that were given to index."""
    with connection:
        connection.executemany(
            "INSERT OR IGNORE INTO roots VALUES (?, ?, ?)",
            [(os.fsencode(root), display(root), now()) for root in roots],
        )


def drop_roots(connection: sqlite3.Connection, roots: Iterable[str]) -> None:
    """Forget that folders were given to index; their photos stay."""
    with connection:
        connection.executemany(
            "DELETE FROM roots WHERE path = ?", [(os.fsencode(root),) for root in roots]
        )


def all_roots(connection: sqlite3.Connection) -> list[str]:
    """Return all folders that were given to index."""
    return [os.fsdecode(path) for (path,) in connection.execute("SELECT path FROM roots")]


def outer_root(connection: sqlite3.Connection, path: str) -> str | None:
    """Return the outermost root that is a path or holds it, or None."""
    ways = [os.fsencode(above) for above in way_to(path)]
    query = f"""SELECT path FROM roots WHERE path IN ({", ".join("?" * len(ways))})
                ORDER BY length(path) LIMIT 1"""
    found = connection.execute(query, ways).fetchone()
    return os.fsdecode(found[0]) if found else None


def outer_roots(connection: sqlite3.Connection) -> list[str]:
    """Return the roots that lie in no other root."""
    return outermost(all_roots(connection))


def reachable(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the roots that can be reached now, each as the beginning of the paths in it."""
    return tuple(os.path.join(root, "") for root in outer_roots(connection) if is_reachable(root))


def as_listed(connection: sqlite3.Connection, path: str | os.PathLike[str]) -> str:
    """Return the path that a library has, or would have, for a folder or photo.

    Raises:
        UsageError: the path is empty or holds a NUL.
    """
    (listed,) = spelled([absolute(path)], outer_roots(connection))
    return listed


def below(root: str) -> tuple[bytes, bytes]:
    """Return the bounds between which all paths under a folder sort."""
    prefix = os.fsencode(root).rstrip(os.sep.encode()) + os.sep.encode()
    return prefix, prefix[:-1] + bytes([prefix[-1] + 1])
