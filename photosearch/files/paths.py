"""Paths: how they lie to each other, and how they are spelled."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator

from photosearch.errors import UsageError


def mtime_ns_of(status: os.stat_result) -> int:
    """Return the time of a file's last change in nanoseconds, as an integer that SQLite holds."""
    return min(max(status.st_mtime_ns, -(2**63)), 2**63 - 1)


def inode_of(status: os.stat_result) -> int:
    """Return the inode of a file as the signed 64-bit number that SQLite holds."""
    return status.st_ino - 2**64 if status.st_ino >= 2**63 else status.st_ino


def outermost(paths: Iterable[str]) -> list[str]:
    """Return the paths that lie in none of the others, sorted."""
    kept: list[str] = []
    for path in sorted(set(paths), key=lambda path: path.rstrip(os.sep) + os.sep):
        if not kept or not is_below(path, kept[-1]):
            kept.append(path)
    return kept


def is_below(path: str, folder: str) -> bool:
    """Return whether a path lies in a folder; both absolute."""
    # The first comparison is fast, and false for most pairs of paths.
    return path.startswith(folder) and path.startswith(os.path.join(folder, "")) and path != folder


def way_to(path: str) -> Iterator[str]:
    """Yield the folders above an absolute path, the uppermost first, and the path itself."""
    end = path.find(os.sep) + 1
    yield path[:end]
    while 0 < end < len(path):
        end = path.find(os.sep, end + 1)
        yield path[:end] if end > 0 else path


def root_of(path: str, roots: Collection[str]) -> str | None:
    """Return the outermost root that is a path or holds it, or None; pass many roots as a set."""
    return next((above for above in way_to(path) if above in roots), None)


def spelled(paths: Iterable[str], roots: Collection[str]) -> list[str]:
    """Return paths as the walk of a root would list them, even if links lead to them.

    Args:
        paths: absolute. A path may go through a link that the root's path doesn't go through, or
            the other way round.
        roots: absolute.
    """
    roots = set(roots)
    tops: dict[str, str] = {}
    found = []
    for path in paths:
        if root_of(path, roots) is None:
            tops = tops or {os.path.realpath(root): root for root in sorted(roots, reverse=True)}
            real = os.path.realpath(path)
            # The innermost root, because the outer ones may ignore what lies there.
            top = next((above for above in reversed([*way_to(real)]) if above in tops), None)
            if top is not None:
                path = os.path.normpath(os.path.join(tops[top], os.path.relpath(real, top)))
        found.append(path)
    return found


def top_of(path: str, roots: Collection[str]) -> str:
    """Return the folder below which folder names count in search.

    It is the photo's root. If the photo is a root itself or has no root, it is the photo's folder.

    Args:
        path: of the photo, absolute.
        roots: no root lies in another root; pass many as a set.
    """
    root = root_of(path, roots)
    return os.path.dirname(path) if root is None or root == path else root


def absolute(path: str | bytes | os.PathLike[str]) -> str:
    """Return an absolute path. POSIX keeps two slashes in front: one of them is dropped.

    Args:
        path: bytes are decoded as the system's file names are.

    Raises:
        UsageError: the path is empty, as an unset variable of a script is, or holds a NUL.
    """
    path = os.fsdecode(path)
    if not path:
        raise UsageError("an empty name: which folder or photo is meant?")
    if "\0" in path:
        raise UsageError(f"{path!r} can't be a file's name: it holds a NUL character")
    found = os.path.abspath(path)
    return found[1:] if os.sep == "/" and found.startswith("//") else found


def paths_of(folders: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return the absolute paths of folders.

    Raises:
        TypeError: `folders` is a single path, whose letters would be taken for folders.
        UsageError: a path is empty or holds a NUL.
    """
    if isinstance(folders, str | bytes):
        raise TypeError(f"a list of folders is wanted: [{folders!r}]")
    return [absolute(folder) for folder in folders]
