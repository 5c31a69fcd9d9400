"""Batches: photos that are read together, described together and written in one transaction."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic

import numpy as np

from captioner.describe.describer import Describer
from captioner.describe.description import Description
from photosearch.files.file import File
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.scan import Task
from photosearch.indexing.summary import Stages
from photosearch.indexing.workers import Read, decode_all, read_all
from photosearch.photo.decode import Decoded
from photosearch.photo.metadata import Metadata, read_metadata
from photosearch.photo.opened import UnreachableError
from photosearch.photo.picture import UndecodableError
from photosearch.store.failures import Failure, Stage
from photosearch.store.photos import Photo


@dataclass(frozen=True, slots=True)
class ReadBatch(Generic[Read]):
    """Photos that were read, and the files that couldn't be read meanwhile."""

    photos: list[tuple[Task, Read]]
    failures: list[Failure]
    stages: Stages


@dataclass(frozen=True, slots=True)
class DescribedBatch:
    """Photos to write in one transaction, and the files that couldn't be decoded meanwhile."""

    photos: list[Photo]
    failures: list[Failure]
    stages: Stages


def decode_batches(
    todo: Sequence[Task], size: int, config: IndexOptions, batch_size: Callable[[], int]
) -> Iterator[ReadBatch[Decoded]]:
    """Yield decoded photos in full batches, with the failures that came between them.

    Photos fill a batch, files that can't be decoded don't. So after a kill the remaining photos
    fall into the same batches, and the captions are the same to the last bit.

    Args:
        todo: the files to decode, in this order.
        size: side of the square to decode to, in pixels.
        config: processes and limits.
        batch_size: returns the size; called for every photo, because the size may change.
    """
    outcomes = decode_all(
        [task.file for task in todo], size, config, lambda: 2 * max(batch_size(), config.workers)
    )
    return _batches(todo, outcomes, batch_size)


def metadata_batches(
    todo: Sequence[Task], config: IndexOptions, batch_size: int
) -> Iterator[ReadBatch[Metadata]]:
    """Yield the metadata of photos, read without their pixels, in full batches.

    Args:
        todo: the files to read, in this order.
        config: processes and the limit of time.
        batch_size: photos in a batch.
    """
    files = [task.file for task in todo]
    outcomes = read_all(files, read_metadata, config, lambda: 2 * max(batch_size, config.workers))
    return _batches(todo, outcomes, lambda: batch_size)


def _batches(
    todo: Sequence[Task],
    outcomes: Iterator[tuple[File, Read | UndecodableError]],
    batch_size: Callable[[], int],
) -> Iterator[ReadBatch[Read]]:
    """Yield what was read in full batches, with the failures that came between."""
    photos: list[tuple[Task, Read]] = []
    failures: list[Failure] = []
    waited, asked = 0.0, time.perf_counter()
    for task, (file, outcome) in zip(todo, outcomes, strict=True):
        waited += time.perf_counter() - asked
        if isinstance(outcome, UnreachableError):
            failures.append(Failure(file.path, str(outcome)))  # as if it had changed
        elif isinstance(outcome, UndecodableError):
            failures.append(Failure(file.path, str(outcome), file.size, file.mtime_ns))
        else:
            photos.append((task, outcome))
        if len(photos) >= batch_size():
            yield ReadBatch(photos, failures, Stages(decode=waited))
            photos, failures, waited = [], [], 0.0
        elif len(failures) >= batch_size():
            yield ReadBatch([], failures, Stages(decode=waited))
            failures, waited = [], 0.0
        asked = time.perf_counter()
    if photos or failures:
        yield ReadBatch(photos, failures, Stages(decode=waited))


def describe_batches(
    batches: Iterable[ReadBatch[Decoded]], describer: Describer, parts: Collection[str]
) -> Iterator[DescribedBatch]:
    """Describe batches in a thread. A batch is described while the batch before it is written.

    Meanwhile another thread puts the pixels of the next batch together.

    Args:
        batches: decoded photos.
        describer: describes the photos.
        parts: the parts of the descriptions to make.
    """
    waiting: deque[Future[DescribedBatch]] = deque()
    stacker, thread = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
    try:
        for batch in batches:
            pixels = stacker.submit(_stack, batch)
            waiting.append(thread.submit(_describe, batch, pixels, describer, parts))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        for described in waiting:
            yield described.result()
    finally:
        thread.shutdown(cancel_futures=True)  # before the stacker: what it describes may wait
        stacker.shutdown(cancel_futures=True)


def _stack(batch: ReadBatch[Decoded]) -> np.ndarray | None:
    """Return the pixels of a batch, uint8 (B, S, S, 3); None: it has no photos."""
    photos = batch.photos
    return np.stack([decoded.pixels for _, decoded in photos]) if photos else None


def _describe(
    batch: ReadBatch[Decoded],
    stacked: Future[np.ndarray | None],
    describer: Describer,
    parts: Collection[str],
) -> DescribedBatch:
    """Describe one batch."""
    pixels = stacked.result()
    if pixels is None:
        return DescribedBatch([], batch.failures, batch.stages)
    started = time.perf_counter()
    descriptions = describer.describe_pixels(pixels, parts)
    stages = batch.stages + Stages(describe=time.perf_counter() - started)
    photos = [
        photo_of(task, decoded, description)
        for (task, decoded), description in zip(batch.photos, descriptions, strict=True)
    ]
    return DescribedBatch(photos, batch.failures, stages)


def photo_of(
    task: Task, decoded: Decoded | Metadata, description: Description | None = None
) -> Photo:
    """Return a photo to write; without a description, the library keeps the known description.

    If only its metadata were read, the library keeps what it knows of the picture, too.
    """
    unread = decoded.unread_sidecar
    failure = None
    if unread is not None:
        # Without a time, the next run tries the sidecar again. With a time, it is tried again when
        # its time has changed.
        mtime_ns = task.file.sidecar_mtime_ns if unread.damaged else None
        failure = Failure(unread.path, unread.reason, None, mtime_ns, Stage.SIDECAR)
    picture: tuple[str | None, int | None, int | None] = (None, None, None)
    if isinstance(decoded, Decoded):
        picture = (decoded.format, decoded.width, decoded.height)
    return Photo(
        task.file, task.root, *picture, decoded.exif, description, decoded.user_metadata,
        decoded.content_hash, failure,
    )  # fmt: skip
