"""Links: a walk follows them, but lists no photo and no folder twice."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from photosearch.files.ignore import Rules, reach
from photosearch.files.names import is_photo_name


@dataclass(frozen=True, slots=True)
class Top:
    """A folder whose walk lists all real entries below it, except ignored entries."""

    path: str  # as the walk lists it
    real: str  # the same path without links
    rules: Rules  # in force above the folder

    def lists(self, real: str) -> bool:
        """Return whether the walk comes to a path, written without links."""
        if real == self.real:
            return True
        inside = os.path.join(self.real, "")
        if not real.startswith(inside):
            return False
        listed = os.path.join(self.path, real[len(inside) :])
        return reach(self.path, listed, self.rules) is not None


@dataclass(frozen=True, slots=True)
class Trail:
    """The folders that a walk has visited or will visit without links."""

    tops: list[Top] = field(default_factory=list)
    visited: set[tuple[int, int]] = field(default_factory=set)  # device and inode of folders

    def add(self, folder: str, rules: Rules) -> None:
        """Note a folder whose photos the walk lists without links.

        Args:
            folder: its path as the walk lists it.
            rules: in force above the folder.
        """
        self.tops.append(Top(folder, os.path.realpath(folder), rules))

    def is_new(self, status: os.stat_result) -> bool:
        """Note a folder; return whether the walk visits it for the first time."""
        identity = (status.st_dev, status.st_ino)
        new = identity not in self.visited
        self.visited.add(identity)
        return new

    def forget(self, status: os.stat_result) -> None:
        """Take back that a folder was visited: its walk ended before its first entry."""
        self.visited.discard((status.st_dev, status.st_ino))

    def comes_anyway(self, link: str, is_folder: bool) -> bool:
        """Return whether a link's target is listed under its own name.

        A target in a hidden folder isn't listed: git-annex keeps every photo as a link into `.git`.
        """
        target = os.path.realpath(link)
        if not is_folder and not is_photo_name(target):
            return False
        return any(top.lists(target) for top in self.tops)
