"""The photo files below a folder."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace

_CAMERA_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".heic", ".heif", ".hif"})
_RAW_SUFFIXES = frozenset(
    {".cr2", ".cr3", ".nef", ".nrw", ".arw", ".sr2", ".dng", ".raf", ".orf", ".rw2"}
    | {".pef", ".srw"}
)

SUFFIXES: frozenset[str] = (
    frozenset({".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif"})
    | {".jp2", ".j2k", ".jpf", ".jpx", ".j2c"}
    | _CAMERA_SUFFIXES
    | _RAW_SUFFIXES
)
"""File name endings of photos, in lower case."""

PASSED_OVER: frozenset[str] = frozenset(
    {"@eadir", "node_modules", "__pycache__", "lost+found"}
    | {"$recycle.bin", "system volume information"}
)
"""Names, in lower case, of folders that hold thumbnails, waste or code rather than photos."""

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
    """

    path: str
    size: int
    mtime_ns: int
    inode: int
    sidecar: str | None = None
    sidecar_mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that looked like a photo or a folder of photos, and why it can't be read."""

    path: str
    reason: str


def walk(root: str) -> Iterator[File | Skipped]:
    """Find the photos below a folder, depth first, by name within each folder.

    Hidden names and those in `PASSED_OVER` are left out silently, except for the root itself.
    Links are followed, but one into a part of the tree that is walked anyway is left out
    silently, and each real folder is listed only once: a loop of links ends, and no photo is
    listed twice because of a link. Hard links are listed each. A RAW file beside a JPEG or HEIC
    of the same name is left out: they are one photo.

    Args:
        root: A folder, or a single file, which is listed whatever its name. Paths listed below a
            folder start with `root` as it is written here.

    Raises:
        OSError: At once, not at the first item, when the root is missing, can't be opened, or is
            neither a folder nor a regular file.
    """
    status = os.stat(root)
    if stat.S_ISREG(status.st_mode):
        file = _file(root, status)
        try:
            return iter([_with_sidecar(file, _sidecars(_entries(os.path.dirname(root) or ".")))])
        except OSError:  # a folder may be closed whose files can be opened
            return iter([file])
    if not stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EINVAL, "neither a folder nor a regular file", root)
    return _walk_folder(root, status, _entries(root))


def _walk_folder(
    root: str, status: os.stat_result, entries: list[os.DirEntry[str]]
) -> Iterator[File | Skipped]:
    """Yield the photos of an opened root folder."""
    tops = [os.path.realpath(root)]  # all that is real below these gets visited without links
    visited = {(status.st_dev, status.st_ino)}
    # A stack, not recursion: folders may be nested by the thousand.
    levels = [(iter(entries), _sidecars(entries))]
    while levels:
        rest, sidecars = levels[-1]
        entry = next(rest, None)
        if entry is None:
            levels.pop()
            continue
        if _is_passed_over(entry.name):
            continue
        try:
            found = _look(entry, tops)
        except OSError as error:
            yield Skipped(entry.path, _why_not_read(entry, error))
            continue
        if not isinstance(found, os.stat_result):
            if found is not None:
                yield _with_sidecar(found, sidecars) if isinstance(found, File) else found
            continue
        identity = (found.st_dev, found.st_ino)
        if identity in visited:
            continue
        visited.add(identity)
        try:
            below = _entries(entry.path)
        except OSError as error:
            yield Skipped(entry.path, f"folder can't be opened: {_reason(error)}")
            continue
        levels.append((iter(below), _sidecars(below)))
        if entry.is_symlink():
            tops.append(os.path.realpath(entry.path))


def _look(entry: os.DirEntry[str], tops: list[str]) -> File | Skipped | os.stat_result | None:
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


def _comes_anyway(link: str, is_folder: bool, tops: list[str]) -> bool:
    """Tell whether a link's target is listed under its own name.

    A target in a hidden folder is not: git-annex keeps every photo as a link into `.git`.
    """
    target = os.path.realpath(link)
    if not is_folder and not is_photo_name(target):
        return False
    for top in tops:
        inside = top if top.endswith(os.sep) else top + os.sep
        if target == top:
            return True
        if target.startswith(inside):
            names = target[len(inside) :].split(os.sep)
            if not any(_is_passed_over(name) for name in names):
                return True
    return False


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """List a folder by name; the handle is closed before anything below is opened."""
    with os.scandir(folder) as entries:
        return _without_twins(sorted(entries, key=lambda entry: entry.name))


def _without_twins(entries: list[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
    """Leave out RAW files of which the camera, or a person, made a JPEG or HEIC beside them."""
    parts = [os.path.splitext(entry.name.lower()) for entry in entries]
    raws = {stem for stem, suffix in parts if suffix in _RAW_SUFFIXES}
    developed = {
        stem
        for entry, (stem, suffix) in zip(entries, parts, strict=True)
        if stem in raws and suffix in _CAMERA_SUFFIXES and entry.is_file()
    }
    return [
        entry
        for entry, (stem, suffix) in zip(entries, parts, strict=True)
        if not (stem in developed and suffix in _RAW_SUFFIXES and entry.is_file())
    ]


def _file(path: str, status: os.stat_result) -> File:
    # Some file systems have times that SQLite's 64 bits don't hold.
    mtime_ns = min(max(status.st_mtime_ns, -(2**63)), 2**63 - 1)
    return File(path, status.st_size, mtime_ns, status.st_ino)


def _sidecars(entries: list[os.DirEntry[str]]) -> dict[str, str]:
    """Return the names of XMP files in a folder, by the same in lower case."""
    names = (entry.name for entry in entries)
    return {name.lower(): name for name in names if name.lower().endswith(".xmp")}


def _with_sidecar(file: File, sidecars: dict[str, str]) -> File:
    """Return a file with its sidecar, if there is one that is a regular file."""
    if not sidecars:
        return file
    folder, name = os.path.split(file.path)
    for stem in (name, os.path.splitext(name)[0]):
        sidecar = sidecars.get(f"{stem}.xmp".lower())
        if sidecar is None:
            continue
        path = os.path.join(folder, sidecar)
        try:
            status = os.stat(path)
        except OSError:  # gone meanwhile, or a broken link
            continue
        if stat.S_ISREG(status.st_mode):
            mtime_ns = _file(path, status).mtime_ns
            return replace(file, sidecar=path, sidecar_mtime_ns=mtime_ns)
    return file


def _is_passed_over(name: str) -> bool:
    return name.startswith(".") or name.lower() in PASSED_OVER


def is_photo_name(name: str) -> bool:
    """Tell whether a file name or path ends like a photo's."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def _why_not_read(entry: os.DirEntry[str], error: OSError) -> str:
    if entry.is_symlink() and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return "broken link"
    return f"can't be read: {_reason(error)}"


def _reason(error: OSError) -> str:
    known = _REASONS.get(error.errno or 0)
    return known or (error.strerror or type(error).__name__).lower()
