"""A library: one SQLite file of captioned photos. The command line is thin over this class."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from photosearch import database, export, search, store
from photosearch.walk import is_photo_name

if TYPE_CHECKING:
    from photosearch.index import Describer, Observer, Summary

ENVIRONMENT = "PHOTOSEARCH_DB"


def default_path() -> str:
    """Return the library's file: $PHOTOSEARCH_DB, or photosearch.db in the user-data folder."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return named
    from platformdirs import user_data_dir

    return str(Path(user_data_dir("photosearch", appauthor=False)) / "photosearch.db")


class Library:
    """Photos, their captions and the index over both, in one file.

    Not to be shared between threads; several processes may use the same file.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        """Name a library; nothing is opened or made yet.

        Args:
            path: its file; without one, see `default_path`.
        """
        self.path = os.fspath(path) if path is not None else default_path()
        self._reader: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the library may be used again."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def index(
        self,
        folders: Iterable[str | os.PathLike[str]] = (),
        *,
        load: Callable[[], Describer] | None = None,
        device: str = "auto",
        threads: int | None = None,
        batch_size: int = 32,
        workers: int | None = None,
        force: bool = False,
        observer: Observer | None = None,
    ) -> Summary:
        """Caption every new or changed photo in folders; see `photosearch.index.index`.

        Args:
            folders: where to look; without any, those that were indexed before.
            load: gives what captions photos; by default the shipped captioner, which
                imports torch. Called only when there is a photo to caption.
            device: of the shipped captioner: auto, cpu, cuda or mps.
            threads: processor threads of the shipped captioner.
            batch_size: photos captioned and written together.
            workers: decoding processes; 0 decodes in this one. By default one for
                every two processors.
            force: caption known and unchanged photos as well.
            observer: told about progress and skipped files.

        Raises:
            LibraryError: the file can't be used.
            ValueError: the device isn't there.
        """
        from photosearch.index import IndexConfig, Summary, index

        if load is None:

            def load() -> Describer:
                return load_captioner(device, threads)

        if workers is None:
            workers = max(1, (os.cpu_count() or 2) // 2)
        given = [os.path.abspath(folder) for folder in folders]
        if not os.path.exists(self.path) and not any(map(os.path.exists, given)):
            # A mistyped folder must not leave an empty library behind.
            return Summary(unreachable=dict.fromkeys(given, "no such file or directory"))
        connection = database.open_for_writing(self.path)
        try:
            roots = given or store.roots(connection)
            config = IndexConfig(batch_size, workers, force)
            return index(connection, roots, load, config, observer)
        finally:
            connection.close()

    def find(self, query: str, limit: int | None = 20) -> list[search.Result]:
        """Return the photos that match a query, the best first; see `photosearch.search.find`.

        Raises:
            LibraryError: the file is missing or can't be used.
        """
        return search.find(self._open(), query, limit)

    def export(
        self,
        file: str | os.PathLike[str],
        *,
        query: str | None = None,
        limit: int | None = None,
        gps: bool = True,
    ) -> int:
        """Write alt text and metadata as CSV; see `photosearch.export.export`.

        Returns:
            How many photos were written.

        Raises:
            LibraryError: the library's file is missing or can't be used.
            OSError: the CSV can't be written.
            ValueError: the CSV would overwrite a photo or the library.
        """
        target = os.path.realpath(file)
        own = [os.path.realpath(self.path) + ending for ending in ("", "-wal", "-shm")]
        if target in own or is_photo_name(target):
            raise ValueError(f"{os.fspath(file)} is a photo or the library: name a CSV file")
        photos = None if query is None else [r.path for r in self.find(query, limit)]
        return export.export(self._open(), os.fspath(file), photos, limit, gps)

    def stats(self) -> dict[str, Any]:
        """Return counts of photos, captions and failures, the models, and the file's size.

        Raises:
            LibraryError: the file is missing or can't be used.
        """
        return {
            "path": os.path.abspath(self.path),
            **store.stats(self._open()),
            "bytes": database.file_size(self.path),
        }

    def _open(self) -> sqlite3.Connection:
        if self._reader is None:
            self._reader = database.open_for_reading(self.path)
        return self._reader


def load_captioner(device: str, threads: int | None) -> Describer:
    """Load the shipped captioner.

    Raises:
        ValueError: the device is unknown or not there.
    """
    import torch

    from captioner import Captioner

    if threads:
        torch.set_num_threads(threads)
    return Captioner.load(device=device)
