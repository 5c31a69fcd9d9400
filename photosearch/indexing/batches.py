"""Batches of photos: decoded ahead, described in a thread of their own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from photosearch.files.walk import File, reason_of
from photosearch.indexing.scan import Task
from photosearch.indexing.workers import MEMORY, Outcome, decode_all
from photosearch.photo.decode import Decoded, UnreachableError, decode
from photosearch.photo.picture import UndecodableError
from photosearch.photo.xmp import read_sidecar
from photosearch.store import photos as store

if TYPE_CHECKING:
    from photosearch.indexing.config import IndexOptions
    from photosearch.indexing.protocols import Describer
    from photosearch.indexing.summary import Stages
    from photosearch.store.descriptions import Description

PIXEL_MEMORY = 15  # bytes for each pixel allowed: 9 are what the worst formats take


def decode_batches(
    todo: Sequence[Task],
    size: int,
    config: IndexOptions,
    stages: Stages,
    batch_size: Callable[[], int],
) -> Iterator[tuple[list[tuple[Task, Decoded]], list[store.Failure]]]:
    """Yield decoded photos by full batches, with the failures met on the way.

    A batch is full by its photos, not by its files: after a kill the rest falls into
    the same batches again, so the captions are the same to the last bit.

    Args:
        todo: what to decode, in this order.
        size: side of the square to decode to, in pixels.
        config: processes and limits.
        stages: gets the time spent waiting for decoded photos.
        batch_size: asked again for every photo, because it may change.
    """
    photos: list[tuple[Task, Decoded]] = []
    failures: list[store.Failure] = []
    files = [task.file for task in todo]
    ahead = 2 * max(batch_size(), config.workers)
    decoded = decode_all(
        files, size, config.workers, ahead,
        decode=partial(decode, max_pixels=config.max_pixels),
        file_timeout=config.file_timeout,
        memory=max(MEMORY, PIXEL_MEMORY * config.max_pixels),
    )  # fmt: skip
    outcomes = _timed(decoded, stages)
    for task, (file, outcome) in zip(todo, outcomes, strict=True):
        if isinstance(outcome, UnreachableError):
            failures.append(store.Failure(file.path, str(outcome)))  # as if it had changed
        elif isinstance(outcome, UndecodableError):
            failures.append(store.Failure(file.path, str(outcome), file.size, file.mtime_ns))
        else:
            photos.append((task, outcome))
        if len(photos) >= batch_size():
            yield photos, failures
            photos, failures = [], []
        elif len(failures) >= batch_size():
            yield [], failures
            failures = []
    if photos or failures:
        yield photos, failures


def describe_batches(
    batches: Iterable[tuple[list[tuple[Task, Decoded]], list[store.Failure]]],
    describer: Describer,
    parts: Collection[str],
    stages: Stages,
) -> Iterator[tuple[list[store.Photo], list[store.Failure]]]:
    """Describe batches, each in a thread while the one before it is written.

    Args:
        batches: decoded photos, and what couldn't be decoded, which is passed on.
        describer: what describes them.
        parts: of the descriptions to make.
        stages: gets the time that it takes.
    """
    waiting: deque[tuple[Future[list[store.Photo]], list[store.Failure]]] = deque()
    thread = ThreadPoolExecutor(1)
    try:
        for photos, failures in batches:
            future = thread.submit(_describe, describer, parts, stages, photos)
            waiting.append((future, failures))
            if len(waiting) > 1:
                described, failures = waiting.popleft()
                yield described.result(), failures
        for described, failures in waiting:
            yield described.result(), failures
    finally:
        thread.shutdown(cancel_futures=True)


def _describe(
    describer: Describer,
    parts: Collection[str],
    stages: Stages,
    photos: Sequence[tuple[Task, Decoded]],
) -> list[store.Photo]:
    """Describe one batch."""
    if not photos:
        return []
    started = time.perf_counter()
    pixels = np.stack([decoded.pixels for _, decoded in photos])
    descriptions = describer.describe_pixels(pixels, parts)
    stages.describe += time.perf_counter() - started
    return [
        photo_of(task, decoded, description)
        for (task, decoded), description in zip(photos, descriptions, strict=True)
    ]


def photo_of(task: Task, decoded: Decoded, description: Description | None) -> store.Photo:
    """Put together what is known of a photo; its sidecar beats what is written into it."""
    written, unread = decoded.written, None
    sidecar, time = task.file.sidecar, task.file.sidecar_mtime_ns
    if sidecar is not None:
        try:
            written = read_sidecar(sidecar).over(written)
        except OSError as error:  # tried again in the next run
            reason = f"can't be read: {reason_of(error)}"
            unread = store.Failure(sidecar, reason, stage="sidecar")
        except ValueError as error:  # tried again when it is another one
            unread = store.Failure(sidecar, str(error), None, time, "sidecar")
    return store.Photo(
        task.file, task.root, decoded.format, decoded.width, decoded.height,
        decoded.metadata, description, written, decoded.content_hash, unread,
    )  # fmt: skip


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
