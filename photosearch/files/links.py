"""Links: a walk follows them, but comes to no photo and no folder twice."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from photosearch.files.ignore import Rules, reach
from photosearch.files.names import is_photo_name


@dataclass(frozen=True, slots=True)
class Top:
    """A folder whose walk lists everything real below it, but for what is ignored."""

    path: str  # as the walk lists it
    real: str  # the same without links
    rules: Rules  # in force above it

    def lists(self, real: str) -> bool:
        """Tell whether the walk comes to a path, written without links."""
        if real == self.real:
            return True
        inside = os.path.join(self.real, "")
        if not real.startswith(inside):
            return False
        listed = os.path.join(self.path, real[len(inside) :])
        return reach(self.path, listed, self.rules) is not None


@dataclass(frozen=True, slots=True)
class Trail:
    """Where a walk was, and where it comes anyway."""

    tops: list[Top] = field(default_factory=list)
    visited: set[tuple[int, int]] = field(default_factory=set)  # device and inode of folders

    def add(self, folder: str, rules: Rules) -> None:
        """Note a folder to whose photos the walk comes anyway.

        Args:
            folder: as the walk lists it.
            rules: in force above it.
        """
        self.tops.append(Top(folder, os.path.realpath(folder), rules))

    def is_new(self, status: os.stat_result) -> bool:
        """Note a folder; tell whether the walk comes to it for the first time."""
        identity = (status.st_dev, status.st_ino)
        new = identity not in self.visited
        self.visited.add(identity)
        return new

    def comes_anyway(self, link: str, is_folder: bool) -> bool:
        """Tell whether a link's target is listed under its own name.

        A target in a hidden folder is not: git-annex keeps every photo as a link into `.git`.
        """
        target = os.path.realpath(link)
        if not is_folder and not is_photo_name(target):
            return False
        return any(top.lists(target) for top in self.tops)
