"""The walk: the photo files below a folder."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from photosearch.files.file import File, PassedOver, Skipped
from photosearch.files.ignore import MARKS, NAME, Rules, is_cache, is_passed_over
from photosearch.files.links import Trail
from photosearch.files.names import is_photo_name, unread_kind
from photosearch.files.pairs import pairs_among
from photosearch.files.paths import inode_of, mtime_ns_of
from photosearch.files.reasons import reason_of
from photosearch.files.sidecars import (
    FolderSidecars,
    find_sidecars,
    list_sidecars,
    sidecars_among,
)

Entry = File | Skipped | PassedOver
"""What a walk yields."""


@dataclass(frozen=True, slots=True)
class _Level:
    """An opened folder."""

    path: str
    rest: Iterator[os.DirEntry[str]]  # the entries that are still to be listed, without the twins
    sidecars: FolderSidecars
    twins: dict[str, list[os.DirEntry[str]]]  # RAW files by the name of the JPEG or HEIC
    rules: Rules


def walk(
    root: str,
    rules: Rules | None = None,
    inner: Sequence[str] = (),
    outer: str | None = None,
    sidecars_in: Callable[[str], FolderSidecars] = list_sidecars,
) -> Iterator[Entry]:
    """Find the photos below a folder, depth first, by name within each folder.

    Pictures and videos that can't be read are yielded as `PassedOver`, to be counted.

    Ignored entries below the root are left out without a message: names that `is_passed_over`
    knows (hidden names are among them), folders that are marked as caches, and entries that the
    files of rules in the walked folders ignore. The root itself is never ignored.

    Links are followed. If the walk lists a link's target anyway, the link is left out without a
    message. Each real folder is listed once: a loop of links ends, and no photo is listed twice
    because of a link. Several hard links to a file are all listed. A RAW file beside a JPEG or HEIC
    of the same name is its twin, see `photosearch.files.pairs`.

    If the rules of a folder can't be used, the whole folder is skipped: nobody knows what the rules
    would ignore.

    Args:
        root: A folder, or a single file. A single file is listed whatever its name. Paths listed
            below a folder start with `root` as it is written here.
        rules: In force above the root.
        inner: Folders and files below the root that the root's rules ignore. They are walked after
            the root, with their own rules alone. A missing folder is skipped.
        outer: A folder above the root whose walk comes to the root: links to files that the outer
            folder lists are left out here, too.
        sidecars_in: Returns the sidecars of a single file's folder.

    Raises:
        OSError: The root is missing, can't be opened, is neither a folder nor a regular file, or
            has rules that can't be used. It is raised by the call, not by the first item.
    """
    rules = rules or Rules()
    status = os.stat(root)
    if stat.S_ISREG(status.st_mode):
        return iter([_single(root, status, sidecars_in)])
    if not stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EINVAL, "neither a folder nor a regular file", root)
    entries = _entries(root)
    below = _rules_within(root, entries, rules)
    fresh = Rules(rules.excluded)
    trail = Trail()
    trail.add(root, rules)
    for path in inner:
        trail.add(path, fresh)
    if outer is not None:
        trail.add(outer, Rules())
    trail.is_new(status)
    return _walk_all(root, entries, below, trail, inner, sidecars_in)


def _walk_all(
    root: str,
    entries: list[os.DirEntry[str]],
    rules: Rules,
    trail: Trail,
    inner: Sequence[str],
    sidecars_in: Callable[[str], FolderSidecars],
) -> Iterator[Entry]:
    """Yield the photos of an opened root folder, then the photos of its inner roots."""
    yield from _walk_folder(root, entries, rules, trail)
    for path in inner:
        try:
            status = os.stat(path)
            if stat.S_ISREG(status.st_mode):
                yield _single(path, status, sidecars_in)
            elif stat.S_ISDIR(status.st_mode) and trail.is_new(status):
                below = _entries(path)
                fresh = _rules_within(path, below, Rules(rules.excluded))
                yield from _walk_folder(path, below, fresh, trail)
        except OSError as error:
            yield Skipped(path, f"folder can't be opened: {reason_of(error)}")


def _walk_folder(
    root: str, entries: list[os.DirEntry[str]], rules: Rules, trail: Trail
) -> Iterator[Entry]:
    """Yield the photos of an opened folder and of the folders in it."""
    # A stack, not recursion: folders may be nested by the thousand.
    levels = [_level(root, entries, rules, trail)]
    while levels:
        level = levels[-1]
        entry = next(level.rest, None)
        if entry is None:
            levels.pop()
            continue
        if is_passed_over(entry.name, level.path) or _is_ignored(entry, level.rules):
            continue
        try:
            found = _look(entry, trail)
        except OSError as error:
            yield Skipped(entry.path, _why_not_read(entry, error))
            continue
        if not isinstance(found, os.stat_result):
            if found is not None:
                yield _complete(found, level, trail) if isinstance(found, File) else found
            continue
        if not trail.is_new(found):
            continue
        try:
            below = _entries(entry.path)
            within = _rules_within(entry.path, below, level.rules)
        except OSError as error:
            yield Skipped(entry.path, f"folder can't be opened: {reason_of(error)}")
            continue
        if any(_has(below, mark) for mark in MARKS) and is_cache(entry.path):
            trail.forget(found)  # if a person gave the folder, it is walked later, as an inner root
            continue
        if entry.is_symlink():
            trail.add(entry.path, level.rules)
        levels.append(_level(entry.path, below, within, trail))


def _level(folder: str, entries: list[os.DirEntry[str]], rules: Rules, trail: Trail) -> _Level:
    named = {entry.name: entry for entry in entries}
    pairs = pairs_among([*named], lambda name: _is_listed(named[name], rules, trail))
    twins = {shown: [named[name] for name in raws] for shown, raws in pairs.items()}
    apart = {name for raws in pairs.values() for name in raws}
    rest = (entry for entry in entries if entry.name not in apart)
    return _Level(folder, rest, sidecars_among(named), twins, rules)


def _rules_within(folder: str, entries: list[os.DirEntry[str]], rules: Rules) -> Rules:
    return rules.within(folder) if _has(entries, NAME) else rules


def _has(entries: list[os.DirEntry[str]], name: str) -> bool:
    """Return whether a name is among entries that are sorted by name."""
    at = bisect_left(entries, name, key=lambda entry: entry.name)
    return at < len(entries) and entries[at].name == name


def _is_ignored(entry: os.DirEntry[str], rules: Rules) -> bool:
    if not rules:
        return False
    linked = entry.is_symlink()
    is_folder = os.path.isdir(entry.path) if linked else entry.is_dir(follow_symlinks=False)
    return rules.ignores(entry.path, is_folder)


def _look(entry: os.DirEntry[str], trail: Trail) -> Entry | os.stat_result | None:
    """Return what is to be yielded, or a folder's status, or None for anything else.

    A plain file without a photo's suffix costs no system call; everything else costs one `stat`.

    Raises:
        OSError: The entry is gone, is a broken link, or can't be reached.
    """
    named_as_photo = is_photo_name(entry.name)
    if entry.is_symlink():
        try:
            status = os.stat(entry.path)
        except OSError:
            if named_as_photo:
                raise
            return None
        is_folder = stat.S_ISDIR(status.st_mode)
        if (is_folder or named_as_photo) and trail.comes_anyway(entry.path, is_folder):
            return None
    elif entry.is_dir(follow_symlinks=False):
        return os.stat(entry.path, follow_symlinks=False)  # a DirEntry has no inode on Windows
    elif named_as_photo:
        status = entry.stat(follow_symlinks=False)
        is_folder = False
    else:
        kind = unread_kind(entry.name)
        return None if kind is None else PassedOver(entry.path, kind)
    if is_folder:
        return status
    if not named_as_photo:
        return None
    if not stat.S_ISREG(status.st_mode):
        return Skipped(entry.path, "not a regular file")
    return _file(entry.path, status)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """List a folder by name. Its handle is closed before any folder below is opened."""
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _is_listed(entry: os.DirEntry[str], rules: Rules, trail: Trail) -> bool:
    """Return whether a walk lists a file here and the file isn't empty."""
    if _is_ignored(entry, rules) or not _holds_something(entry):
        return False
    return not (entry.is_symlink() and trail.comes_anyway(entry.path, False))


def _holds_something(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file() and entry.stat().st_size > 0
    except OSError:  # a link that leads in a circle or to a closed folder
        return False


def _single(
    path: str,
    status: os.stat_result,
    sidecars_in: Callable[[str], FolderSidecars],
) -> File:
    """Return a file that was given by its own name."""
    file = _file(path, status)
    try:
        return _with_sidecars(file, sidecars_in(os.path.dirname(path) or "."))
    except OSError:  # the files of a closed folder may be readable all the same
        return file


def _file(path: str, status: os.stat_result) -> File:
    return File(path, status.st_size, mtime_ns_of(status), inode_of(status))


def _with_sidecars(file: File, among: FolderSidecars) -> File:
    found = find_sidecars(file.path, among) if among else ()
    return replace(file, sidecars=found) if found else file


def _complete(file: File, level: _Level, trail: Trail) -> File:
    """Return a file with its sidecars and its twin."""
    raws = level.twins.get(os.path.basename(file.path), ()) if level.twins else ()
    for raw in raws:
        with contextlib.suppress(OSError):  # gone meanwhile
            twin = _look(raw, trail)
            if isinstance(twin, File):
                file = replace(file, twin=_with_sidecars(twin, level.sidecars))
                break
    return _with_sidecars(file, level.sidecars)


def _why_not_read(entry: os.DirEntry[str], error: OSError) -> str:
    if entry.is_symlink() and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return "broken link"
    return f"can't be read: {reason_of(error)}"
