"""Roots: the folders that were given to a library."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import dataclass

from photosearch.files.drives import is_empty_or_closed
from photosearch.files.ignore import Rules, RulesError, reach
from photosearch.files.walk import is_photo_name
from photosearch.store.database import now
from photosearch.text import display


@dataclass(frozen=True, slots=True)
class Root:
    """A folder to walk, or a single file."""

    path: str
    rules: Rules  # of the folder above that it belongs to
    outer: str | None  # the root whose walk comes to it; None: no other one's
    inner: tuple[str, ...] = ()  # roots in it that its walk doesn't come to: ignored, but given
    reached: tuple[str, ...] = ()  # roots in it that its walk comes to anyway


def place(path: str, known: Set[str]) -> Root:
    """Tell how a root stands to the others.

    One that another one's walk comes to is part of that one, whose rules hold in it. One
    that is ignored there was given all the same: it is walked, by the rules in it alone.

    Args:
        path: absolute, as are the others.
        known: all roots, this one or not.

    Raises:
        RulesError: a file of rules between this one and one above it can't be used. One between
            it and others in it closes only these: they are in neither list.
    """
    rules = above = None
    for outer in way_to(os.path.dirname(path)):
        if outer not in known or outer == path:
            continue
        rules = reach(outer, path) if _is_listed(path) else None
        if rules is not None:
            above = outer
            break
    if os.path.isfile(path):  # thousands of them may be given, and nothing lies in them
        return Root(path, rules or Rules(), above)
    inner: dict[str, None] = {}
    reached: list[str] = []
    for other in sorted(other for other in known if is_below(other, path)):
        try:
            comes = _is_listed(other) and reach(path, other, rules) is not None
            comes = comes or any(
                one in inner and reach(one, other) is not None
                for one in way_to(os.path.dirname(other))
            )
        except RulesError:
            continue
        if comes:
            reached.append(other)
        else:
            inner[other] = None
    return Root(path, rules or Rules(), above, tuple(inner), tuple(reached))


def _is_listed(path: str) -> bool:
    """Tell whether a walk would list a root, if it came there: not a file with another name."""
    return not os.path.isfile(path) or is_photo_name(path)


def why_unreachable(error: OSError | ValueError, root: str) -> str:
    """Say why a root can't be opened."""
    if isinstance(error, ValueError):
        return "no folder can have that name"
    reason = (error.strerror or str(error)).lower()
    above = isinstance(error, RulesError) and error.filename != root
    return f"{error.filename}: {reason}" if above else reason


def add_roots(connection: sqlite3.Connection, roots: Iterable[str]) -> None:
    """Remember folders to index."""
    with connection:
        connection.executemany(
            "INSERT OR IGNORE INTO roots VALUES (?, ?, ?)",
            [(os.fsencode(root), display(root), now()) for root in roots],
        )


def drop_roots(connection: sqlite3.Connection, roots: Iterable[str]) -> None:
    """Remember folders no longer as such; their photos stay."""
    with connection:
        connection.executemany(
            "DELETE FROM roots WHERE path = ?", [(os.fsencode(root),) for root in roots]
        )


def all_roots(connection: sqlite3.Connection) -> list[str]:
    """Return all folders that were given to index."""
    return [os.fsdecode(path) for (path,) in connection.execute("SELECT path FROM roots")]


def outer_root(connection: sqlite3.Connection, path: str) -> str | None:
    """Return the outermost folder given to index that a path is or lies in."""
    ways = [os.fsencode(above) for above in way_to(path)]
    query = f"""SELECT path FROM roots WHERE path IN ({", ".join("?" * len(ways))})
                ORDER BY length(path) LIMIT 1"""
    found = connection.execute(query, ways).fetchone()
    return os.fsdecode(found[0]) if found else None


def outer_roots(connection: sqlite3.Connection) -> list[str]:
    """Return the folders to index, without those inside another one."""
    return outermost(all_roots(connection))


def reachable(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return what the paths begin with that lie in folders which can be reached now.

    A root that is empty counts as out of reach: so is the place of an unplugged drive.
    """
    return tuple(
        os.path.join(root, "") for root in outer_roots(connection) if not is_empty_or_closed(root)
    )


def outermost(paths: Iterable[str]) -> list[str]:
    """Return the paths that lie in no other one of them, sorted."""
    kept: list[str] = []
    for path in sorted(set(paths), key=lambda path: path.rstrip(os.sep) + os.sep):
        if not kept or not is_below(path, kept[-1]):
            kept.append(path)
    return kept


def is_below(path: str, folder: str) -> bool:
    """Tell whether a path lies in a folder; both absolute."""
    # The first comparison is for the many that have nothing to do with each other.
    return path.startswith(folder) and path.startswith(os.path.join(folder, "")) and path != folder


def way_to(path: str) -> Iterator[str]:
    """Yield the folders above an absolute path, the uppermost first, and the path itself."""
    end = path.find(os.sep) + 1
    yield path[:end]
    while 0 < end < len(path):
        end = path.find(os.sep, end + 1)
        yield path[:end] if end > 0 else path


def root_of(path: str, roots: Collection[str]) -> str | None:
    """Return the outermost of some folders that a path is or lies in; give many as a set."""
    return next((above for above in way_to(path) if above in roots), None)


def spelled(paths: Iterable[str], roots: Collection[str]) -> list[str]:
    """Return paths as a root's walk would list them, if links lead from one to the other.

    Args:
        paths: absolute, perhaps by another way than the root was given: the folder that a link
            leads to, say.
        roots: absolute.
    """
    roots = set(roots)
    tops: dict[str, str] = {}
    found = []
    for path in paths:
        if root_of(path, roots) is None:
            tops = tops or {os.path.realpath(root): root for root in sorted(roots, reverse=True)}
            real = os.path.realpath(path)
            # The innermost, as the others may leave out what lies there.
            top = next((above for above in reversed([*way_to(real)]) if above in tops), None)
            if top is not None:
                path = os.path.normpath(os.path.join(tops[top], os.path.relpath(real, top)))
        found.append(path)
    return found


def as_listed(connection: sqlite3.Connection, path: str | os.PathLike[str]) -> str:
    """Return the path by which a library has a folder or photo, or would have it.

    Raises:
        ValueError: it is empty.
    """
    (listed,) = spelled([absolute(path)], outer_roots(connection))
    return listed


def top_of(path: str, roots: Collection[str]) -> str:
    """Return the folder below which a photo's folders are searched: its root, or its own.

    Args:
        path: of the photo, absolute.
        roots: that lie in no other one; give many as a set.
    """
    root = root_of(path, roots)
    return os.path.dirname(path) if root is None or root == path else root


def below(root: str) -> tuple[bytes, bytes]:
    """Return the bounds between which all paths under a folder sort."""
    prefix = os.fsencode(root).rstrip(os.sep.encode()) + os.sep.encode()
    return prefix, prefix[:-1] + bytes([prefix[-1] + 1])


def absolute(path: str | os.PathLike[str]) -> str:
    """Return an absolute path; two slashes in front, which POSIX allows to differ, are one.

    Raises:
        ValueError: it is empty, as an unset variable of a script is.
    """
    if not os.fspath(path):
        raise ValueError("an empty name: which folder or photo is meant?")
    found = os.path.abspath(path)
    return found[1:] if os.sep == "/" and found.startswith("//") else found


def paths_of(folders: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return the absolute paths of folders.

    Raises:
        TypeError: it is one path, whose letters would be taken for folders.
        ValueError: one of them is empty.
    """
    if isinstance(folders, str | bytes):
        raise TypeError(f"a list of folders is wanted: [{folders!r}]")
    return [absolute(folder) for folder in folders]
