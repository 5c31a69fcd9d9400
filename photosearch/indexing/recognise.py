"""Files that were moved, copied or only touched, recognised by what they hold."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from photosearch.files.hashing import hash_file, sample
from photosearch.files.walk import File
from photosearch.indexing.scan import Task
from photosearch.store.known import KnownPhoto, photos_of_size
from photosearch.store.moves import copy_photo, move_photos, touch_photo
from photosearch.store.photos import set_missing
from photosearch.store.roots import reachable


@dataclass
class Recognised:
    """What came of looking at new and changed files."""

    left: list[Task] = field(default_factory=list)  # hold what the library doesn't know
    later: list[Task] = field(default_factory=list)  # hold the same as one of these
    rereads: list[Task] = field(default_factory=list)  # known, but the sidecar is another
    moved: int = 0
    copied: int = 0
    touched: int = 0  # at their old place, with another time or inode only


def recognise(
    connection: sqlite3.Connection,
    tasks: Sequence[Task],
    gone: Collection[str],
    hashes: dict[str, bytes | None],
    threads: int = 1,
    comparing: Callable[[int], None] = lambda files: None,
) -> Recognised:
    """Find out which new and changed files hold photos that the library knows.

    A photo whose own file is no longer there has moved: its row gets the new path. Else the
    file is a copy, and gets a copy of the row. All is written in one transaction, because
    photos may have changed places with each other.

    Only files that have as many bytes as a known photo, or as a new one that is the same in
    the middle, are read. Those that have the name, the
    time and the inode of a photo that is gone as well are the same without reading: a folder
    that was renamed costs nothing, whatever is in it.

    Args:
        connection: to the library, for writing.
        tasks: one for each new or changed file.
        gone: paths that were known, and were not found now.
        hashes: of files by path, SHA-256; those that are computed are added, None where a file
            can't be read.
        threads: that read files.
        comparing: told how many files are to be read.
    """
    sizes = dict.fromkeys(task.file.size for task in tasks)
    places = [(size, place) for size in sizes for place in photos_of_size(connection, size)]
    hashed = {size for size, place in places if place.content_hash is not None}
    holding: dict[tuple[int, bytes], list[KnownPhoto]] = defaultdict(list)
    for size, place in places:
        if place.content_hash is not None:
            holding[size, place.content_hash].append(place)
    is_gone = _gone_places(connection, gone)
    renamed = _renamed(tasks, places, is_gone)
    unknown = [
        task.file
        for task in tasks
        if task.file.path not in renamed and task.file.path not in hashes and task.file.size
    ]
    to_read = [file.path for file in unknown if file.size in hashed]
    with ThreadPoolExecutor(threads) as pool:
        to_read += _alike([file for file in unknown if file.size not in hashed], pool)
        if to_read:
            comparing(len(to_read))
        hashes.update(zip(to_read, pool.map(hash_file, to_read), strict=True))

    found, arrivals = Recognised(), []
    touched: list[tuple[KnownPhoto, Task]] = []
    first: set[tuple[int, bytes]] = set()
    for task in tasks:
        content = hashes.get(task.file.path)
        same = holding.get((task.file.size, content), []) if content is not None else []
        own = next((place for place in same if place.path == task.file.path), None)
        if task.file.path in renamed:
            arrivals.append((task, [renamed[task.file.path]]))
        elif own is not None:
            touched.append((own, task))
        elif same:
            arrivals.append((task, same))
        elif content is not None and (task.file.size, content) in first:
            found.later.append(task)
        else:
            found.left.append(task)
            if content is not None:
                first.add((task.file.size, content))
    _write(connection, arrivals, touched, is_gone, found)
    return found


def follow_twins(
    connection: sqlite3.Connection, tasks: Iterable[Task], gone: Collection[str]
) -> None:
    """Let the hidden row of a RAW file that a person captioned go where its file went.

    Its caption then goes to the JPEG that came with it, see `photosearch.store.twins`. The RAW
    file is known by name, size and time, which no two RAW files share.

    Args:
        connection: to the library, for writing.
        tasks: new and changed files.
        gone: paths that were known, and were not found now.
    """
    is_gone = _gone_places(connection, gone)
    for task in tasks:
        twin = task.file.twin
        if twin is None:
            continue
        for place in photos_of_size(connection, twin.size):
            if place.path is None:
                continue
            same_name = os.path.basename(place.path) == os.path.basename(twin.path)
            same = same_name and place.mtime_ns == twin.mtime_ns and place.path != twin.path
            if same and place.edited and is_gone(place, twin.path):
                with connection:
                    move_photos(connection, {place.photo_id: (task.root, twin)})
                set_missing(connection, [twin.path])
                break


def _alike(files: Sequence[File], pool: ThreadPoolExecutor) -> list[str]:
    """Return the files that have as many bytes as another one, and the same in the middle."""
    sizes = Counter(file.size for file in files)
    shared = [file for file in files if sizes[file.size] > 1]
    samples = pool.map(sample, [file.path for file in shared])
    groups: dict[tuple[int, bytes], list[str]] = defaultdict(list)
    for file, middle in zip(shared, samples, strict=True):
        if middle is not None:
            groups[file.size, middle].append(file.path)
    return [path for alike in groups.values() if len(alike) > 1 for path in alike]


def _gone_places(
    connection: sqlite3.Connection, gone: Collection[str]
) -> Callable[[KnownPhoto, str], bool]:
    """Return what tells whether a photo's file is no longer at its place.

    A file in a folder that can't be reached now may still be there. Where the case of letters,
    or the composition of accents, doesn't count, a file that was renamed is there by its old
    name as well.
    """
    within, gone = reachable(connection), frozenset(gone)

    def is_gone(place: KnownPhoto, new: str) -> bool:
        if place.path is None:
            return place.last_path.startswith(within)
        if not os.path.lexists(place.path):
            return place.path in gone or place.path.startswith(within)
        try:
            return place.path in gone and os.path.samefile(place.path, new)
        except OSError:
            return False

    return is_gone


def _renamed(
    tasks: Iterable[Task],
    places: Sequence[tuple[int, KnownPhoto]],
    is_gone: Callable[[KnownPhoto, str], bool],
) -> dict[str, KnownPhoto]:
    """Return the photos that files are without a doubt, by path.

    Args:
        tasks: for the files.
        places: photos of the same sizes, each after its size in bytes.
        is_gone: tells whether a photo's file is no longer at its place.
    """
    # The name too, because some file systems make up inodes, and their times are coarse:
    # pictures of one burst may have the same size.
    alike: dict[tuple[int, int, int | None, str], list[KnownPhoto]] = defaultdict(list)
    for size, place in places:
        if place.path is None:
            continue
        name = os.path.basename(place.path)
        alike[size, place.mtime_ns, place.inode, name].append(place)
    known = {(size, place.path) for size, place in places}
    renamed: dict[str, KnownPhoto] = {}
    claimed: set[int] = set()
    for task in tasks:
        file = task.file
        if (file.size, file.path) in known:
            continue
        name = os.path.basename(file.path)
        for place in alike.get((file.size, file.mtime_ns, file.inode, name), ()):
            if place.photo_id not in claimed and is_gone(place, file.path):
                renamed[file.path] = place
                claimed.add(place.photo_id)
                break
    return renamed


def _write(
    connection: sqlite3.Connection,
    arrivals: Sequence[tuple[Task, list[KnownPhoto]]],
    touched: Sequence[tuple[KnownPhoto, Task]],
    is_gone: Callable[[KnownPhoto, str], bool],
    found: Recognised,
) -> None:
    """Decide which arrivals are moves and which are copies, and write them."""
    arrived = {task.file.path for task, _ in arrivals}
    moves: dict[int, tuple[str, Task, KnownPhoto]] = {}
    copies: list[tuple[KnownPhoto, Task]] = []
    for task, same in arrivals:
        # What lies at the old path now is another photo, if it isn't gone.
        vacated = [
            place
            for place in same
            if place.photo_id not in moves
            and (place.path in arrived or is_gone(place, task.file.path))
        ]
        name = os.path.basename(task.file.path)
        vacated.sort(
            key=lambda place: (
                place.missing,  # those that are gone now come first
                place.missing and not place.edited,
                os.path.basename(place.last_path) != name,
            )
        )
        # A row that was hidden long ago says less than that of a copy which a person captioned.
        if vacated and not (vacated[0].missing and same[0].edited and not vacated[0].edited):
            moves[vacated[0].photo_id] = (task.root, task, vacated[0])
        else:
            copies.append((same[0], task))
    with connection:
        by_number = {number: (root, task.file) for number, (root, task, _) in moves.items()}
        move_photos(connection, by_number)
        for place, task in copies:
            copy_photo(connection, place.photo_id, task.root, task.file)
        for place, task in touched:
            touch_photo(connection, place.photo_id, task.root, task.file)
    found.moved, found.copied, found.touched = len(moves), len(copies), len(touched)
    known = [(place, task) for _, task, place in moves.values()] + copies + list(touched)
    found.rereads = [
        Task(task.root, task.file, ())
        for place, task in known
        if not place.has_read(task.file.sidecar_mtime_ns)
    ]
