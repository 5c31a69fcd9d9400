"""Watching: folders are indexed again when something changes in them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from photosearch.errors import BusyError, LibraryError, WatchError
from photosearch.files.drives import identity_of
from photosearch.files.ignore import MARKS, NAME, is_passed_over
from photosearch.files.names import is_photo_name
from photosearch.files.paths import is_below, way_to
from photosearch.files.sidecars import is_beside_photo
from photosearch.indexing.config import WatchOptions
from photosearch.indexing.observer import Observer
from photosearch.indexing.summary import Summary
from photosearch.store.database import ENDINGS
from photosearch.store.sqlite_errors import is_busy
from photosearch.text import display

LOOK = 1.0  # seconds between two checks whether the folders exist
LOOK_AT_ALL = 60.0  # seconds between two runs, if folders can't be watched
POLL = 5.0  # seconds between two checks of all files, if the system reports no changes

# Reasons why watchfiles stops, by a part of its message.
_UNWATCHABLE = {
    "decode path": "a name that isn't UTF-8",
    "loop found": "a link to a folder above it",
}

Notify = Callable[[str], None]
Outcome = TypeVar("Outcome")


class UnwatchableError(Exception):
    """A watcher can't watch these folders; the text says why."""


class Watcher(Protocol):
    """A source of changes: watchfiles, or a test's small fake."""

    def __call__(self, folders: Collection[str], poll: bool) -> Generator[set[str], None, None]:
        """Yield the paths that changed, and now and then an empty set; may raise OSError."""


@dataclass
class Roots:
    """The folders that are watched, and which of them exist.

    If a folder is missing or emptied, it isn't indexed, so that none of its photos gets hidden:
    see `photosearch.files.drives`.
    """

    paths: Collection[str]
    notify: Notify
    there: dict[str, tuple[int, int]] = field(default_factory=dict)  # device and inode
    missing: set[str] = field(default_factory=set)

    def look(self) -> tuple[set[str], bool]:
        """Check which folders exist; notify of folders that went or came back.

        Returns:
            The folders that came or were replaced, and whether any folder came or went.
        """
        before, self.there = self.there, {}
        for path in self.paths:
            identity = identity_of(path)
            if identity is not None:
                self.there[path] = identity
            elif path not in self.missing:
                self.notify(f"{display(path)} is gone or empty: its photos stay, waiting for it")
        back = self.missing & self.there.keys()
        for path in sorted(back):
            self.notify(f"{display(path)} is there again")
        self.missing = set(self.paths) - self.there.keys()
        came = {path for path, identity in self.there.items() if before.get(path) != identity}
        return came, before != self.there


def keep_fresh(
    index: Callable[[list[str], Observer], Summary],
    library: str,
    folders: Collection[str],
    knows: Callable[[str], bool],
    observing: Callable[[], contextlib.AbstractContextManager[Observer]],
    notify: Notify,
    config: WatchOptions,
) -> Iterator[tuple[Summary, float]]:
    """Index folders into a library whenever they change.

    Args:
        index: brings the library up to date with folders.
        library: the library's own file, whose changes don't count.
        folders: absolute.
        knows: returns whether the library knows a photo in a folder.
        observing: returns the observer of each run.
        notify: called with a line about what is missing and what waits.
        config: how long to wait, and how changes are found.

    Yields:
        The summary of each run, and how many seconds the run took.

    Raises:
        LibraryError: the file can't be used, or folders can't be watched.
    """

    def index_timed(roots: list[str]) -> tuple[Summary, float]:
        started = time.monotonic()
        try:
            with observing() as observer:
                summary = index(roots, observer)
        except (LibraryError, sqlite3.OperationalError) as error:
            if is_busy(error) or is_busy(error.__cause__):
                raise BusyError("another program is writing to the library") from error
            raise
        return summary, time.monotonic() - started

    file = os.path.abspath(library)
    changes = follow(
        folders,
        notify,
        lambda path: matters(path, folders, file, knows),
        by_watchfiles,
        config.poll,
    )
    return watch(folders, index_timed, changes, notify, config)


def watch(
    paths: Collection[str],
    index: Callable[[list[str]], Outcome],
    changes: Iterable[set[str]],
    notify: Notify,
    config: WatchOptions | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Outcome]:
    """Index folders once, and again when something changes in them, until `changes` ends.

    Args:
        paths: of the folders, absolute.
        index: indexes folders; raises BusyError while another process is indexing.
        changes: sets of paths that changed. Empty sets come in between, because the clock is
            read only when a set comes.
        notify: called with a line about why something waits.
        config: how long to wait.
        clock: returns seconds.

    Yields:
        The result of `index` for each run.
    """
    config = config or WatchOptions()
    pending = set(paths)
    first = last = due = clock() - config.longest
    waits = False
    for changed in changes:
        now = clock()
        roots = concerned(changed, paths)
        if roots:
            last = now
            first = first if pending else now
            pending |= roots
        ripe = now - last >= config.quiet or now - first >= config.longest
        if not pending or not ripe or now < due:
            continue
        try:
            there = sorted(path for path in pending if identity_of(path) is not None)
            outcome = [index(there)] if there else []
        except BusyError as error:
            due = clock() + config.retry
            if not waits:
                notify(f"{error}; trying again every {config.retry:.0f} s")
            waits = True
            continue
        pending, waits = set(), False
        yield from outcome


def concerned(changed: Collection[str], paths: Iterable[str]) -> set[str]:
    """Return the folders (or files) in which something changed."""
    within = {above for path in changed for above in way_to(path)}
    return within.intersection(paths)


def follow(
    paths: Collection[str],
    notify: Notify,
    matters: Callable[[str], bool],
    watcher: Watcher,
    poll: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[set[str]]:
    """Yield sets of changed paths, for ever. If a folder comes or goes, the watcher is restarted.

    Args:
        paths: of the folders, absolute.
        notify: called with a line about folders that are missing.
        matters: returns whether a changed path can change what the library knows.
        watcher: yields the changes in the folders that exist.
        poll: passed on to the watcher.
        sleep: waits a number of seconds; called while no folder exists.

    Raises:
        WatchError: the system can't watch that many folders.
    """
    roots = Roots(paths, notify)
    roots.look()
    came: set[str] = set()
    while True:
        if not roots.there:
            sleep(LOOK)
            came, _ = roots.look()
            yield came
            continue
        try:
            with contextlib.closing(watcher(sorted(roots.there), poll)) as events:
                # If a folder came, it is yielded after its watch began: so no change is missed.
                for changed in events:
                    yield came | {path for path in changed if matters(path)}
                    came, moved = roots.look()
                    if moved:
                        break
        except UnwatchableError as error:
            notify(
                f"{error} can't be watched: looking at all files every {LOOK_AT_ALL:.0f} s instead"
            )
            watcher, came = by_the_clock, set(roots.there)
        except OSError as error:
            came, moved = roots.look()
            if not moved:
                raise _explained(error) from error


def _explained(error: OSError) -> WatchError:
    text = str(error)
    if "limit" in text or "No space left" in text or "Too many open files" in text:
        return WatchError(
            "the system can't watch so many folders: raise fs.inotify.max_user_watches "
            "(sudo sysctl fs.inotify.max_user_watches=1000000), or use --poll"
        )
    return WatchError(f"can't watch these folders: {text.splitlines()[0]}; try --poll")


def by_watchfiles(folders: Collection[str], poll: bool) -> Generator[set[str], None, None]:
    """Yield the changes that watchfiles reports."""
    import watchfiles
    from watchfiles._rust_notify import WatchfilesRustInternalError

    events = watchfiles.watch(
        *folders,
        watch_filter=None,
        debounce=int(LOOK * 1000),
        rust_timeout=int(LOOK * 1000),
        yield_on_timeout=True,
        force_polling=poll or None,
        poll_delay_ms=int(POLL * 1000),
        ignore_permission_denied=True,
    )
    try:
        with contextlib.closing(events):
            for changes in events:
                yield {path for _, path in changes}
    except WatchfilesRustInternalError as error:
        for sign, thing in _UNWATCHABLE.items():
            if sign in str(error):
                raise UnwatchableError(thing) from error
        raise


def by_the_clock(folders: Collection[str], poll: bool) -> Generator[set[str], None, None]:
    """Yield all folders now and then, as if they had changed."""
    following = time.monotonic() + LOOK_AT_ALL
    while True:
        time.sleep(LOOK)
        if time.monotonic() < following:
            yield set()
        else:
            yield set(folders)
            following = time.monotonic() + LOOK_AT_ALL


def matters(path: str, roots: Collection[str], library: str, knows: Callable[[str], bool]) -> bool:
    """Return whether a changed path can change what a library knows.

    Args:
        path: the path that changed, came or went.
        roots: the folders that are watched.
        library: the library's own file, absolute.
        knows: returns whether the library knows a photo in a folder. It is called for paths that
            are gone: it can no longer be seen whether such a path was a folder.
    """
    if path in roots:
        return True
    if path.startswith(library) and path.removeprefix(library) in ENDINGS:
        return False
    tops = [root for root in roots if is_below(path, root)]
    if not tops:
        return False
    folder, name = os.path.split(path)
    if _is_passed_over_below(max(tops, key=len), folder):
        return False
    if name in (NAME, *MARKS):
        return True
    if is_passed_over(name, folder):
        return False
    if is_photo_name(name) or is_beside_photo(path):
        return True
    return os.path.isdir(path) or (not os.path.lexists(path) and knows(path))


def _is_passed_over_below(root: str, folder: str) -> bool:
    """Return whether a walk from a root passes over a folder, or over a folder above it."""
    here = root
    for name in [part for part in folder[len(root) :].split(os.sep) if part]:
        if is_passed_over(name, here):
            return True
        here = os.path.join(here, name)
    return False
