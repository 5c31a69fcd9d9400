"""A library: one SQLite file of captioned photos. The command line is thin over this class."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

from captioner.describe.background import Background
from photosearch.errors import PhotosearchError, UnknownPathError, UsageError
from photosearch.files.paths import outermost, paths_of, spelled
from photosearch.location import default_path
from photosearch.search.query import Query, Ranker
from photosearch.search.text_tower import load_text_tower
from photosearch.store import database
from photosearch.store.lock import changing
from photosearch.store.roots import as_listed, outer_roots
from photosearch.text import searchable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from captioner.describe.sentence_encoder import SentenceEncoder
    from photosearch.indexing.config import DescribeOptions, IndexOptions, WatchOptions
    from photosearch.indexing.protocols import Describer, Observer
    from photosearch.indexing.summary import Summary
    from photosearch.repair.doctor import Report
    from photosearch.repair.salvage import Salvaged
    from photosearch.search.meaning import Meaning
    from photosearch.search.results import Hits
    from photosearch.search.searcher import Searcher

StrPath = str | os.PathLike[str]


class Library:
    """Photos, their captions and the index over both, in one file.

    Threads must not share one; several processes may use the same file. Every method that needs
    the file raises a LibraryError where it is missing, is no library or can't be used; only
    `index` and `watch` make it. A method that changes what the library knows of folders raises a
    BusyError, which is a LibraryError, while another process does so.
    """

    def __init__(
        self,
        path: StrPath | None = None,
        *,
        load_encoder: Callable[[], SentenceEncoder] | None = None,
    ) -> None:
        """Name a library; nothing is opened or made yet.

        Args:
            path: its file; without one, see `photosearch.location`.
            load_encoder: gives what turns sentences into vectors; by default the shipped
                one. Called at the first search that needs it.
        """
        self.path = os.fspath(path) if path is not None else default_path()
        self._load_encoder = load_encoder or load_text_tower
        self._encoder: Background[SentenceEncoder] | None = None
        self._reader: sqlite3.Connection | None = None
        self._searcher: Searcher | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the library may be used again."""
        if self._reader is not None:
            self._reader.close()
            self._reader = self._searcher = None

    def index(
        self,
        folders: Iterable[StrPath] = (),
        options: IndexOptions | None = None,
        *,
        describing: DescribeOptions | None = None,
        load: Callable[[], Describer] | None = None,
        notify: Callable[[str], None] = lambda text: None,
        observer: Observer | None = None,
        **values: Any,
    ) -> Summary:
        """Describe every new or changed photo in folders.

        Args:
            folders: where to look; without any, those that were indexed before.
            options: how to index.
            describing: what the shipped model runs on.
            load: gives what describes photos, in place of the shipped model. Called only when
                there is a photo to describe.
            notify: told in a line what takes long.
            observer: told about progress and skipped files.
            values: fields of `IndexOptions` and `DescribeOptions` by name, in place of what
                `options` and `describing` say; None stands for what holds without it.

        Raises:
            RuntimeError: the decoding processes can't start: a script needs the guard
                `if __name__ == "__main__"`, or `workers=0`.
            TypeError: folders is a single path, or a value has an unknown name.
            UsageError: the engine or the device isn't there, a number is beyond its limits, a
                pattern is none, or `upgrade` is asked for with `load`.
        """
        from photosearch.indexing.job import job

        work = job(self.path, options, describing, load, notify, values)
        return work.run(paths_of(folders), observer)

    def watch(
        self,
        folders: Iterable[StrPath] = (),
        options: IndexOptions | None = None,
        *,
        config: WatchOptions | None = None,
        describing: DescribeOptions | None = None,
        load: Callable[[], Describer] | None = None,
        notify: Callable[[str], None] = lambda text: None,
        observing: Callable[[], contextlib.AbstractContextManager[Observer]] | None = None,
        **values: Any,
    ) -> Iterator[tuple[Summary, float]]:
        """Index folders, and again what changes in them; see `photosearch.indexing.watch`.

        Args:
            folders: what to watch; without any, those that were indexed before.
            options: as for `index`. What `force`, `upgrade` and `retry` ask for is done in the
                first run.
            config: how long to wait, and how changes are found.
            describing: as for `index`.
            load: as for `index`; called once at most.
            notify: told in a line what is missing, what waits and what takes long.
            observing: gives the observer of each run.
            values: as for `index`.

        Yields:
            What came of each run, and how many seconds it took.

        Raises:
            WatchError: the system can't watch these folders.
            RuntimeError: as `index` does.
            TypeError: as `index` does.
            UsageError: no folder is given or known, or as `index` does.
        """
        from photosearch.indexing.config import WatchOptions
        from photosearch.indexing.job import job
        from photosearch.indexing.protocols import Silent
        from photosearch.indexing.watch import keep_fresh
        from photosearch.store.known import knows

        roots = outermost(paths_of(folders))
        if os.path.exists(self.path):
            known = outer_roots(self._open())
            roots = outermost(spelled(roots, known)) or known
        if not roots:
            raise UsageError("which folder? photosearch watch FOLDER")
        work = job(self.path, options, describing, load, notify, values)
        return keep_fresh(
            work.run, self.path, roots, lambda folder: knows(self._open(), folder),
            observing or (lambda: contextlib.nullcontext(Silent())), notify,
            config or WatchOptions(),
        )  # fmt: skip

    def prune(self, *, dry_run: bool = False) -> int:
        """Forget photos whose files are gone, with all that was known of them.

        A photo in a folder that can't be reached now (an unplugged drive) is kept, and so is
        one whose file is there.

        Args:
            dry_run: only count.

        Returns:
            How many photos.
        """
        from photosearch.store.removal import prune

        with self._changing() as connection:
            return prune(connection, dry_run=dry_run)

    def forget(self, folder: StrPath) -> int:
        """Take a folder out of the library: its photos, their captions and edits.

        Returns:
            How many photos.

        Raises:
            UnknownPathError: the library knows nothing of the folder.
        """
        from photosearch.store.folders import forget

        with self._changing() as connection:
            return forget(connection, folder)

    def root_above(self, folder: StrPath) -> str | None:
        """Return the folder that was given to index and whose walk comes to this one, if any."""
        from photosearch.store.folders import root_above

        return root_above(self._open(), folder)

    def relocate(self, old: StrPath, new: StrPath) -> int:
        """Move all that is known of a folder to another one, without reading a photo.

        Args:
            old: a folder of the library, or one above or below such a folder.
            new: where its photos lie now.

        Returns:
            How many photos.

        Raises:
            UnknownPathError: the library knows nothing of the old folder.
            UsageError: the new one isn't there or has none of its photos, or it holds photos
                that the library knows as well.
        """
        from photosearch.store.folders import relocate

        with self._changing() as connection:
            return relocate(connection, old, new)

    def failures(self) -> list[dict[str, str]]:
        """Return the files and folders that can't be read, by path."""
        from photosearch.store.failures import list_failures

        return list_failures(self._open())

    def doctor(self, *, check: bool = False) -> Report:
        """Look for what is wrong, and repair what is safe; see `photosearch.repair.doctor.examine`.

        Args:
            check: only look.

        Returns:
            What was found. Damage to the file is told there, and is left alone.
        """
        from photosearch.repair.doctor import visit

        self.close()
        return visit(self.path, check=check)

    def salvage(self, file: StrPath) -> Salvaged:
        """Write what can be read of a damaged library into a new file; this one stays as it is.

        Returns:
            What was saved, and what wasn't.

        Raises:
            LibraryError: nothing can be read, or the new file can't be written.
            UsageError: there is something at `file`.
        """
        from photosearch.repair.salvage import salvage

        return salvage(self.path, os.fspath(file))

    def find(
        self,
        query: str = "",
        limit: int | None = 20,
        *,
        ranker: str = Ranker.FUSED,
        fields: Sequence[str] | None = None,
        min_score: float | None = None,
        like: StrPath | None = None,
        load: Callable[[], Describer] | None = None,
        notify: Callable[[str], None] = lambda text: None,
    ) -> Hits:
        """Return the photos that match, the best first; see `photosearch.search.searcher`.

        Args:
            query: what a person types.
            limit: results at most; None for all.
            ranker: one of `photosearch.search.query.Ranker`, or its name.
            fields: names of `photosearch.store.search_fields.SEARCH_FIELDS`, the only ones that
                words are looked for in.
            min_score: results below it are left out; None: the ranker's own threshold.
            like: a photo, in the library or not; photos that look like it are found.
            load: gives what describes `like` if it isn't in the library; by default the shipped
                captioner.
            notify: told in a line what takes long.

        Raises:
            UsageError: an unknown ranker or field, `min_score` is not a number, or `like` is not
                there or can't be read.
        """
        path = None if like is None else as_listed(self._open(), like)
        asked = Query(query, limit, Ranker.named(ranker), fields, min_score, path)

        def describe(path: str) -> np.ndarray:
            from photosearch.indexing.outside import vector_of_file

            return vector_of_file(path, load, notify)

        if asked.asks and asked.ranker.asks_vectors:
            self._begin_to_load()  # while the modules of searching are imported
        return self.searcher().find(asked, describe)

    def edit(self, photo: StrPath, caption: str | None) -> None:
        """Keep a person's caption of a photo; it is shown, searched and exported first.

        Args:
            photo: its path.
            caption: one line; None goes back to the generated one.

        Raises:
            UnknownPathError: the library doesn't know the photo.
            UsageError: the caption is empty.
        """
        from photosearch.store.edits import write_edit

        text = None if caption is None else " ".join(searchable(caption).split())
        if text == "":
            raise UsageError("the caption is empty")
        self._open()
        with contextlib.closing(database.open_for_writing(self.path)) as connection:
            if not write_edit(connection, as_listed(connection, photo), text):
                raise UnknownPathError(
                    f"{os.fspath(photo)} is not in the library", "index its folder first"
                )

    def export(
        self,
        file: StrPath,
        *,
        query: str | None = None,
        limit: int | None = None,
        gps: bool = True,
    ) -> int:
        """Write alt text and metadata as CSV; see `photosearch.export.export`.

        Returns:
            How many photos were written.

        Raises:
            OSError: the CSV can't be written.
            UsageError: the CSV would overwrite a photo or the library.
        """
        from photosearch import export
        from photosearch.files.names import is_photo_name

        target = os.path.realpath(file)
        own = [os.path.realpath(self.path) + ending for ending in database.ENDINGS]
        if target in own or is_photo_name(target):
            raise UsageError(f"{os.fspath(file)} is a photo or the library: name a CSV file")
        photos = None if query is None else [r.path for r in self.find(query, limit)]
        return export.export(self._open(), os.fspath(file), photos, limit, gps)

    def stats(self) -> dict[str, Any]:
        """Return counts of photos, captions and failures, the models, and the file's size."""
        from photosearch.store.statistics import stats

        return {
            "path": os.path.abspath(self.path),
            **stats(self._open()),
            "bytes": database.file_size(self.path),
        }

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        self._open()  # a library that isn't there must not be made
        with changing(self.path) as connection:
            yield connection

    def _open(self) -> sqlite3.Connection:
        if self._reader is not None and not os.path.exists(self.path):
            self.close()  # what it has open is nowhere any more
        if self._reader is None:
            self._reader = database.open_for_reading(self.path)
        return self._reader

    def searcher(self) -> Searcher:
        """Return what searches this library."""
        connection = self._open()
        if self._searcher is None:
            from photosearch.search.searcher import Searcher

            self._searcher = Searcher(connection, self._meaning)
        return self._searcher

    def _begin_to_load(self) -> Background[SentenceEncoder] | None:
        """Load the text tower in a thread, if the library has vectors."""
        if self._encoder is None:
            query = "SELECT 1 FROM vectors LIMIT 1"
            if self._open().execute(query).fetchone() is not None:
                self._encoder = Background(self._load_encoder)
        return self._encoder

    def _meaning(self) -> Meaning | None:
        encoder = self._begin_to_load()
        if encoder is None:
            return None
        from photosearch.search import meaning

        try:
            return meaning.load(self._open(), encoder())
        except PhotosearchError:
            self._encoder = None  # the next search tries again
            raise
