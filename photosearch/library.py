"""The library: one SQLite file of captioned photos, as a class that the command line uses."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from photosearch.errors import MissingModelError, UnknownPathError, UsageError, loading_model
from photosearch.files.paths import outermost, paths_of, spelled
from photosearch.location import default_path
from photosearch.search.query import Query, Ranker
from photosearch.search.text_tower import TextTower
from photosearch.store import database
from photosearch.store.roots import as_listed, outer_roots
from photosearch.text import searchable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from captioner.describe.describer import Describer
    from captioner.describe.sentence_encoder import SentenceEncoder
    from captioner.doctor import Health
    from photosearch.indexing.config import DescribeOptions, IndexOptions, WatchOptions
    from photosearch.indexing.observer import Observer
    from photosearch.indexing.summary import Summary
    from photosearch.repair.doctor import Report
    from photosearch.repair.salvage import Salvaged
    from photosearch.search.results import Hits
    from photosearch.search.searcher import Searcher

StrPath = str | os.PathLike[str]


class Library:
    """Photos, their captions and the index over both, in one file.

    Threads must not share a `Library`. Several processes may use the same file. If the file is
    missing, is no library or can't be used, every method that needs it raises a LibraryError; only
    `index` and `watch` make the file. While another process changes what the library knows of
    folders, a method that changes the same raises a BusyError, which is a LibraryError.
    """

    def __init__(
        self,
        path: StrPath | None = None,
        *,
        model: StrPath | None = None,
        load_encoder: Callable[[], SentenceEncoder] | None = None,
    ) -> None:
        """Name a library; nothing is opened or made yet.

        Args:
            path: the library's file; None: see `photosearch.location`.
            model: folder of the model that describes photos and reads queries, or "shipped". The
                library remembers the folder when it is indexed. None: the folder that it remembers,
                or else the shipped model.
            load_encoder: returns a sentence encoder, in place of the model's text tower. Called at
                the first search that needs it.
        """
        self.path = os.fspath(path) if path is not None else default_path()
        self._tower = TextTower(self.path, model, load_encoder)
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
            folders: with photos; if there are none, the folders of earlier runs.
            options: how to index.
            describing: what the model runs on.
            load: returns the describer of photos, in place of the model. Called only if there is a
                photo to describe.
            notify: called with a line about what takes long, and about a change of model.
            observer: called on progress and on skipped files.
            values: fields of `IndexOptions` and `DescribeOptions` by name. They replace the fields
                of `options` and `describing`; None is the same as no value.

        Raises:
            RuntimeError: the decoding processes can't start: a script needs the guard
                `if __name__ == "__main__"`, or `workers=0`.
            TypeError: `folders` is a single path, `exclude` is a single pattern, or a value has an
                unknown name.
            UsageError: the engine or the device can't be used, a number is beyond its limits, a
                pattern can't be used, or `upgrade` is asked for with `load`.
            ModelError: the model's files are missing or damaged.
        """
        from photosearch.indexing.job import job

        work = job(self.path, options, describing, load, notify, values, self._tower.named)
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
            folders: to watch; if there are none, the folders of earlier runs.
            options: as for `index`. `force`, `upgrade`, `retry` and `metadata` hold for the first
                run only.
            config: how long to wait, and how changes are found.
            describing: as for `index`.
            load: as for `index`; called once at most.
            notify: called with a line about what is missing, what waits and what takes long.
            observing: returns the observer of each run.
            values: as for `index`.

        Yields:
            The summary of each run, and how many seconds the run took.

        Raises:
            WatchError: the system can't watch these folders.
            RuntimeError, TypeError: as `index` does.
            UsageError: no folder is given or known, or as `index` does.
        """
        from photosearch.indexing.config import WatchOptions
        from photosearch.indexing.job import job
        from photosearch.indexing.observer import Silent
        from photosearch.indexing.watch import keep_fresh
        from photosearch.store.known import knows

        roots = outermost(paths_of(folders))
        if os.path.exists(self.path):
            known = outer_roots(self._open())
            roots = outermost(spelled(roots, known)) or known
        if not roots:
            raise UsageError("which folder? photosearch watch FOLDER")
        work = job(self.path, options, describing, load, notify, values, self._tower.named)
        return keep_fresh(
            work.run, self.path, roots, lambda folder: knows(self._open(), folder),
            observing or (lambda: contextlib.nullcontext(Silent())), notify,
            config or WatchOptions(),
        )  # fmt: skip

    def prune(self, *, dry_run: bool = False) -> int:
        """Forget photos whose files are gone, with all that was known of them.

        If a photo's folder can't be reached now (an unplugged drive), the photo is kept. If its
        file exists, it is kept too.

        Args:
            dry_run: count only.

        Returns:
            How many photos were forgotten, or would be.
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
        """Return the root whose walk comes to a folder, or None."""
        from photosearch.store.folders import root_above

        return root_above(self._open(), folder)

    def relocate(self, old: StrPath, new: StrPath) -> int:
        """Move all that is known of a folder to another one, without reading a photo.

        Args:
            old: a folder of the library, or a folder above or below it.
            new: where its photos lie now.

        Returns:
            How many photos.

        Raises:
            UnknownPathError: the library knows nothing of the old folder.
            UsageError: the new folder doesn't exist, holds no photo of the old folder, or holds
                photos that the library knows as well.
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
            check: repair nothing.

        Returns:
            What was found. If the file is damaged, the report says so, and the file stays as it is.
        """
        from photosearch.repair.doctor import visit

        self.close()
        return visit(self.path, check=check, model=self._tower.named)

    def check_model(self, notify: Callable[[str], None] = lambda text: None) -> Health:
        """Check that the parts of the model in use belong together; see `captioner.doctor`.

        Raises:
            ModelError: the folder holds no model, or is not there.
        """
        from captioner import doctor

        with loading_model():
            return doctor.examine(self._tower.folder(self._open()), notify=notify)

    def salvage(self, file: StrPath) -> Salvaged:
        """Write what can be read of a damaged library into a new file; the damaged file stays.

        Returns:
            What was saved, and what was not.

        Raises:
            LibraryError: nothing can be read, or the new file can't be written.
            UsageError: `file` exists already.
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
            fields: names of `photosearch.store.search_fields.SEARCH_FIELDS`. Words are looked for
                in these fields only; None: in all.
            min_score: the threshold: results of a lower score are left out; None: the ranker's own.
            like: a photo, in the library or not; photos that look like it are found.
            load: if `like` isn't in the library, returns its describer; by default the model's
                captioner.
            notify: called with a line about what takes long, and if words alone rank because the
                model folder that the library remembers is not there.

        Raises:
            UsageError: the ranker or a field is unknown, `min_score` is not a number, or `like`
                can't be a path, doesn't exist or can't be read.
            ModelError: the model's files can't be used, or the query needs vectors, and the model
                is not there.
        """
        path = None if like is None else as_listed(self._open(), like)
        asked = Query(query, limit, Ranker.named(ranker), fields, min_score, path)

        def describe(path: str) -> np.ndarray:
            from photosearch.indexing.outside import vector_of_file

            return vector_of_file(path, load, notify, self._tower.folder(self._open()))

        if not (asked.asks and asked.ranker.asks_vectors):
            return self.searcher().find(asked, describe)
        try:  # first: a thread opens it while the modules of search are imported
            self._tower.encoder(self._open())
        except MissingModelError as error:
            if like is not None or not asked.ranker.asks_words:
                raise
            from photosearch.search.searcher import Searcher

            notify(f"words alone rank: {error}")
            hits = Searcher(self._open(), lambda: None).find(asked)
            return replace(hits, words_only=0)  # `index --upgrade` would mend nothing
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
        with database.writing(self.path) as connection:
            if not write_edit(connection, as_listed(connection, photo), text):
                raise UnknownPathError(
                    f"{os.fspath(photo)} is not in the library", "index its folder first"
                )

    def export(
        self, file: StrPath, *, query: str | None = None, only_sure: bool = False,
        limit: int | None = None, gps: bool = True, excel: bool = False,
    ) -> int:  # fmt: skip
        """Write a CSV of all photos, or of those that `query` finds; see `photosearch.export`.

        Returns:
            How many photos were written.

        Raises:
            OSError: the CSV can't be written.
            UsageError: the CSV would overwrite a photo or the library.
        """
        from photosearch import export

        export.refuse_target(os.fspath(file), self.path)
        photos = None
        if query is not None:
            photos = [(r.path, r.sure) for r in self.find(query, limit) if r.sure or not only_sure]
        return export.export(self._open(), os.fspath(file), photos, limit, gps, excel=excel)

    def stats(self) -> dict[str, Any]:
        """Return counts of photos, captions and failures, the models, and the file's size."""
        from photosearch.store.statistics import stats

        told = stats(self._open())
        return {"path": os.path.abspath(self.path), **told, "bytes": database.file_size(self.path)}

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        self._open()  # raises if there is no library: it must not be made here
        with database.changing(self.path) as connection:
            yield connection

    def _open(self) -> sqlite3.Connection:
        if self._reader is not None and not os.path.exists(self.path):
            self.close()  # the open file was deleted or replaced
        if self._reader is None:
            self._reader = database.open_for_reading(self.path)
        return self._reader

    def searcher(self) -> Searcher:
        """Return what searches this library."""
        connection = self._open()
        if self._searcher is None:
            from photosearch.search.searcher import Searcher

            self._searcher = Searcher(connection, lambda: self._tower.meaning(connection))
        return self._searcher
