"""The folders that were given to a library, and which of them lie in one another."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass

from photosearch.ignore import Rules, RulesError, reach
from photosearch.walk import is_photo_name


@dataclass(frozen=True, slots=True)
class Root:
    """A folder to walk, or a single file."""

    path: str
    rules: Rules  # of the folder above that it belongs to
    own: bool  # no other root's walk comes to it
    inner: tuple[str, ...] = ()  # roots in it that its walk doesn't come to: ignored, but given
    reached: tuple[str, ...] = ()  # roots in it that its walk comes to anyway


def place(path: str, known: Collection[str]) -> Root:
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
    rules = None
    for outer in sorted(other for other in known if is_below(path, other)):
        rules = reach(outer, path) if _is_listed(path) else None
        if rules is not None:
            break
    inner: list[str] = []
    reached: list[str] = []
    for other in sorted(other for other in known if is_below(other, path)):
        try:
            comes = _is_listed(other) and reach(path, other, rules) is not None
            comes = comes or any(
                is_below(other, one) and reach(one, other) is not None for one in inner
            )
        except RulesError:
            continue
        (reached if comes else inner).append(other)
    return Root(path, rules or Rules(), rules is None, tuple(inner), tuple(reached))


def _is_listed(path: str) -> bool:
    """Tell whether a walk would list a root, if it came there: not a file with another name."""
    return not os.path.isfile(path) or is_photo_name(path)


def is_below(path: str, folder: str) -> bool:
    """Tell whether a path lies in a folder; both absolute."""
    # The first comparison is for the many that have nothing to do with each other.
    return path.startswith(folder) and path.startswith(os.path.join(folder, "")) and path != folder


def why(error: OSError | ValueError, root: str) -> str:
    """Say why a root can't be opened."""
    if isinstance(error, ValueError):
        return "no folder can have that name"
    reason = (error.strerror or str(error)).lower()
    above = isinstance(error, RulesError) and error.filename != root
    return f"{error.filename}: {reason}" if above else reason
