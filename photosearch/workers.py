"""Processes that decode photos ahead of the captioner."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process

from photosearch.decode import Decoded, UndecodableError, decode
from photosearch.walk import File

Outcome = Decoded | UndecodableError
Decode = Callable[[str, int], Decoded]  # path, size


def decode_all(
    files: Sequence[File], size: int, workers: int, ahead: int = 64, decode: Decode = decode
) -> Iterator[tuple[File, Outcome]]:
    """Decode photos in order, several at a time.

    A photo that kills its process (a fault in a decoder, too little memory) counts as
    undecodable; the others that were on their way are decoded again.

    Args:
        files: what to decode.
        size: side of the square, in pixels.
        workers: processes; 0 decodes in this one.
        ahead: photos decoded or waiting before they are asked for, which bounds memory.
        decode: a function of path and size that processes can import.

    Yields:
        Each file with its pixels, or with the reason that there are none.
    """
    if workers < 1:
        for file in files:
            yield file, _attempt(decode, file.path, size)
        return
    start, suspects = 0, 0
    while start < len(files):
        # After a crash the photos that were under way go one at a time through a pool
        # of one process, so that the guilty one is known.
        alone = suspects > 0
        stop = start + suspects if alone else len(files)
        suspects = 0
        pool = _pool(1 if alone else workers)
        ready = pool.submit(os.getpid)  # fails only where no process can start at all
        try:
            for outcome in _ordered(pool, files[start:stop], size, 1 if alone else ahead, decode):
                yield files[start], outcome
                start += 1
        except BrokenProcessPool:
            if alone:
                if ready.exception() is not None:
                    raise RuntimeError(
                        "the decoding processes can't start: guard your script with "
                        'if __name__ == "__main__", or use workers=0'
                    ) from None
                yield files[start], UndecodableError("the decoder crashed on it")
                start += 1
                suspects = stop - start
            else:
                suspects = min(ahead, len(files) - start)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _ordered(
    pool: ProcessPoolExecutor, files: Sequence[File], size: int, ahead: int, decode: Decode
) -> Iterator[Outcome]:
    """Yield what comes of each file, keeping at most `ahead` of them under way."""
    waiting: deque[Future[Outcome]] = deque()
    for file in files:
        waiting.append(pool.submit(_attempt, decode, file.path, size))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _attempt(decode: Decode, path: str, size: int) -> Outcome:
    try:
        return decode(path, size)
    except UndecodableError as error:
        return error


def _pool(workers: int) -> ProcessPoolExecutor:
    # Spawned, because a fork of a process in which torch runs threads can hang.
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker)


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, and never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError, ValueError):  # Windows
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    # A worker waits on a pipe that it holds open itself, so a killed parent would
    # leave it waiting for ever.
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
