"""Processes that decode photos ahead of the captioner."""

from __future__ import annotations

import contextlib
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

from photosearch.files.file import File
from photosearch.indexing.config import IndexOptions
from photosearch.photo.decode import Decoded, decode_file
from photosearch.photo.picture import UndecodableError

MEMORY = 3 << 30
"""Bytes that a decoding process may take beyond what it has when it starts, or more: see below."""

PIXEL_MEMORY = 15
"""Bytes that it may take for each pixel allowed; the worst formats take 9."""

Outcome = Decoded | UndecodableError
Decode = Callable[[File, int, int], Decoded]  # size and most pixels, as for `decode_file`

_STEP = 0.25  # seconds between two looks at the clock


def decode_all(
    files: Sequence[File],
    size: int,
    config: IndexOptions,
    ahead: int = 64,
    decode: Decode = decode_file,
) -> Iterator[tuple[File, Outcome]]:
    """Decode photos in order, several at a time.

    A photo that kills its process (a fault in a decoder) or takes too long counts as
    undecodable; the other photos don't suffer from it.

    Args:
        files: what to decode.
        size: side of the square, in pixels.
        config: how many processes, how many seconds a photo may take, and how many pixels it may
            have. Without processes, photos are decoded in this one, without a limit of time or
            memory.
        ahead: photos decoded or waiting before they are asked for, which bounds memory.
        decode: a function that processes can import.

    Yields:
        Each file with its pixels, or with the reason that there are none.

    Raises:
        RuntimeError: no process can start.
    """
    if config.workers < 1:
        for file in files:
            yield file, _attempt(decode, file, size, config)
        return
    team = _Team(min(config.workers, len(files)), decode, size, config)
    waiting: deque[tuple[File, Future[Outcome]]] = deque()
    try:
        for file in files:
            waiting.append((file, team.submit(file)))
            if len(waiting) >= ahead:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        team.close()


class _Team:
    """Threads that own one process each, started for its first photo and after each loss.

    So it is always known which photo a process had when it died, and a process that hangs can be
    killed alone. The processes of an executor share one queue: if one of them dies, all do.
    """

    def __init__(self, workers: int, decode: Decode, size: int, config: IndexOptions) -> None:
        self._decode = decode
        self._size = size
        self._config = config
        self._tasks: SimpleQueue[tuple[File, Future[Outcome]] | None] = SimpleQueue()
        self._lock = threading.Lock()  # of the two below
        self._processes: set[SpawnProcess] = set()
        self._is_closed = False
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, file: File) -> Future[Outcome]:
        """Have a photo decoded."""
        future: Future[Outcome] = Future()
        self._tasks.put((file, future))
        return future

    def close(self) -> None:
        """End all threads and processes, whatever they do."""
        with self._lock:
            self._is_closed = True
            for process in self._processes:
                process.kill()  # its thread, which waits for it, sees the end of the pipe
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
                future.set_result(_ask(pipe, file, self._config.file_timeout))
            except _LostError as lost:
                self._end(process, pipe)
                process = pipe = None
                future.set_result(UndecodableError(str(lost)))
            except Exception as error:  # no process can start: raised where the result is taken
                future.set_exception(error)
        self._end(process, pipe)

    def _start(self) -> tuple[SpawnProcess, Connection]:
        """Start a process; it is ready when this returns."""
        # Spawned, because a fork of a process with running threads can hang.
        context = get_context("spawn")
        pipe, far_end = context.Pipe()
        order = (far_end, self._decode, self._size, self._config)
        process = context.Process(target=_serve, args=order, daemon=True)
        _block_interrupts()
        with self._lock:
            if self._is_closed:
                raise RuntimeError("closed")
            process.start()
            self._processes.add(process)
        far_end.close()  # or the pipe would not end with the process
        try:
            pipe.recv()
        except (EOFError, OSError):
            self._end(process, pipe)
            raise RuntimeError(
                "the decoding processes can't start: guard your script with "
                'if __name__ == "__main__", or use workers=0'
            ) from None
        return process, pipe

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


def _ask(pipe: Connection, file: File, timeout: float) -> Outcome:
    """Have a process decode a photo.

    Raises:
        _LostError: the process died, or took too long and must be killed.
    """
    left, before = timeout, time.monotonic()
    try:
        pipe.send(file)
        while not pipe.poll(min(max(left, 0), _STEP)):
            # A laptop that sleeps makes one step last for hours on some systems, even by this
            # clock (and on all of them by time.time). That isn't the photo's fault.
            now = time.monotonic()
            left -= min(now - before, 2 * _STEP)
            before = now
            if left <= 0:
                raise _LostError(f"took longer than {timeout:g} s to decode")
        outcome: Outcome = pipe.recv()
    except (EOFError, OSError):
        raise _LostError("the decoder crashed on it") from None
    return outcome


def _attempt(decode: Decode, file: File, size: int, config: IndexOptions) -> Outcome:
    try:
        return decode(file, size, config.max_pixels)
    except UndecodableError as error:
        return error


def _serve(pipe: Connection, decode: Decode, size: int, config: IndexOptions) -> None:
    """Decode photos in this process until nobody asks any more."""
    # Ctrl-C is for the parent, which then ends this process.
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
            pipe.send(_attempt(decode, file, size, config))


def _block_interrupts() -> None:
    """Keep Ctrl-C, which a terminal sends to all processes, from those this thread starts.

    A process that starts would answer Ctrl-C with a traceback before `_serve` can ignore it.
    """
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # when it starts, it lets the signal through again
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _limit_memory(more: int) -> None:
    """Let this process take so many bytes more, before it gets a MemoryError.

    The system counts addresses, of which threads and libraries reserve plenty without using them.
    So the limit is set when all is imported, above what the process has then.
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
    # A busy worker doesn't look at its pipe: a killed parent would leave it at work.
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
