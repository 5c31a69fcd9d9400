"""Worker processes that read photos ahead of the captioner: their pixels, or their metadata."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from typing import Generic, TypeVar

from photosearch.files.file import File
from photosearch.indexing.config import IndexOptions
from photosearch.photo.decode import Decoded, decode_file
from photosearch.photo.picture import UndecodableError

MEMORY = 3 << 30
"""Bytes that a decoding process may allocate after its start; large photos may need more."""

PIXEL_MEMORY = 15
"""Bytes that a process may allocate for each pixel of `max_pixels`; the worst formats take 9."""

Read = TypeVar("Read")
Outcome = Decoded | UndecodableError
Decode = Callable[[File, int, int], Decoded]  # size and most pixels, as for `decode_file`

_STEP = 0.25  # seconds between two readings of the clock


def decode_all(
    files: Sequence[File],
    size: int,
    config: IndexOptions,
    ahead: Callable[[], int] = lambda: 64,
    decode: Decode = decode_file,
) -> Iterator[tuple[File, Outcome]]:
    """Decode photos in order, several at a time; see `read_all`.

    Args:
        files: the files to decode.
        size: side of the square, in pixels.
        config: as for `read_all`, and how many pixels a photo may have.
        ahead: as for `read_all`.
        decode: a function that processes can import.
    """
    read = functools.partial(_decode, decode, size, config.max_pixels)
    return read_all(files, read, config, ahead)


def _decode(decode: Decode, size: int, max_pixels: int, file: File) -> Decoded:
    return decode(file, size, max_pixels)


def read_all(
    files: Sequence[File],
    read: Callable[[File], Read],
    config: IndexOptions,
    ahead: Callable[[], int] = lambda: 64,
) -> Iterator[tuple[File, Read | UndecodableError]]:
    """Read photos in order, several at a time.

    If a photo kills its process (a fault in a decoder) or takes too long, it counts as
    undecodable. The other photos are read all the same.

    Args:
        files: the files to read.
        read: a function that processes can import; it raises UndecodableError and nothing else.
        config: how many processes, and how many seconds a photo may take. If there are 0 processes,
            this process reads, without a limit of time or memory.
        ahead: returns the most photos that are read or wait to be read, which bounds memory;
            called for every photo, because the number may change.

    Yields:
        Each file with what was read, or with the reason why nothing was.

    Raises:
        RuntimeError: no process can start.
    """
    if config.workers < 1:
        for file in files:
            yield file, _attempt(read, file)
        return
    team = _Team(min(config.workers, len(files)), read, config)
    waiting: deque[tuple[File, Future[Read | UndecodableError]]] = deque()
    try:
        for file in files:
            waiting.append((file, team.submit(file)))
            while len(waiting) >= ahead():
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        team.close()


class _Team(Generic[Read]):
    """Threads with one process each. A thread starts its process for the first photo.

    If the process is lost, the thread starts a new process. So it is always known which photo a
    process had when it died, and a process that hangs can be killed alone. The processes of an
    executor share one queue: if one process dies, all do.
    """

    def __init__(self, workers: int, read: Callable[[File], Read], config: IndexOptions) -> None:
        self._read = read
        self._config = config
        self._tasks: SimpleQueue[tuple[File, Future[Read | UndecodableError]] | None] = (
            SimpleQueue()
        )
        self._lock = threading.Lock()  # of the two below
        self._processes: set[SpawnProcess] = set()
        self._is_closed = False
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, file: File) -> Future[Read | UndecodableError]:
        """Have a photo read."""
        future: Future[Read | UndecodableError] = Future()
        self._tasks.put((file, future))
        return future

    def close(self) -> None:
        """End all threads and processes, whatever they do."""
        with self._lock:
            self._is_closed = True
            for process in self._processes:
                process.kill()  # the process's thread waits for it, and sees the end of the pipe
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        """Pass photos to a process, and to a new process after each loss, until all are done."""
        process: SpawnProcess | None = None
        pipe: Connection | None = None
        while (task := self._tasks.get()) is not None and not self._is_closed:
            file, future = task
            try:
                if process is None or pipe is None or not process.is_alive():
                    self._end(process, pipe)
                    process, pipe = self._start()
                future.set_result(self._ask(pipe, file))
            except _LostError as lost:
                self._end(process, pipe)
                process = pipe = None
                future.set_result(UndecodableError(str(lost)))
            except Exception as error:  # no process can start: the caller gets this error
                future.set_exception(error)
        self._end(process, pipe)

    def _start(self) -> tuple[SpawnProcess, Connection]:
        """Start a process, and wait until it is ready."""
        # Spawned, because a fork of a process with running threads can hang.
        context = get_context("spawn")
        pipe, far_end = context.Pipe()
        order = (far_end, self._read, self._config)
        process = context.Process(target=_serve, args=order, daemon=True)
        _block_interrupts()
        with self._lock:
            if self._is_closed:
                raise RuntimeError("closed")
            process.start()
            self._processes.add(process)
        far_end.close()  # otherwise the pipe would not end with the process
        try:
            pipe.recv()
        except (EOFError, OSError):
            self._end(process, pipe)
            raise RuntimeError(
                "the decoding processes can't start: guard your script with "
                'if __name__ == "__main__", or use workers=0'
            ) from None
        return process, pipe

    def _ask(self, pipe: Connection, file: File) -> Read | UndecodableError:
        """Have a process read a photo.

        Raises:
            _LostError: the process died, or took too long and must be killed.
        """
        timeout = self._config.file_timeout
        left, before = timeout, time.monotonic()
        try:
            pipe.send(file)
            while not pipe.poll(min(max(left, 0), _STEP)):
                # If a laptop sleeps, one step lasts for hours: by this clock on some systems, by
                # time.time on all. That isn't the photo's fault.
                now = time.monotonic()
                left -= min(now - before, 2 * _STEP)
                before = now
                if left <= 0:
                    raise _LostError(f"took longer than {timeout:g} s to decode")
            outcome: Read | UndecodableError = pipe.recv()
        except (EOFError, OSError):
            raise _LostError("the decoder crashed on it") from None
        return outcome

    def _end(self, process: SpawnProcess | None, pipe: Connection | None) -> None:
        if process is None or pipe is None:
            return
        with self._lock:
            self._processes.discard(process)
        process.kill()
        process.join()
        pipe.close()


class _LostError(Exception):
    """A process is lost; the text says what its photo did."""


def _attempt(read: Callable[[File], Read], file: File) -> Read | UndecodableError:
    try:
        return read(file)
    except UndecodableError as error:
        return error


def _serve(pipe: Connection, read: Callable[[File], Read], config: IndexOptions) -> None:
    """Read photos in this process until the parent closes the pipe."""
    # Ctrl-C is for the parent. The parent then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError, ValueError):  # Windows
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"  # for LibRaw: there is a process for each core already
    _limit_memory(max(MEMORY, PIXEL_MEMORY * config.max_pixels))
    with contextlib.suppress(EOFError, OSError):  # the parent has gone, or closes
        pipe.send(None)  # ready
        while True:
            file: File = pipe.recv()
            pipe.send(_attempt(read, file))


def _block_interrupts() -> None:
    """Block Ctrl-C in the processes that this thread starts: a terminal sends it to all processes.

    Before `_serve` can ignore Ctrl-C, a starting process would answer it with a traceback.
    """
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # its start would unblock the signal again
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _limit_memory(more: int) -> None:
    """Limit the bytes that this process may still allocate; beyond them it gets a MemoryError.

    The system counts addresses: threads and libraries reserve many addresses without using them.
    So the limit is set after all imports, above the addresses that the process has by then.
    """
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as numbers:
            used = int(numbers.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # Windows has no limits, and macOS doesn't keep this limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [used + more, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))


def _die_with_parent() -> None:
    # A busy worker doesn't read its pipe: after the parent was killed, it would work on.
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
