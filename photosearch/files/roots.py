"""Roots: the folders that were given to index, and which of them holds which."""

from __future__ import annotations

import os
from collections.abc import Set
from dataclasses import dataclass

from photosearch.files.ignore import Rules, RulesError, reach
from photosearch.files.names import is_photo_name
from photosearch.files.paths import is_below, way_to


@dataclass(frozen=True, slots=True)
class Root:
    """A folder to walk, or a single file."""

    path: str
    rules: Rules  # in force above the root
    outer: str | None  # another root whose walk comes to this root
    inner: tuple[str, ...] = ()  # roots below this root that its walk ignores
    reached: tuple[str, ...] = ()  # roots below this root that its walk comes to


def root_among(path: str, known: Set[str]) -> Root:
    """Return a root with its relation to the other roots.

    If the walk of an outer root comes to a root, the rules of the outer root hold there, too. If
    the outer root ignores the root, a person gave it all the same: it is walked with its own rules
    alone.

    Args:
        path: of the root, absolute.
        known: all roots, absolute; `path` may be among them.

    Raises:
        RulesError: a file of rules between an outer root and `path` can't be used. If a file of
            rules between `path` and a root below can't be used, nothing is raised: that root is
            neither in `inner` nor in `reached`.
    """
    outer, rules = _walked_from(path, known)
    if os.path.isfile(path):  # thousands of files may be given, and no root lies in a file
        return Root(path, rules, outer)
    inner: dict[str, None] = {}
    reached: list[str] = []
    for other in sorted(other for other in known if is_below(other, path)):
        try:
            comes = _is_listed(other) and reach(path, other, rules) is not None
            comes = comes or any(
                between in inner and reach(between, other) is not None
                for between in way_to(os.path.dirname(other))
            )
        except RulesError:
            continue
        if comes:
            reached.append(other)
        else:
            inner[other] = None
    return Root(path, rules, outer, tuple(inner), tuple(reached))


def _walked_from(path: str, known: Set[str]) -> tuple[str | None, Rules]:
    """Return the outermost root whose walk comes to a path, and the rules in force there."""
    if _is_listed(path):
        for outer in way_to(os.path.dirname(path)):
            if outer in known and outer != path:
                rules = reach(outer, path)
                if rules is not None:
                    return outer, rules
    return None, Rules()


def _is_listed(path: str) -> bool:
    """Return whether a walk would list a root: any folder, or a file with a photo's name."""
    return not os.path.isfile(path) or is_photo_name(path)


def why_unreachable(error: OSError | ValueError, root: str) -> str:
    """Say why a root can't be opened."""
    if isinstance(error, ValueError):
        return "no folder can have that name"
    reason = (error.strerror or str(error)).lower()
    above = isinstance(error, RulesError) and error.filename != root
    return f"{error.filename}: {reason}" if above else reason
