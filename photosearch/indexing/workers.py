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

from photosearch.files.walk import File
from photosearch.photo.decode import Decoded, decode
from photosearch.photo.picture import UndecodableError

FILE_TIMEOUT = 60.0
"""Seconds that a photo may take to decode."""

MEMORY = 3 << 30
"""Bytes that a decoding process may take beyond what it has when it starts."""

Outcome = Decoded | UndecodableError
Decode = Callable[[str, int], Decoded]  # path, size

_STEP = 0.25  # seconds between two looks at the clock


def decode_all(
    files: Sequence[File],
    size: int,
    workers: int,
    ahead: int = 64,
    decode: Decode = decode,
    file_timeout: float = FILE_TIMEOUT,
    memory: int = MEMORY,
) -> Iterator[tuple[File, Outcome]]:
    """Decode photos in order, several at a time.

    A photo that kills its process (a fault in a decoder) or takes too long counts as
    undecodable; no other one suffers from it.

    Args:
        files: what to decode.
        size: side of the square, in pixels.
        workers: processes; 0 decodes in this one, without limits of time and memory.
        ahead: photos decoded or waiting before they are asked for, which bounds memory.
        decode: a function of path and size that processes can import.
        file_timeout: seconds after which a photo's process is killed.
        memory: bytes that a process may take beyond what it starts with, where the system
            can limit that.

    Yields:
        Each file with its pixels, or with the reason that there are none.

    Raises:
        RuntimeError: No process can start.
    """
    if workers < 1:
        for file in files:
            yield file, _attempt(decode, file.path, size)
        return
    team = _Team(min(workers, len(files)), (decode, size, memory), file_timeout)
    waiting: deque[tuple[File, Future[Outcome]]] = deque()
    try:
        for file in files:
            waiting.append((file, team.submit(file.path)))
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

    So it is always known which photo a process had when it died, and one that hangs can be
    killed without the others. An executor's processes share one queue: if one dies, all do.
    """

    def __init__(self, workers: int, order: tuple[Decode, int, int], file_timeout: float) -> None:
        self._order = order
        self._file_timeout = file_timeout
        self._tasks: SimpleQueue[tuple[str, Future[Outcome]] | None] = SimpleQueue()
        self._lock = threading.Lock()  # of the two below
        self._processes: set[SpawnProcess] = set()
        self._is_closed = False
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, path: str) -> Future[Outcome]:
        """Have a photo decoded."""
        future: Future[Outcome] = Future()
        self._tasks.put((path, future))
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
        """Give one process after the other photos, until there are no more."""
        process: SpawnProcess | None = None
        pipe: Connection | None = None
        while (task := self._tasks.get()) is not None and not self._is_closed:
            path, future = task
            try:
                if process is None or pipe is None or not process.is_alive():
                    self._end(process, pipe)
                    process, pipe = self._start()
                future.set_result(_ask(pipe, path, self._file_timeout))
            except _LostError as lost:
                self._end(process, pipe)
                process = pipe = None
                future.set_result(UndecodableError(str(lost)))
            except Exception as error:  # no process can start: the one who asks is to know
                future.set_exception(error)
        self._end(process, pipe)

    def _start(self) -> tuple[SpawnProcess, Connection]:
        """Start a process; it is ready when this returns."""
        # Spawned, because a fork of a process in which torch runs threads can hang.
        context = get_context("spawn")
        pipe, far_end = context.Pipe()
        process = context.Process(target=_serve, args=(far_end, *self._order), daemon=True)
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


def _ask(pipe: Connection, path: str, timeout: float) -> Outcome:
    """Have a process decode a photo.

    Raises:
        _LostError: It died, or took too long and must be killed.
    """
    left, before = timeout, time.monotonic()
    try:
        pipe.send(path)
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


def _attempt(decode: Decode, path: str, size: int) -> Outcome:
    try:
        return decode(path, size)
    except UndecodableError as error:
        return error


def _serve(pipe: Connection, decode: Decode, size: int, memory: int) -> None:
    """Decode photos in this process until nobody asks any more."""
    # Ctrl-C is for the parent, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError, ValueError):  # Windows
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"  # for LibRaw: there is a process for each core already
    _limit_memory(memory)
    with contextlib.suppress(EOFError, OSError):  # the parent has gone, or closes
        pipe.send(None)  # ready
        while True:
            path: str = pipe.recv()
            pipe.send(_attempt(decode, path, size))


def _block_interrupts() -> None:
    """Keep Ctrl-C, which a terminal sends to all, from what this thread starts from now on.

    Python would answer it with a traceback before `_serve` can ignore it.
    """
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # when it starts, it lets the signal through again
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _limit_memory(more: int) -> None:
    """Let this process take so many bytes more; then it gets a MemoryError, not the machine.

    Counted in addresses, of which threads and libraries reserve plenty without using them: so
    it is counted from what is there when all is imported.
    """
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as numbers:
            used = int(numbers.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):  # Windows has no limits, macOS doesn't keep this one
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
