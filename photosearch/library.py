"""A library: one SQLite file of captioned photos. The command line is thin over this class."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from photosearch import export
from photosearch.errors import UnknownPathError, UsageError
from photosearch.files.ignore import reach
from photosearch.files.paths import absolute, is_below, outermost, paths_of, spelled
from photosearch.files.walk import is_photo_name
from photosearch.search.query import Query, Ranker
from photosearch.store import database
from photosearch.store import moves as paths
from photosearch.store import photos as store
from photosearch.store.descriptions import write_edit
from photosearch.store.lock import changing
from photosearch.store.roots import as_listed, outer_roots
from photosearch.text import display, searchable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from captioner.describe.sentence_encoder import SentenceEncoder
    from photosearch.indexing.run import Describer, Observer
    from photosearch.indexing.summary import Summary
    from photosearch.indexing.watch import WatchConfig
    from photosearch.repair.doctor import Report
    from photosearch.repair.salvage import Salvaged
    from photosearch.search.meaning import Meaning
    from photosearch.search.results import Hits
    from photosearch.search.searcher import Searcher

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

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        load_encoder: Callable[[], SentenceEncoder] | None = None,
    ) -> None:
        """Name a library; nothing is opened or made yet.

        Args:
            path: its file; without one, see `default_path`.
            load_encoder: gives what turns sentences into vectors; by default the shipped
                one. Called at the first search that needs it.
        """
        self.path = os.fspath(path) if path is not None else default_path()
        self._load_encoder = load_encoder or load_sentence_encoder
        self._encoder: SentenceEncoder | None = None
        self._reader: sqlite3.Connection | None = None
        self._searcher: Searcher | None = None

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
            self._reader = self._searcher = None

    def index(
        self,
        folders: Iterable[str | os.PathLike[str]] = (),
        *,
        load: Callable[[], Describer] | None = None,
        engine: str = "auto",
        device: str = "auto",
        threads: int | None = None,
        notify: Callable[[str], None] = lambda text: None,
        bf16: bool = False,
        batch_size: int | None = None,
        workers: int | None = None,
        force: bool = False,
        upgrade: bool = False,
        retry: bool = False,
        exclude: Sequence[str] = (),
        file_timeout: float | None = None,
        max_pixels: int | None = None,
        observer: Observer | None = None,
    ) -> Summary:
        """Describe every new or changed photo in folders; see `photosearch.indexing.run.index`.

        Args:
            folders: where to look; without any, those that were indexed before.
            load: gives what describes photos; by default the shipped captioner. Called only
                when there is a photo to describe.
            engine: of the shipped captioner, see `photosearch.indexing.describer.load`; so are
                device, threads and notify.
            device: of torch: auto, cpu, cuda or mps.
            threads: processor threads.
            notify: told in a line what takes long.
            bf16: look at photos in bfloat16; refused where that isn't faster.
            batch_size: photos described and written together; by default 64, on a graphics
                processor as many as fit.
            workers: decoding processes; 0 decodes in this one. By default one for
                every processor: they wait while the captioner is the slower one.
            force: describe known and unchanged photos as well, whole.
            upgrade: make anew what another model than the shipped one made of known and
                unchanged photos; not with `load`.
            retry: try again what couldn't be read, though it is unchanged.
            exclude: what to ignore in this run, patterns as in .gitignore, seen from each folder.
            file_timeout: seconds that a photo may take to decode; by default 60. Not kept
                with `workers=0`.
            max_pixels: of a photo; larger ones count as unreadable. By default 200 million.
            observer: told about progress and skipped files.

        Raises:
            LibraryError: the file can't be used, or another process is indexing it.
            TypeError: folders is a single path.
            ValueError: the engine or the device isn't there, bf16 isn't faster, or a pattern
                is none.
            RuntimeError: the decoding processes can't start: a script needs the guard
                `if __name__ == "__main__"`, or `workers=0`.
        """
        from photosearch.indexing.describer import processors
        from photosearch.indexing.run import IndexConfig, index
        from photosearch.indexing.summary import Summary

        fingerprints = None
        if load is None:
            from captioner.describe.model_folder import read_settings, shipped_model
            from photosearch.indexing import describer

            describer.check(engine, device)
            fingerprints = read_settings(shipped_model())["fingerprints"]

            def load() -> Describer:
                return describer.load(engine, device, threads, notify, bf16=bf16)

        if workers is None:
            workers = processors()
        given = paths_of(folders)
        if not os.path.exists(self.path) and not any(map(os.path.exists, given)):
            # A mistyped folder must not leave an empty library behind.
            return Summary(unreachable=dict.fromkeys(given, "no such file or directory"))
        limits: dict[str, Any] = {"file_timeout": file_timeout, "max_pixels": max_pixels}
        limits = {name: value for name, value in limits.items() if value is not None}
        config = IndexConfig(batch_size, workers, force, upgrade, retry, exclude, **limits)
        with changing(self.path) as connection:
            known = outer_roots(connection)
            roots = spelled(given, known) or known
            return index(connection, roots, load, config, observer, fingerprints)

    def watch(
        self,
        folders: Iterable[str | os.PathLike[str]] = (),
        *,
        load: Callable[[], Describer] | None = None,
        engine: str = "auto",
        device: str = "auto",
        threads: int | None = None,
        notify: Callable[[str], None] = lambda text: None,
        observing: Callable[[], contextlib.AbstractContextManager[Observer]] | None = None,
        config: WatchConfig | None = None,
        **options: Any,
    ) -> Iterator[tuple[Summary, float]]:
        """Index folders, and again what changes in them; see `photosearch.indexing.watch`.

        Args:
            folders: what to watch; without any, those that were indexed before.
            load: as for `index`; called once at most.
            engine: as for `index`.
            device: as for `index`.
            threads: as for `index`.
            notify: told in a line what is missing, what waits and what takes long.
            observing: gives the observer of each run.
            config: how long to wait, and how changes are found.
            options: of `index`: exclude, workers, batch_size, force, retry, file_timeout,
                max_pixels.

        Yields:
            What came of each run, and how many seconds it took.

        Raises:
            LibraryError: the file can't be used, or folders can't be watched.
            RuntimeError: as `index` does.
            TypeError: folders is a single path.
            ValueError: no folder is given or known, or as `index` does.
        """
        from photosearch.indexing import describer
        from photosearch.indexing.run import Silent
        from photosearch.indexing.watch import WatchConfig, keep_fresh

        roots = outermost(paths_of(folders))
        if os.path.exists(self.path):
            known = outer_roots(self._open())
            roots = outermost(spelled(roots, known)) or known
        if not roots:
            raise ValueError("which folder? photosearch watch FOLDER")
        if load is None:
            describer.check(engine, device)
        load = load or (lambda: describer.load(engine, device, threads, notify))
        return keep_fresh(
            self, roots, load, lambda folder: store.knows(self._open(), folder),
            observing or (lambda: contextlib.nullcontext(Silent())), notify,
            config or WatchConfig(), **options,
        )  # fmt: skip

    def prune(self, *, dry_run: bool = False) -> int:
        """Forget photos whose files are gone, with all that was known of them.

        A photo in a folder that can't be reached now (an unplugged drive) is kept, and so is
        one whose file is there.

        Args:
            dry_run: only count.

        Returns:
            How many photos.

        Raises:
            LibraryError: the file is missing or can't be used, or is being indexed.
        """
        self._open()
        with changing(self.path) as connection:
            return store.prune(connection, dry_run=dry_run)

    def forget(self, folder: str | os.PathLike[str]) -> int:
        """Take a folder out of the library: its photos, their captions and edits.

        Returns:
            How many photos.

        Raises:
            LibraryError: the file is missing or can't be used, or is being indexed.
            ValueError: the library knows nothing of the folder.
        """
        self._open()
        with changing(self.path) as connection:
            count = store.forget(connection, as_listed(connection, folder))
        if count is None:
            raise ValueError(f"{display(os.fspath(folder))} is not in the library")
        return count

    def root_above(self, folder: str | os.PathLike[str]) -> str | None:
        """Return the folder that was given to index and whose walk comes to this one, if any.

        Raises:
            LibraryError: the file is missing or can't be used.
        """
        path = as_listed(self._open(), folder)
        for root in outer_roots(self._open()):
            with contextlib.suppress(OSError):  # rules that can't be used close what is below
                if is_below(path, root) and reach(root, path) is not None:
                    return root
        return None

    def relocate(self, old: str | os.PathLike[str], new: str | os.PathLike[str]) -> int:
        """Move all that is known of a folder to another one, without reading a photo.

        Args:
            old: a folder of the library, or one above or below such a folder.
            new: where its photos lie now.

        Returns:
            How many photos.

        Raises:
            LibraryError: the file is missing or can't be used, or is being indexed.
            ValueError: the library knows nothing of the old folder, the new one isn't there or
                has none of its photos, or it holds photos that the library knows as well.
        """
        self._open()
        before, after = absolute(old), absolute(new)
        if not os.path.isdir(after):
            raise ValueError(f"{display(os.fspath(new))} is not a folder: nothing was changed")
        with changing(self.path) as connection:
            if not paths.is_there(connection, before, after):
                raise ValueError(
                    f"no photo of {display(before)} lies in {display(after)} under the same name: "
                    "nothing was changed"
                )
            count = paths.relocate(connection, before, after)
        if count is None:
            raise ValueError(f"{display(os.fspath(old))} is not in the library")
        return count

    def failures(self) -> list[dict[str, str]]:
        """Return the files and folders that can't be read, by path.

        Raises:
            LibraryError: the file is missing or can't be used.
        """
        return store.failures(self._open())

    def doctor(self, *, check: bool = False) -> Report:
        """Look for what is wrong, and repair what is safe; see `photosearch.repair.doctor.examine`.

        Args:
            check: only look.

        Returns:
            What was found; a damaged file is told there, and is left alone.

        Raises:
            LibraryError: the file is missing, no library, can't be written, or is being indexed.
        """
        from photosearch.repair import doctor

        self.close()
        return doctor.visit(self.path, check=check)

    def salvage(self, file: str | os.PathLike[str]) -> Salvaged:
        """Write what can be read of a damaged library into a new file; this one stays as it is.

        Returns:
            What was saved, and what wasn't.

        Raises:
            LibraryError: nothing can be read, the new file can't be written, or the library
                is being indexed.
            ValueError: there is something at `file`.
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
        like: str | os.PathLike[str] | None = None,
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
            LibraryError: the file is missing or can't be used.
            UsageError: an unknown ranker or field, `min_score` is not a number, or `like` is not
                there or can't be read.
        """
        path = None if like is None else as_listed(self._open(), like)
        asked = Query(query, limit, Ranker.named(ranker), fields, min_score, path)
        return self.searcher().find(asked, lambda path: vector_of_file(path, load, notify))

    def edit(self, photo: str | os.PathLike[str], caption: str | None) -> None:
        """Keep a person's caption of a photo; it is shown, searched and exported first.

        Args:
            photo: its path.
            caption: one line; None goes back to the generated one.

        Raises:
            LibraryError: the library's file is missing or can't be used.
            ValueError: the library doesn't know the photo, or the caption is empty.
        """
        text = None if caption is None else " ".join(searchable(caption).split())
        if text == "":
            raise ValueError("the caption is empty")
        self._open()
        connection = database.open_for_writing(self.path)
        try:
            if not write_edit(connection, as_listed(connection, photo), text):
                raise ValueError(
                    f"{os.fspath(photo)} is not in the library: index its folder first"
                )
        finally:
            connection.close()

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
        own = [os.path.realpath(self.path) + ending for ending in database.ENDINGS]
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
        if self._reader is not None and not os.path.exists(self.path):
            self.close()  # what it has open is nowhere any more
        if self._reader is None:
            self._reader = database.open_for_reading(self.path)
        return self._reader

    def searcher(self) -> Searcher:
        """Return what searches this library.

        Raises:
            LibraryError: the file is missing or can't be used.
        """
        connection = self._open()
        if self._searcher is None:
            from photosearch.search.searcher import Searcher

            self._searcher = Searcher(connection, self._meaning)
        return self._searcher

    def _meaning(self) -> Meaning | None:
        connection = self._open()
        if connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone() is None:
            return None
        from photosearch.search import meaning

        self._encoder = self._encoder or self._load_encoder()
        return meaning.load(connection, self._encoder)


def load_sentence_encoder() -> SentenceEncoder:
    """Load the shipped text tower."""
    from captioner.describe.sentence_encoder import SentenceEncoder

    return SentenceEncoder.load()


def vector_of_file(
    path: str, load: Callable[[], Describer] | None, notify: Callable[[str], None]
) -> np.ndarray:
    """Describe a photo that no library has; return its vector, unit length, float32 (D,).

    Args:
        path: of the photo.
        load: gives what describes it; None: the shipped captioner.
        notify: told in a line what takes long.

    Raises:
        UsageError: there is no photo, or it can't be read.
    """
    import numpy as np

    from captioner.describe.model_folder import read_settings, shipped_model
    from captioner.describe.quantise import dequantise
    from photosearch.indexing import describer
    from photosearch.photo.decode import decode
    from photosearch.photo.picture import UndecodableError

    if not os.path.exists(path):
        raise UnknownPathError(f"no photo at {display(path)}")
    given = load() if load else None
    size = given.image_size if given else read_settings(shipped_model())["encoder"]["image_size"]
    try:  # before the captioner is loaded, which takes longer
        pixels = decode(path, size).pixels
    except UndecodableError as error:
        raise UsageError(f"{display(path)}: {error}") from error
    notify(f"{display(path)} is not in the library: looking at it first takes some seconds")
    describes = given or describer.load(notify=notify)
    (description,) = describes.describe_pixels(pixels[None], ("vectors",))
    assert description.vector is not None
    return dequantise(np.frombuffer(description.vector, np.int8))
