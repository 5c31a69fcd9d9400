"""Recognition of known photos by content, in files that were moved, copied or only touched."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from photosearch.files.file import File
from photosearch.files.hashing import hash_file, sample
from photosearch.files.pairs import is_same_raw
from photosearch.indexing.scan import Task
from photosearch.store.known import KnownPhoto, photos_of_size
from photosearch.store.moves import copy_photo, move_photos, touch_photo
from photosearch.store.photos import set_missing
from photosearch.store.roots import reachable

IsGone = Callable[[KnownPhoto, str], bool]  # takes a photo and the path that it may have now


@dataclass(frozen=True)
class Recognised:
    """New and changed files, sorted by what is to be done with them."""

    tasks: list[Task]  # for all files; files that were read carry their hash
    left: list[Task]  # for files with unknown content
    later: list[Task]  # for files with the same content as a file of `left`
    known: list[Task]  # for known photos that were moved, copied or touched
    rereads: list[Task]  # of `known`: for photos with another sidecar
    moved: int
    copied: int
    touched: int  # files of which only time or inode changed


@dataclass(frozen=True)
class _Sorted:
    """New and changed files by their content."""

    left: list[Task] = field(default_factory=list)
    later: list[Task] = field(default_factory=list)
    # Files, each with the known photos of the same content.
    arrivals: list[tuple[Task, list[KnownPhoto]]] = field(default_factory=list)
    touched: list[tuple[KnownPhoto, Task]] = field(default_factory=list)


def recognise(
    connection: sqlite3.Connection,
    tasks: Sequence[Task],
    gone: Collection[str],
    threads: int = 1,
    comparing: Callable[[int], None] = lambda files: None,
) -> Recognised:
    """Find the known photos among new and changed files, by content.

    If the file of a known photo is gone, the photo has moved: its row gets the new path. Otherwise
    the new file is a copy, and gets a copy of the row. All is written in one transaction, because
    photos may have changed places with each other.

    A file is read only if it has the size of a known photo, or the size and the middle of another
    new file. If a file has name, time and inode of a photo that is gone, it is that photo, and
    isn't read: so a renamed folder costs nothing.

    Args:
        connection: to the library, for writing.
        tasks: a task for each new or changed file.
        gone: known paths that the walk didn't find.
        threads: the number of threads that read files.
        comparing: called with the number of files to read.
    """
    sizes = dict.fromkeys(task.file.size for task in tasks)
    photos = [(size, photo) for size in sizes for photo in photos_of_size(connection, size)]
    is_gone = _gone_test(connection, gone)
    renamed = _renamed(tasks, photos, is_gone)
    hashed = _hashed(tasks, photos, renamed, threads, comparing)
    found = _sorted(hashed, photos, renamed)
    moved, copied = _settle(found.arrivals, is_gone)
    with connection:
        move_photos(connection, {photo.photo_id: (task.root, task.file) for photo, task in moved})
        for photo, task in copied:
            copy_photo(connection, photo.photo_id, task.root, task.file)
        for photo, task in found.touched:
            touch_photo(connection, photo.photo_id, task.root, task.file)
    known = moved + copied + found.touched
    rereads = [
        replace(task, parts=())
        for photo, task in known
        if not photo.has_read(task.file.sidecar_mtime_ns)
    ]
    counts = len(moved), len(copied), len(found.touched)
    return Recognised(
        hashed, found.left, found.later, [task for _, task in known], rereads, *counts
    )


def follow_twins(
    connection: sqlite3.Connection, tasks: Iterable[Task], gone: Collection[str]
) -> None:
    """Give the hidden row of a captioned RAW file the new path of its file.

    A person wrote the caption. It then goes to the JPEG that moved with the RAW file, see
    `photosearch.store.twins`.

    Args:
        connection: to the library, for writing.
        tasks: for new and changed files.
        gone: known paths that the walk didn't find.
    """
    is_gone = _gone_test(connection, gone)
    for task in tasks:
        twin = task.file.twin
        if twin is None:
            continue
        for photo in photos_of_size(connection, twin.size):
            same = photo.path and is_same_raw(twin, photo.path, photo.mtime_ns)
            if same and photo.edited and is_gone(photo, twin.path):
                with connection:
                    move_photos(connection, {photo.photo_id: (task.root, twin)})
                set_missing(connection, [twin.path])
                break


def _gone_test(connection: sqlite3.Connection, gone: Collection[str]) -> IsGone:
    """Return a function that returns whether a photo's file is no longer at its path.

    If a folder can't be reached now, its files may still exist. Some file systems don't distinguish
    names by case or accents: there, a renamed file is still found by its old name.
    """
    within, gone = reachable(connection), frozenset(gone)

    def is_gone(photo: KnownPhoto, new: str) -> bool:
        if photo.path is None:
            return photo.last_path.startswith(within)
        if not os.path.lexists(photo.path):
            return photo.path in gone or photo.path.startswith(within)
        try:
            return photo.path in gone and os.path.samefile(photo.path, new)
        except OSError:
            return False

    return is_gone


def _renamed(
    tasks: Iterable[Task], photos: Sequence[tuple[int, KnownPhoto]], is_gone: IsGone
) -> dict[str, KnownPhoto]:
    """Return the photos that were certainly renamed, by the new paths of their files.

    Args:
        tasks: for the files.
        photos: of the same sizes, each after its size in bytes.
        is_gone: returns whether a photo's file is no longer at its path.
    """
    # The name counts too. Some file systems make up inodes and have coarse times, and pictures of
    # one burst may have the same size.
    alike: dict[tuple[int, int, int | None, str], list[KnownPhoto]] = defaultdict(list)
    for size, photo in photos:
        if photo.path is None:
            continue
        name = os.path.basename(photo.path)
        alike[size, photo.mtime_ns, photo.inode, name].append(photo)
    known = {(size, photo.path) for size, photo in photos}
    renamed: dict[str, KnownPhoto] = {}
    claimed: set[int] = set()
    for task in tasks:
        file = task.file
        if (file.size, file.path) in known:
            continue
        name = os.path.basename(file.path)
        for photo in alike.get((file.size, file.mtime_ns, file.inode, name), ()):
            if photo.photo_id not in claimed and is_gone(photo, file.path):
                renamed[file.path] = photo
                claimed.add(photo.photo_id)
                break
    return renamed


def _hashed(
    tasks: Sequence[Task],
    photos: Iterable[tuple[int, KnownPhoto]],
    renamed: Collection[str],
    threads: int,
    comparing: Callable[[int], None],
) -> list[Task]:
    """Return the tasks; files whose hash is needed carry it.

    Args:
        tasks: for files.
        photos: of the same sizes, each after its size in bytes.
        renamed: paths of files that needn't be read.
        threads: the number of threads that read files.
        comparing: called with the number of files to read.
    """
    known_sizes = {size for size, photo in photos if photo.content_hash is not None}
    unknown = [
        task.file
        for task in tasks
        if task.file.path not in renamed and task.file.content_hash is None and task.file.size
    ]
    to_read = [file.path for file in unknown if file.size in known_sizes]
    with ThreadPoolExecutor(threads) as pool:
        to_read += _alike([file for file in unknown if file.size not in known_sizes], pool)
        if not to_read:
            return list(tasks)
        comparing(len(to_read))
        hashes = dict(zip(to_read, pool.map(hash_file, to_read), strict=True))
    return [
        replace(task, file=replace(task.file, content_hash=hashes[task.file.path]))
        if task.file.path in hashes
        else task
        for task in tasks
    ]


def _alike(files: Sequence[File], pool: ThreadPoolExecutor) -> list[str]:
    """Return the paths of files with the same size and the same middle as another file."""
    sizes = Counter(file.size for file in files)
    shared = [file for file in files if sizes[file.size] > 1]
    samples = pool.map(sample, [file.path for file in shared])
    groups: dict[tuple[int, bytes], list[str]] = defaultdict(list)
    for file, middle in zip(shared, samples, strict=True):
        if middle is not None:
            groups[file.size, middle].append(file.path)
    return [path for alike in groups.values() if len(alike) > 1 for path in alike]


def _sorted(
    tasks: Iterable[Task],
    photos: Iterable[tuple[int, KnownPhoto]],
    renamed: Mapping[str, KnownPhoto],
) -> _Sorted:
    """Sort files by whether the library knows their content, and at which path.

    Args:
        tasks: for files. If a file was read, it carries its hash.
        photos: of the same sizes, each after its size in bytes.
        renamed: the photos that were certainly renamed, by new path.
    """
    holding: dict[tuple[int, bytes], list[KnownPhoto]] = defaultdict(list)
    for size, photo in photos:
        if photo.content_hash is not None:
            holding[size, photo.content_hash].append(photo)
    found = _Sorted()
    first: set[tuple[int, bytes]] = set()
    for task in tasks:
        path, size, content_hash = task.file.path, task.file.size, task.file.content_hash
        same = [] if content_hash is None else holding.get((size, content_hash), [])
        at_its_path = next((photo for photo in same if photo.path == path), None)
        if path in renamed:
            found.arrivals.append((task, [renamed[path]]))
        elif at_its_path is not None:
            found.touched.append((at_its_path, task))
        elif same:
            found.arrivals.append((task, same))
        elif content_hash is not None and (size, content_hash) in first:
            found.later.append(task)
        else:
            found.left.append(task)
            if content_hash is not None:
                first.add((size, content_hash))
    return found


def _settle(
    arrivals: Sequence[tuple[Task, list[KnownPhoto]]], is_gone: IsGone
) -> tuple[list[tuple[KnownPhoto, Task]], list[tuple[KnownPhoto, Task]]]:
    """Decide which arrivals are moves and which are copies, each with its known photo.

    Args:
        arrivals: files, each with the known photos of the same content.
        is_gone: returns whether a photo's file is no longer at its path.
    """
    arrived = {task.file.path for task, _ in arrivals}
    moved: dict[int, tuple[KnownPhoto, Task]] = {}
    copied: list[tuple[KnownPhoto, Task]] = []
    for task, same in arrivals:
        # If a photo's file isn't gone, another photo may lie at its path now.
        vacated = [
            photo
            for photo in same
            if photo.photo_id not in moved
            and (photo.path in arrived or is_gone(photo, task.file.path))
        ]
        name = os.path.basename(task.file.path)
        vacated.sort(
            key=lambda photo: (
                photo.missing,  # photos that were still shown before this run come first
                photo.missing and not photo.edited,
                os.path.basename(photo.last_path) != name,
            )
        )
        # If a row was hidden in an earlier run, the row of a copy that a person captioned goes
        # before it.
        if vacated and not (vacated[0].missing and same[0].edited and not vacated[0].edited):
            moved[vacated[0].photo_id] = (vacated[0], task)
        else:
            copied.append((same[0], task))
    return list(moved.values()), copied
