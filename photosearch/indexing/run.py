"""The indexing run: from folders to captioned photos in the library."""

from __future__ import annotations

import functools
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from captioner.describe.describer import Describer
from photosearch.files.ignore import Rules
from photosearch.files.pairs import hidden_twin, stand_in
from photosearch.files.paths import outermost
from photosearch.files.roots import Root, root_among, why_unreachable
from photosearch.files.sidecars import list_sidecars
from photosearch.files.walk import walk
from photosearch.indexing.batches import (
    decode_batches,
    describe_batches,
    metadata_batches,
    photo_of,
)
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.observer import Observer, Silent
from photosearch.indexing.recognise import Recognised, follow_twins, recognise
from photosearch.indexing.scan import ModelIds, Scanned, Task, joined, outdated_parts, scan
from photosearch.indexing.summary import Stages, Summary
from photosearch.store.dates import follow_rule
from photosearch.store.descriptions import model_ids, use_models
from photosearch.store.failures import Failure
from photosearch.store.known import is_emptied, known_below, known_hashes
from photosearch.store.moves import tell_folders
from photosearch.store.passed_over import write_passed_over
from photosearch.store.photos import Photo, set_found, set_missing, write_batch
from photosearch.store.roots import add_roots, all_roots, drop_roots, outer_root
from photosearch.store.runs import finish_run, start_run
from photosearch.store.twins import follow_edits

REREAD = 256  # photos in a transaction, if only metadata are read

EMPTIED = (
    "it is empty, so its photos stay as they are: is a drive unplugged? "
    "photosearch forget takes them out"
)


class _Skips:
    """Reports unreadable paths to an observer, each once, because photos may share a sidecar."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._paths: set[str] = set()

    def report(self, failures: Iterable[Failure]) -> list[Failure]:
        """Report the failures at new paths, and return these failures."""
        new = []
        for failure in failures:
            if failure.path not in self._paths:
                self._paths.add(failure.path)
                self._observer.skipped(failure.path, failure.reason)
                new.append(failure)
        return new


@dataclass(frozen=True, slots=True)
class _Run:
    """The arguments that all steps of a run share."""

    connection: sqlite3.Connection
    run_id: int
    config: IndexOptions
    observer: Observer
    skips: _Skips


def index(
    connection: sqlite3.Connection,
    roots: Iterable[str],
    load: Callable[[], Describer],
    config: IndexOptions | None = None,
    observer: Observer | None = None,
    fingerprints: Mapping[str, str] | None = None,
) -> Summary:
    """Bring a library up to date with folders.

    Every batch is one transaction: after a kill or an interrupt the finished batches stay, and
    the next run continues after them. If a file can't be read, that is recorded, and the run goes
    on.

    Args:
        connection: to a library, for writing.
        roots: folders or single files, absolute.
        load: returns the captioner; called only if there is a photo to describe.
        config: how to index.
        observer: called on progress and on skipped files.
        fingerprints: of the captioner that `load` returns; None: not known without loading it.
            Without them, no photo counts as outdated, and `config.upgrade` does nothing.

    Returns:
        Counts, and the roots that can't be opened: the photos of these roots stay as they are.

    Raises:
        UsageError: a pattern in `config.exclude` can't be used; nothing was done.
        RuntimeError: the decoding processes can't start.
    """
    config, observer = config or IndexOptions(), observer or Silent()
    Rules().excluding(os.sep, config.exclude)  # a bad pattern raises before anything is done
    follow_rule(connection)
    run_id = start_run(connection)
    run = _Run(connection, run_id, config, observer, _Skips(observer))
    models = model_ids(connection, fingerprints) if fingerprints else None

    scanned, summary, passed_over = _scan_roots(run, roots, models)
    found, recognised = _recognise(run, scanned.fresh, scanned.gone)
    follow_twins(connection, scanned.fresh, scanned.gone)
    summary += recognised + _hide(run, scanned.gone)

    # Copies wait until the new photos are written. So do twins of files that can't be decoded.
    fresh, later = (found.tasks, []) if config.force else (found.left, found.later)
    outdated = [] if config.force else _outdated(connection, found.known, models)
    upgrades = outdated if config.upgrade else []
    summary.outdated += len(outdated) - len(upgrades)
    todo = fresh + upgrades + [task for task in scanned.todo if task.parts]
    observer.start(len(todo))
    described = {task.file.path for task in upgrades}  # with their metadata
    rereads = [task for task in scanned.todo if not task.parts]
    rereads += [task for task in found.rereads if task.file.path not in described]
    describer = load() if todo else None
    while describer is not None and todo:
        undecoded, counts = _describe(run, todo, describer)
        waiting = later + _stand_ins(todo, undecoded, frozenset(scanned.stand_ins))
        found, recognised = _recognise(run, waiting, gone=())
        summary += counts + recognised
        rereads = rereads + found.rereads
        todo, later = found.left + found.later, []
    summary += _reread(run, rereads, scanned.unread)

    follow_edits(connection)
    # Not sooner: a run that is stopped tells nobody what it passed over.
    summary.passed_over_changed = write_passed_over(connection, passed_over)
    finish_run(connection, run_id)
    return summary


def _scan_roots(
    run: _Run, roots: Iterable[str], models: ModelIds | None
) -> tuple[Scanned, Summary, dict[str, Counter[str]]]:
    """Walk folders, compare them with the library, and note the folders as roots.

    Returns:
        What was found, counts, and by root how many files of each kind were passed over.
    """
    connection, started = run.connection, time.perf_counter()
    given, before = set(roots), set(all_roots(connection))
    known = given | before
    sidecars_in = functools.cache(list_sidecars)  # thousands of files may be given one by one
    # A missing folder is reported even if it would lie in another given folder.
    missing = sorted(root for root in given if not os.path.exists(root))
    parts, unreachable = list[Scanned](), dict[str, str]()
    passed_over: dict[str, Counter[str]] = {}
    for path in missing + outermost(given.difference(missing)):
        try:
            root = root_among(path, known)
            rules = root.rules.excluding(path, run.config.exclude)
            entries = walk(path, rules, root.inner, root.outer, sidecars_in)
        except (OSError, ValueError) as error:
            unreachable[path] = why_unreachable(error, path)
            continue
        if is_emptied(connection, path):
            unreachable[path] = EMPTIED
            continue
        _note_root(connection, root, is_new=path not in before)
        top = _searched_below(connection, path)
        known_in = functools.partial(known_below, connection)
        parts.append(scan(path, top, entries, known_in, models, run.config))
        passed_over[path] = Counter(parts[-1].passed_over)
        set_found(connection, parts[-1].returned, top)
    scanned, seconds = joined(parts), time.perf_counter() - started
    run.skips.report(scanned.failures)
    write_batch(connection, run.run_id, None, [], scanned.failures)
    summary = Summary(
        unchanged=scanned.unchanged, outdated=scanned.outdated, returned=len(scanned.returned),
        failed=len(scanned.failures), failed_before=scanned.failed_before,
        reached=len(parts), unreachable=unreachable, passed_over=Counter(scanned.passed_over),
        stages=Stages(walk=seconds),
    )  # fmt: skip
    return scanned, summary, passed_over


def _note_root(connection: sqlite3.Connection, root: Root, *, is_new: bool) -> None:
    """Store a root unless another root holds it, and drop the roots that its walk comes to."""
    add_roots(connection, root.inner if root.outer else [root.path, *root.inner])
    drop_roots(connection, root.reached)
    if is_new and root.outer is None:
        with connection:  # photos in it may have had a deeper root
            tell_folders(connection, root.path)


def _searched_below(connection: sqlite3.Connection, path: str) -> str:
    """Return the folder below which folder names are searched, for the photos of a root."""
    outer = outer_root(connection, path) or path
    is_single = not os.path.isdir(path) and outer == path
    return os.path.dirname(path) if is_single else outer


def _recognise(
    run: _Run, tasks: Sequence[Task], gone: Collection[str]
) -> tuple[Recognised, Summary]:
    """Find the files that hold known photos."""
    threads = max(1, run.config.workers)
    found = recognise(run.connection, tasks, gone, threads, run.observer.comparing)
    unchanged = 0 if run.config.force else found.touched
    return found, Summary(moved=found.moved, copied=found.copied, unchanged=unchanged)


def _outdated(
    connection: sqlite3.Connection, tasks: Iterable[Task], models: ModelIds | None
) -> list[Task]:
    """Return tasks for the parts of known photos' descriptions that another model made."""
    if models is None:
        return []
    found = (
        (task, outdated_parts(known_below(connection, task.file.path).get(task.file.path), models))
        for task in tasks
    )
    return [replace(task, parts=parts) for task, parts in found if parts]


def _hide(run: _Run, gone: Iterable[str]) -> Summary:
    """Hide photos that the walk didn't find. If a photo's file exists, a rule ignores it."""
    there: dict[bool, list[str]] = {True: [], False: []}
    for path in gone:
        there[os.path.lexists(path)].append(path)
    ignored = set_missing(run.connection, there[True])
    return Summary(ignored=ignored, hidden=set_missing(run.connection, there[False]))


def _describe(run: _Run, todo: Sequence[Task], describer: Describer) -> tuple[set[str], Summary]:
    """Decode, describe and write photos, a batch at a time.

    Returns:
        The paths of files that can't be decoded, and counts.
    """
    connection, config = run.connection, run.config
    summary, undecoded = Summary(), set[str]()
    models = use_models(connection, run.run_id, describer.name, describer.fingerprints)
    for parts, tasks in _by_parts(todo):
        decoded = decode_batches(
            tasks, describer.image_size, config, lambda: config.batch_size or describer.batch_size
        )
        for batch in describe_batches(decoded, describer, parts):
            failures = run.skips.report(batch.failures + _unread_sidecars(batch.photos))
            started = time.perf_counter()
            write_batch(connection, run.run_id, models, batch.photos, failures)
            stages = batch.stages + Stages(write=time.perf_counter() - started)
            summary += Summary(captioned=len(batch.photos), failed=len(failures), stages=stages)
            undecoded.update(failure.path for failure in batch.failures)
            run.observer.advance(len(batch.photos) + len(batch.failures))
    twins = (hidden_twin(task.file, undecoded) for task in todo)  # may have stood in until now
    ignored = set_missing(connection, [twin.path for twin in twins if twin is not None])
    return undecoded, summary + Summary(ignored=ignored)


def _by_parts(todo: Iterable[Task]) -> Iterator[tuple[tuple[str, ...], list[Task]]]:
    """Yield tasks grouped by the parts to make: a batch makes the same parts for all its photos.

    New photos get all parts, and come first.
    """
    order = sorted(todo, key=lambda task: (-len(task.parts), task.parts))
    for parts, group in groupby(order, key=lambda task: task.parts):
        yield parts, list(group)


def _stand_ins(
    todo: Iterable[Task], undecoded: Collection[str], already: Collection[str]
) -> list[Task]:
    """Return tasks for the twins of files that can't be decoded, except twins compared already."""
    found = ((task.root, stand_in(task.file, undecoded)) for task in todo)
    return [
        Task(root, twin) for root, twin in found if twin is not None and twin.path not in already
    ]


def _unread_sidecars(photos: Iterable[Photo]) -> list[Failure]:
    return [failure for photo in photos for failure in photo.unread]


def _reread(run: _Run, todo: Sequence[Task], unread: int) -> Summary:
    """Read the metadata of known photos again, without pixels or the model.

    A file is read whole only if the library doesn't know its hash.

    Args:
        run: the run.
        todo: tasks for the files.
        unread: photos whose metadata this version hasn't read.
    """
    summary = Summary()
    if not todo:
        return summary
    run.observer.rereading(len(todo), unread)
    hashes = known_hashes(run.connection, (task.file.path for task in todo))
    tasks = [
        replace(task, file=replace(task.file, content_hash=hashes.get(task.file.path)))
        for task in todo
    ]
    for batch in metadata_batches(tasks, run.config, REREAD):
        photos = [photo_of(task, metadata) for task, metadata in batch.photos]
        failures = run.skips.report(batch.failures + _unread_sidecars(photos))
        write_batch(run.connection, run.run_id, None, photos, failures)
        summary += Summary(reread=len(photos), failed=len(failures), stages=batch.stages)
        run.observer.reread(len(batch.photos) + len(batch.failures))
    return summary
