"""What is to be done: a folder compared with what the library knows of it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from photosearch.files.sidecars import sidecar_names
from photosearch.files.walk import File, Skipped
from photosearch.indexing.summary import Summary
from photosearch.store.descriptions import PARTS
from photosearch.store.failures import Failure, Stage
from photosearch.store.known import Known, known_below
from photosearch.store.photos import set_found


@dataclass(frozen=True, slots=True)
class Task:
    """A file to decode and describe."""

    root: str
    file: File
    parts: tuple[str, ...] = PARTS  # of the description; none: only the metadata is read again


@dataclass
class Work:
    """What is to be done."""

    models: tuple[int | None, ...] | None  # in use, in the order of PARTS; None: not known
    fresh: list[Task] = field(default_factory=list)  # new and changed files
    todo: list[Task] = field(default_factory=list)  # known ones
    gone: list[str] = field(default_factory=list)  # known paths that were not found
    stand_ins: set[str] = field(default_factory=set)  # twins that were compared themselves
    failures: list[Failure] = field(default_factory=list)  # new ones


def scan(
    connection: sqlite3.Connection,
    root: str,
    outer: str,
    entries: Iterator[File | Skipped],
    work: Work,
    summary: Summary,
    *,
    force: bool = False,
    upgrade: bool = False,
    retry: bool = False,
) -> None:
    """Compare a folder with the library; note what is new and what is gone.

    Args:
        connection: to the library, for writing.
        root: the folder, or a single file.
        outer: the outermost root that it lies in, whose name its photos are found by; or itself.
        entries: what was found there.
        work: gets the tasks, the new failures and what is gone.
        summary: gets the counts.
        force: known and unchanged photos are tasks as well.
        upgrade: so are the parts of them that another model made.
        retry: so are unchanged files that couldn't be read.
    """
    known = known_below(connection, root)
    is_single = not os.path.isdir(root)
    top = os.path.dirname(root) if is_single and outer == root else outer
    closed: list[str] = []  # folders whose photos can't be said to be gone
    returned: list[str] = []
    sidecars: set[str] = set()
    for entry in _with_twins(entries, known, force or retry, work.stand_ins):
        before = known.pop(entry.path, None)
        unread = None  # what is known of its sidecar, if that couldn't be read
        if isinstance(entry, File) and is_single:  # its sidecar isn't below it
            for name in sidecar_names(entry.path):
                known |= known_below(connection, name)
        if isinstance(entry, File) and entry.sidecar is not None:
            sidecars.add(entry.sidecar)
            unread = known.get(entry.sidecar)
        if isinstance(entry, Skipped):
            closed.append(entry.path)
            if before is None or before.reason != entry.reason or force:
                work.failures.append(Failure(entry.path, entry.reason, stage=Stage.WALK))
            else:
                summary.failed_before += 1
        elif before is None or _changed(before, entry):
            work.fresh.append(Task(top, entry))
        elif force or (retry and before.reason):
            work.todo.append(Task(top, entry))
        elif before.reason is not None:
            summary.failed_before += 1
        elif upgrade and (parts := _outdated(before, work.models)):
            work.todo.append(Task(top, entry, parts))
        elif _sidecar_changed(before, entry, retry or unread is None):
            work.todo.append(Task(top, entry, ()))
            summary.outdated += bool(_outdated(before, work.models))
        else:
            summary.unchanged += 1
            summary.failed_before += unread is not None
            summary.outdated += bool(_outdated(before, work.models))
            if before.missing:
                returned.append(entry.path)
    out_of_reach = tuple(folder + os.sep for folder in closed)
    work.gone += [
        path for path in known if path not in sidecars and not path.startswith(out_of_reach)
    ]
    summary.returned += len(returned)
    set_found(connection, returned, top)


def _with_twins(
    entries: Iterator[File | Skipped],
    known: Mapping[str, Known],
    again: bool,
    stand_ins: set[str],
) -> Iterator[File | Skipped]:
    """Yield entries, and after a file that couldn't be decoded its twin, noting it.

    Not if it is tried again now, unless its twin stands in already.
    """
    for entry in entries:
        before = known.get(entry.path)
        yield entry
        if not isinstance(entry, File) or entry.twin is None:
            continue
        if before is not None and before.reason is not None:
            tried = again or _changed(before, entry)
            if entry.twin.path in known or not tried:
                stand_ins.add(entry.twin.path)
                yield entry.twin


def _changed(before: Known, entry: File) -> bool:
    return (before.size, before.mtime_ns) != (entry.size, entry.mtime_ns)


def _sidecar_changed(before: Known, entry: File, try_damaged: bool) -> bool:
    if before.metadata_unread or before.sidecar_mtime_ns != entry.sidecar_mtime_ns:
        return True
    return before.sidecar_damaged and try_damaged


def _outdated(before: Known, models: tuple[int | None, ...] | None) -> tuple[str, ...]:
    """Return the parts of a photo's description that another model made, or none."""
    if models is None:
        return ()
    pairs = zip(PARTS, before.models, models, strict=True)
    return tuple(part for part, made, current in pairs if made is None or made != current)
