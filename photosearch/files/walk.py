"""The photo files below a folder."""

import contextlib
import errno
import os
import stat
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from photosearch.files.ignore import CACHE_TAG, NAME, Rules, is_cache, is_passed_over, reach
from photosearch.files.paths import inode_of, mtime_ns_of
from photosearch.files.sidecars import find_sidecar, list_sidecars, sidecars_among

CAMERA_SUFFIXES: frozenset[str] = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".heic", ".heif", ".hif"}
)
"""File name endings of what cameras write instead of RAW, or beside it."""

RAW_SUFFIXES: frozenset[str] = frozenset(
    {".cr2", ".cr3", ".nef", ".nrw", ".arw", ".sr2", ".dng", ".raf", ".orf", ".rw2"}
    | {".pef", ".srw"}
)
"""File name endings of RAW files, in lower case."""

SUFFIXES: frozenset[str] = (
    frozenset({".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif"})
    | {".jp2", ".j2k", ".jpf", ".jpx", ".j2c"}
    | CAMERA_SUFFIXES
    | RAW_SUFFIXES
)
"""File name endings of photos, in lower case."""

_REASONS = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "it is gone",
    errno.ENOTDIR: "it is gone",
    errno.ELOOP: "links lead in a circle",
    errno.ENAMETOOLONG: "the path is too long",
}


@dataclass(frozen=True, slots=True)
class File:
    """A regular file whose name ends like a photo's; size in bytes, times since the epoch.

    A sidecar is an XMP file beside it, `photo.jpg.xmp` or else `photo.xmp`, however capitalised.
    A twin is a RAW file of the same name, which isn't listed itself: it stands in for this file
    if that can't be decoded.
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    sidecar: str | None = None
    sidecar_mtime_ns: int | None = None
    twin: "File | None" = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that looked like a photo or a folder of photos, and why it can't be read."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Top:
    """A folder below which everything real gets visited without links, if it isn't ignored."""

    real: str  # its real path
    path: str  # as it is listed
    rules: Rules  # in force above it


@dataclass(frozen=True, slots=True)
class _Level:
    """An opened folder."""

    path: str
    rest: Iterator[os.DirEntry[str]]  # entries to come, without the twins
    sidecars: dict[str, str]  # names of XMP files, by the same in lower case
    twins: dict[str, list[os.DirEntry[str]]]  # RAW files, by the name of the JPEG or HEIC
    rules: Rules


@dataclass(frozen=True, slots=True)
class _Trail:
    """Where a walk was."""

    tops: list[_Top]
    visited: set[tuple[int, int]] = field(default_factory=set)  # device and inode of folders

    def is_new(self, status: os.stat_result) -> bool:
        """Note a folder; tell whether the walk comes to it for the first time."""
        identity = (status.st_dev, status.st_ino)
        new = identity not in self.visited
        self.visited.add(identity)
        return new


def walk(
    root: str,
    rules: Rules | None = None,
    inner: Sequence[str] = (),
    outer: str | None = None,
    sidecars_in: Callable[[str], dict[str, str]] = list_sidecars,
) -> Iterator[File | Skipped]:
    """Find the photos below a folder, depth first, by name within each folder.

    What is ignored is left out silently, except for the root itself: hidden names and others
    that `is_passed_over` knows, folders tagged as caches, and what the files of rules in the
    walked folders say. Links are followed, but one into a part of the tree that is walked
    anyway is left out silently, and each real folder is listed only once: a loop of links
    ends, and no photo is listed twice because of a link. Hard links are listed each. A RAW file
    beside a JPEG or HEIC of the same name is its twin: they are one photo.

    A folder whose rules can't be used is skipped as a whole: what it hides isn't known.

    Args:
        root: A folder, or a single file, which is listed whatever its name. Paths listed below a
            folder start with `root` as it is written here.
        rules: In force above the root.
        inner: Folders and files below the root that are walked after it though it ignores
            them, by the rules in them alone. A missing folder is skipped.
        outer: A folder above the root whose walk comes to it: links to what that one lists are
            left out here too.
        sidecars_in: Lists the sidecars of a single file's folder, or remembers them.

    Raises:
        OSError: At once, not at the first item, when the root is missing, can't be opened, is
            neither a folder nor a regular file, or has rules that can't be used.
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
    trail = _Trail([_Top(os.path.realpath(root), root, rules)])
    trail.tops.extend(_Top(os.path.realpath(path), path, fresh) for path in inner)
    if outer is not None:
        trail.tops.append(_Top(os.path.realpath(outer), outer, Rules()))
    trail.is_new(status)
    return _walk_all(root, entries, below, trail, inner, sidecars_in)


def _walk_all(
    root: str,
    entries: list[os.DirEntry[str]],
    rules: Rules,
    trail: _Trail,
    inner: Sequence[str],
    sidecars_in: Callable[[str], dict[str, str]],
) -> Iterator[File | Skipped]:
    """Yield the photos of an opened root folder, then those of the roots in it."""
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
    root: str, entries: list[os.DirEntry[str]], rules: Rules, trail: _Trail
) -> Iterator[File | Skipped]:
    """Yield the photos of an opened folder, and of those in it."""
    # A stack, not recursion: folders may be nested by the thousand.
    levels = [_level(root, entries, rules, trail.tops)]
    while levels:
        level = levels[-1]
        entry = next(level.rest, None)
        if entry is None:
            levels.pop()
            continue
        if is_passed_over(entry.name, level.path) or _is_ignored(entry, level.rules):
            continue
        try:
            found = _look(entry, trail.tops)
        except OSError as error:
            yield Skipped(entry.path, _why_not_read(entry, error))
            continue
        if not isinstance(found, os.stat_result):
            if found is not None:
                yield _complete(found, level, trail.tops) if isinstance(found, File) else found
            continue
        if not trail.is_new(found):
            continue
        try:
            below = _entries(entry.path)
            within = _rules_within(entry.path, below, level.rules)
        except OSError as error:
            yield Skipped(entry.path, f"folder can't be opened: {reason_of(error)}")
            continue
        if _has(below, CACHE_TAG) and is_cache(entry.path):
            continue
        if entry.is_symlink():
            trail.tops.append(_Top(os.path.realpath(entry.path), entry.path, level.rules))
        levels.append(_level(entry.path, below, within, trail.tops))


def _level(folder: str, entries: list[os.DirEntry[str]], rules: Rules, tops: list[_Top]) -> _Level:
    twins = _twins(entries, rules, tops)
    apart = {raw for raws in twins.values() for raw in raws}
    rest = (entry for entry in entries if entry not in apart)
    return _Level(folder, rest, sidecars_among(entry.name for entry in entries), twins, rules)


def _rules_within(folder: str, entries: list[os.DirEntry[str]], rules: Rules) -> Rules:
    return rules.within(folder) if _has(entries, NAME) else rules


def _has(entries: list[os.DirEntry[str]], name: str) -> bool:
    """Tell whether a name is among entries that are sorted by name."""
    place = bisect_left(entries, name, key=lambda entry: entry.name)
    return place < len(entries) and entries[place].name == name


def _is_ignored(entry: os.DirEntry[str], rules: Rules) -> bool:
    if not rules:
        return False
    linked = entry.is_symlink()
    is_folder = os.path.isdir(entry.path) if linked else entry.is_dir(follow_symlinks=False)
    return rules.ignores(entry.path, is_folder)


def _look(entry: os.DirEntry[str], tops: list[_Top]) -> File | Skipped | os.stat_result | None:
    """Tell a photo, a folder to walk (as its status) and what is of no interest (None) apart.

    Plain files without a photo's suffix cost no system call, all else costs one `stat`.

    Raises:
        OSError: The entry is gone, a broken link, or out of reach.
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
        if (is_folder or named_as_photo) and _comes_anyway(entry.path, is_folder, tops):
            return None
    elif entry.is_dir(follow_symlinks=False):
        return os.stat(entry.path, follow_symlinks=False)  # a DirEntry has no inode on Windows
    elif named_as_photo:
        status = entry.stat(follow_symlinks=False)
        is_folder = False
    else:
        return None
    if is_folder:
        return status
    if not named_as_photo:
        return None
    if not stat.S_ISREG(status.st_mode):
        return Skipped(entry.path, "not a regular file")
    return _file(entry.path, status)


def _comes_anyway(link: str, is_folder: bool, tops: list[_Top]) -> bool:
    """Tell whether a link's target is listed under its own name.

    A target in a hidden folder is not: git-annex keeps every photo as a link into `.git`.
    """
    target = os.path.realpath(link)
    if not is_folder and not is_photo_name(target):
        return False
    for top in tops:
        if target == top.real:
            return True
        inside = os.path.join(top.real, "")
        if target.startswith(inside):
            listed = os.path.join(top.path, target[len(inside) :])
            if reach(top.path, listed, top.rules) is not None:
                return True
    return False


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """List a folder by name; the handle is closed before anything below is opened."""
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _twins(
    entries: list[os.DirEntry[str]], rules: Rules, tops: list[_Top]
) -> dict[str, list[os.DirEntry[str]]]:
    """Find RAW files of which the camera, or a person, made a JPEG or HEIC beside them.

    One that is empty, ignored by rules, or a link to what is listed elsewhere, is none.

    Returns:
        The RAW files, by the name of the other: the first one by name.
    """
    parts = [os.path.splitext(entry.name.lower()) for entry in entries]
    raws: dict[str, list[os.DirEntry[str]]] = {}
    for entry, (stem, suffix) in zip(entries, parts, strict=True):
        if suffix in RAW_SUFFIXES and _stands(entry, rules, tops):
            raws.setdefault(stem, []).append(entry)
    return {
        entry.name: raws.pop(stem)
        for entry, (stem, suffix) in zip(entries, parts, strict=True)
        if stem in raws and suffix in CAMERA_SUFFIXES and _stands(entry, rules, tops)
    }


def _stands(entry: os.DirEntry[str], rules: Rules, tops: list[_Top]) -> bool:
    """Tell whether a file is one that a walk lists here, and holds something."""
    if _is_ignored(entry, rules) or not _holds_something(entry):
        return False
    return not (entry.is_symlink() and _comes_anyway(entry.path, False, tops))


def _holds_something(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file() and entry.stat().st_size > 0
    except OSError:  # a link that leads in a circle, or to where nobody may look
        return False


def _single(
    path: str,
    status: os.stat_result,
    sidecars_in: Callable[[str], dict[str, str]],
) -> File:
    """Return a file that was given by its own name."""
    file = _file(path, status)
    try:
        return _with_sidecar(file, sidecars_in(os.path.dirname(path) or "."))
    except OSError:  # a folder may be closed whose files can be opened
        return file


def _file(path: str, status: os.stat_result) -> File:
    return File(path, status.st_size, mtime_ns_of(status), inode_of(status))


def _with_sidecar(file: File, names: dict[str, str]) -> File:
    sidecar = find_sidecar(file.path, names) if names else None
    if sidecar is None:
        return file
    path, mtime_ns = sidecar
    return replace(file, sidecar=path, sidecar_mtime_ns=mtime_ns)


def _complete(file: File, level: _Level, tops: list[_Top]) -> File:
    """Return a file with its sidecar and its twin."""
    raws = level.twins.get(os.path.basename(file.path), ()) if level.twins else ()
    for raw in raws:
        with contextlib.suppress(OSError):  # gone meanwhile
            twin = _look(raw, tops)
            if isinstance(twin, File):
                file = replace(file, twin=_with_sidecar(twin, level.sidecars))
                break
    return _with_sidecar(file, level.sidecars)


def is_photo_name(name: str) -> bool:
    """Tell whether a file name or path ends like a photo's."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def _why_not_read(entry: os.DirEntry[str], error: OSError) -> str:
    if entry.is_symlink() and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return "broken link"
    return f"can't be read: {reason_of(error)}"


def reason_of(error: OSError) -> str:
    """Say in a few words why something in a folder can't be opened."""
    known = _REASONS.get(error.errno or 0)
    return known or (error.strerror or type(error).__name__).lower()
