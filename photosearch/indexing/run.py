"""Indexing: from folders to captioned photos in the library."""

from __future__ import annotations

import functools
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from photosearch.files.ignore import Rules
from photosearch.files.paths import outermost
from photosearch.files.roots import place, why_unreachable
from photosearch.files.sidecars import list_sidecars
from photosearch.files.walk import walk
from photosearch.indexing.batches import decode_batches, describe_batches, photo_of
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.protocols import Describer, Observer, Silent
from photosearch.indexing.recognise import Recognised, follow_twins, recognise
from photosearch.indexing.scan import Task, Work, scan
from photosearch.indexing.summary import Summary
from photosearch.store import photos as store
from photosearch.store.descriptions import model_numbers, use_models
from photosearch.store.moves import tell_folders
from photosearch.store.roots import add_roots, all_roots, drop_roots, outer_root
from photosearch.store.twins import follow_edits

REREAD = 32  # photos in a transaction, where only metadata is read
THUMBNAIL = 8  # side in pixels, where only metadata is wanted: the fastest to decode


@dataclass(frozen=True)
class _Run:
    """What all steps of a run work with."""

    connection: sqlite3.Connection
    number: int
    config: IndexOptions
    observer: Observer
    summary: Summary
    hashes: dict[str, bytes | None] = field(default_factory=dict)  # of files compared so far
    told: set[str] = field(default_factory=set)  # what couldn't be read so far


def index(
    connection: sqlite3.Connection,
    roots: Iterable[str],
    load: Callable[[], Describer],
    config: IndexOptions | None = None,
    observer: Observer | None = None,
    fingerprints: Mapping[str, str] | None = None,
) -> Summary:
    """Bring a library up to date with folders.

    Every batch is one transaction: what was written before a kill or an interrupt
    stays, and the next run goes on from there. A file that can't be read is recorded
    and never ends the run.

    Args:
        connection: to a library, for writing.
        roots: folders or single files, absolute.
        load: gives the captioner; called only when there is a photo to describe.
        config: batch size, processes.
        observer: told about progress and skipped files.
        fingerprints: of what `load` gives, if they are known without calling it; without
            them, no photo counts as outdated and `config.upgrade` does nothing.

    Returns:
        Counts, and the roots that can't be opened: nothing in them is hidden.

    Raises:
        UsageError: before anything else, for a bad pattern in `config.exclude`.
        RuntimeError: the decoding processes can't start.
    """
    config = config or IndexOptions()
    Rules().excluding(os.sep, config.exclude)  # a bad pattern is told before anything is done
    number, summary = store.start_run(connection), Summary()
    run = _Run(connection, number, config, observer or Silent(), summary)
    work = Work(model_numbers(connection, fingerprints) if fingerprints else None)
    _scan_roots(run, roots, work)
    found = _recognise(run, work.fresh, work.gone)
    follow_twins(connection, work.fresh, work.gone)
    ignored = {path for path in work.gone if os.path.lexists(path)}
    summary.ignored += store.set_missing(connection, ignored)
    summary.hidden += store.set_missing(connection, (p for p in work.gone if p not in ignored))
    fresh, later = (work.fresh, []) if config.force else (found.left, found.later)
    todo = fresh + [task for task in work.todo if task.parts]
    run.observer.start(len(todo))
    describer, rereads = load() if todo else None, found.rereads
    while describer is not None and todo:  # copies, and twins, come after what they depend on
        undecoded = _describe(run, todo, describer)
        summary.ignored += store.set_missing(connection, _twins_of(todo, undecoded))
        later += _stand_ins(todo, undecoded, work.stand_ins)
        again = _recognise(run, later, ())
        rereads += again.rereads
        todo, later = again.left + again.later, []
    _reread(run, [task for task in work.todo if not task.parts] + rereads)
    follow_edits(connection)
    store.finish_run(connection, number)
    return summary


def _scan_roots(run: _Run, roots: Iterable[str], work: Work) -> None:
    """Walk folders and sort what is there into the work to do; note the folders as known."""
    connection, config, summary = run.connection, run.config, run.summary
    started = time.perf_counter()
    given, before = sorted(set(roots)), set(all_roots(connection))
    known = {*given, *before}
    sidecars_in = functools.cache(list_sidecars)  # of thousands of files given one by one
    # A folder that is missing is told even where it would lie in another one.
    missing = [root for root in given if not os.path.exists(root)]
    for root in missing + outermost(set(given) - set(missing)):
        try:
            at = place(root, known)
            rules = at.rules.excluding(root, config.exclude)
            entries = walk(root, rules, at.inner, at.outer, sidecars_in)
        except (OSError, ValueError) as error:
            summary.unreachable[root] = why_unreachable(error, root)
            continue
        if store.is_emptied(connection, root):
            summary.unreachable[root] = (
                "it is empty, so its photos stay as they are: is a drive unplugged? "
                "photosearch forget takes them out"
            )
            continue
        summary.reached += 1
        add_roots(connection, at.inner if at.outer else [root, *at.inner])
        drop_roots(connection, at.reached)
        if root not in before and at.outer is None:
            with connection:  # what lies in it may be known by the name of a folder in it
                tell_folders(connection, root)
        outer = outer_root(connection, root) or root
        options = {"force": config.force, "upgrade": config.upgrade, "retry": config.retry}
        scan(connection, root, outer, entries, work, summary, **options)
    summary.stages.walk = time.perf_counter() - started
    for failure in work.failures:
        run.observer.skipped(failure.path, failure.reason)
    store.write_batch(connection, run.number, None, [], work.failures)
    summary.failed += len(work.failures)


def _twins_of(tasks: Iterable[Task], undecoded: Collection[str]) -> list[str]:
    """Return the RAW files beside JPEGs that were decoded; one may have stood in until now."""
    return [
        task.file.twin.path
        for task in tasks
        if task.file.path not in undecoded and task.file.twin is not None
    ]


def _stand_ins(
    tasks: Iterable[Task], undecoded: Collection[str], already: Collection[str]
) -> list[Task]:
    """Return tasks for the RAW files beside JPEGs that can't be decoded, but for some."""
    return [
        Task(task.root, task.file.twin)
        for task in tasks
        if task.file.path in undecoded
        and task.file.twin is not None
        and task.file.twin.path not in already
    ]


def _recognise(run: _Run, tasks: Sequence[Task], gone: Collection[str]) -> Recognised:
    """Take files that hold known photos out of the work."""
    threads = max(1, run.config.workers)
    found = recognise(run.connection, tasks, gone, run.hashes, threads, run.observer.comparing)
    run.summary.moved += found.moved
    run.summary.copied += found.copied
    run.summary.unchanged += 0 if run.config.force else found.touched
    return found


def _describe(run: _Run, todo: Sequence[Task], describer: Describer) -> set[str]:
    """Decode, describe and write photos, a batch at a time.

    Returns:
        The paths of those that can't be decoded.
    """
    config, summary = run.config, run.summary
    undecoded: set[str] = set()
    models = use_models(run.connection, run.number, describer.name, describer.fingerprints)
    # A batch makes the same parts for all its photos; new photos (all parts) come first.
    order = sorted(todo, key=lambda task: (-len(task.parts), task.parts))
    for parts, group in groupby(order, key=lambda task: task.parts):
        tasks = list(group)
        decoded = decode_batches(
            tasks,
            describer.image_size,
            config,
            summary.stages,
            lambda: config.batch_size or describer.batch_size,
        )
        described = describe_batches(decoded, describer, parts, summary.stages)
        for written, undecodable in described:
            failures = undecodable + _tell(run, written, undecodable)
            started = time.perf_counter()
            store.write_batch(run.connection, run.number, models, written, failures)
            summary.stages.write += time.perf_counter() - started
            summary.captioned += len(written)
            summary.failed += len(failures)
            undecoded.update(failure.path for failure in undecodable)
            run.observer.advance(len(written) + len(undecodable))
    return undecoded


def _reread(run: _Run, todo: Sequence[Task]) -> None:
    """Read the metadata of known photos again; what describes them needn't be loaded."""
    batches = decode_batches(todo, THUMBNAIL, run.config, run.summary.stages, lambda: REREAD)
    for photos, undecodable in batches:
        read = [photo_of(task, decoded, None) for task, decoded in photos]
        failures = undecodable + _tell(run, read, undecodable)
        store.write_batch(run.connection, run.number, None, read, failures)
        run.summary.reread += len(read)
        run.summary.failed += len(failures)


def _tell(
    run: _Run, photos: Sequence[store.Photo], undecodable: Sequence[store.Failure]
) -> list[store.Failure]:
    """Tell the observer what can't be read in a batch; return the failures that are sidecars.

    Photos may share a sidecar: it is told once.
    """
    sidecars = {
        photo.unread.path: photo.unread
        for photo in photos
        if photo.unread is not None and photo.unread.path not in run.told
    }
    for failure in (*undecodable, *sidecars.values()):
        run.observer.skipped(failure.path, failure.reason)
        run.told.add(failure.path)
    return list(sidecars.values())
