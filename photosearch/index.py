"""Indexing: from folders to captioned photos in the library."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from photosearch import store
from photosearch.decode import Decoded, UndecodableError
from photosearch.walk import File, Skipped, walk
from photosearch.workers import Outcome, decode_all


class Describer(Protocol):
    """What captions photos: the captioner, or a test's small fake."""

    @property
    def name(self) -> str:
        """What the model is called."""

    @property
    def fingerprint(self) -> str:
        """Of its weights and settings: the same captions come of the same one."""

    @property
    def image_size(self) -> int:
        """Side of the square that it takes, in pixels."""

    def caption_pixels(self, pixels: np.ndarray) -> Sequence[Sequence[store.Caption]]:
        """Caption photos, uint8 (B, S, S, 3): for each some captions, the best first."""


class Observer(Protocol):
    """Who is told how indexing goes."""

    def start(self, total: int) -> None:
        """So many photos are to be captioned."""

    def advance(self, photos: int) -> None:
        """So many more are done, written or skipped."""

    def skipped(self, path: str, reason: str) -> None:
        """A file or folder can't be read; told once for each reason."""


class Silent:
    """An observer that tells nobody."""

    def start(self, total: int) -> None:
        """Do nothing."""

    def advance(self, photos: int) -> None:
        """Do nothing."""

    def skipped(self, path: str, reason: str) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class IndexConfig:
    """How to index."""

    batch_size: int = 32  # photos captioned together and written in one transaction
    workers: int = 1  # decoding processes; 0 decodes in this one
    force: bool = False  # also photos that are known and unchanged


@dataclass
class Stages:
    """Seconds that the indexing process spent in each stage, waiting included."""

    walk: float = 0.0
    decode: float = 0.0  # waiting for the decoding processes
    caption: float = 0.0  # encoder and decoder
    write: float = 0.0


@dataclass
class Summary:
    """What came of an indexing run."""

    captioned: int = 0
    unchanged: int = 0
    failed: int = 0  # newly found unreadable
    failed_before: int = 0  # known to be unreadable, and not changed since
    hidden: int = 0  # photos whose files are gone
    returned: int = 0  # hidden photos whose files came back
    reached: int = 0  # folders given that could be opened
    unreachable: dict[str, str] = field(default_factory=dict)  # the others, and why
    stages: Stages = field(default_factory=Stages)


@dataclass
class _Scan:
    """What is to be done."""

    todo: list[tuple[str, File]] = field(default_factory=list)  # root folder and file
    failures: list[store.Failure] = field(default_factory=list)  # new ones


def index(
    connection: sqlite3.Connection,
    roots: Iterable[str],
    load: Callable[[], Describer],
    config: IndexConfig | None = None,
    observer: Observer | None = None,
) -> Summary:
    """Bring a library up to date with folders.

    Every batch is one transaction: what was written before a kill or an interrupt
    stays, and the next run goes on from there. A file that can't be read is recorded
    and never ends the run.

    Args:
        connection: to a library, for writing.
        roots: folders or single files, absolute.
        load: gives the captioner; called only when there is a photo to caption.
        config: batch size, processes.
        observer: told about progress and skipped files.

    Returns:
        Counts, and the roots that can't be opened: nothing in them is hidden.
    """
    config, observer, summary = config or IndexConfig(), observer or Silent(), Summary()
    run = store.start_run(connection)
    started = time.perf_counter()
    scan = _Scan()
    given = sorted(set(roots))
    # A folder that is missing is told even where it would lie in another one.
    missing = [root for root in given if not os.path.exists(root)]
    for root in missing + store.outermost(set(given) - set(missing)):
        try:
            entries = walk(root)
        except OSError as error:
            summary.unreachable[root] = (error.strerror or str(error)).lower()
            continue
        summary.reached += 1
        store.add_roots(connection, [root])
        _scan(connection, root, entries, config.force, scan, summary)
    summary.stages.walk = time.perf_counter() - started
    for failure in scan.failures:
        observer.skipped(failure.path, failure.reason)
    store.write_batch(connection, run, None, [], scan.failures)
    summary.failed += len(scan.failures)
    observer.start(len(scan.todo))
    if scan.todo:
        _describe(connection, run, scan.todo, load(), config, observer, summary)
    store.finish_run(connection, run)
    return summary


def _describe(
    connection: sqlite3.Connection,
    run: int,
    todo: Sequence[tuple[str, File]],
    describer: Describer,
    config: IndexConfig,
    observer: Observer,
    summary: Summary,
) -> None:
    """Decode, caption and write photos, a batch at a time."""
    model = store.use_model(connection, run, describer.name, describer.fingerprint)
    for photos, failures in _batches(todo, describer.image_size, config, summary.stages):
        for failure in failures:
            observer.skipped(failure.path, failure.reason)
        written = _caption(describer, photos, summary.stages)
        started = time.perf_counter()
        store.write_batch(connection, run, model, written, failures)
        summary.stages.write += time.perf_counter() - started
        summary.captioned += len(written)
        summary.failed += len(failures)
        observer.advance(len(written) + len(failures))


def _scan(
    connection: sqlite3.Connection,
    root: str,
    entries: Iterator[File | Skipped],
    force: bool,
    scan: _Scan,
    summary: Summary,
) -> None:
    """Compare a folder with the library; note what is new, hide what is gone."""
    known = store.known(connection, root)
    top = root if os.path.isdir(root) else os.path.dirname(root)
    closed: list[str] = []  # folders whose photos can't be said to be gone
    returned: list[str] = []
    for entry in entries:
        before = known.pop(entry.path, None)
        if isinstance(entry, Skipped):
            closed.append(entry.path)
            if before is None or before.reason != entry.reason or force:
                scan.failures.append(store.Failure(entry.path, entry.reason))
            else:
                summary.failed_before += 1
        elif (
            force
            or before is None
            or (before.size, before.mtime_ns)
            != (
                entry.size,
                entry.mtime_ns,
            )
        ):
            scan.todo.append((top, entry))
        elif before.reason is not None:
            summary.failed_before += 1
        else:
            summary.unchanged += 1
            if before.missing:
                returned.append(entry.path)
    gone = [path for path in known if not any(_is_below(path, folder) for folder in closed)]
    summary.hidden += store.set_missing(connection, gone)
    summary.returned += len(returned)
    store.set_found(connection, returned, top)


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder + os.sep)


def _batches(
    todo: Sequence[tuple[str, File]], size: int, config: IndexConfig, stages: Stages
) -> Iterator[tuple[list[tuple[str, File, Decoded]], list[store.Failure]]]:
    """Yield decoded photos by full batches, with the failures met on the way.

    A batch is full by its photos, not by its files: after a kill the rest falls into
    the same batches again, so the captions are the same to the last bit.
    """
    photos: list[tuple[str, File, Decoded]] = []
    failures: list[store.Failure] = []
    files = [file for _, file in todo]
    ahead = max(2 * config.batch_size, 2 * config.workers)
    outcomes = _timed(decode_all(files, size, config.workers, ahead), stages)
    for (root, _), (file, outcome) in zip(todo, outcomes, strict=True):
        if isinstance(outcome, UndecodableError):
            failures.append(store.Failure(file.path, str(outcome), file.size, file.mtime_ns))
        else:
            photos.append((root, file, outcome))
        if len(photos) == config.batch_size:
            yield photos, failures
            photos, failures = [], []
        elif len(failures) >= config.batch_size:
            yield [], failures
            failures = []
    if photos or failures:
        yield photos, failures


def _timed(
    outcomes: Iterator[tuple[File, Outcome]], stages: Stages
) -> Iterator[tuple[File, Outcome]]:
    """Pass outcomes on, adding up the time spent waiting for them."""
    while True:
        started = time.perf_counter()
        outcome = next(outcomes, None)
        stages.decode += time.perf_counter() - started
        if outcome is None:
            return
        yield outcome


def _caption(
    describer: Describer, photos: Sequence[tuple[str, File, Decoded]], stages: Stages
) -> list[store.Photo]:
    """Caption one batch."""
    if not photos:
        return []
    started = time.perf_counter()
    captions = describer.caption_pixels(np.stack([decoded.pixels for _, _, decoded in photos]))
    stages.caption += time.perf_counter() - started
    return [
        store.Photo(
            file, root, decoded.format, decoded.width, decoded.height, decoded.metadata, found
        )
        for (root, file, decoded), found in zip(photos, captions, strict=True)
    ]
