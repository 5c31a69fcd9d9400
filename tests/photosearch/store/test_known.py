"""What a library knows of paths, whatever their bytes."""

import os
import sqlite3
import tempfile
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from photosearch.search.results import Hits
from photosearch.store import database
from photosearch.store.descriptions import Models
from photosearch.store.failures import Failure
from photosearch.store.known import Known, known_below
from photosearch.store.photos import Photo, set_found, set_missing, write_batch
from photosearch.store.roots import add_roots, outer_roots

MakePhoto = Callable[..., Photo]
Start = Callable[[sqlite3.Connection], tuple[int, Models]]
Find = Callable[..., Hits]


def captioned(size: int, mtime_ns: int, missing: bool = False) -> Known:
    """What is known of a photo that the first model gave captions, and nothing else."""
    return Known(size, mtime_ns, missing, models=(1, None, None))


def failed(size: int | None, mtime_ns: int | None, reason: str) -> Known:
    return Known(size, mtime_ns, False, reason, (None, None, None))


name = st.binary(min_size=1, max_size=20).filter(lambda raw: not {0, ord("/")} & set(raw))


@settings(max_examples=25, deadline=None)
@given(names=st.lists(name.filter(lambda raw: raw not in (b".", b"..")), min_size=1, max_size=4))
def test_any_path_comes_back_as_it_was(
    photo: MakePhoto, start: Start, find: Find, names: list[bytes]
) -> None:
    path = os.fsdecode(b"/p/" + b"/".join(names))
    with tempfile.TemporaryDirectory() as folder:
        connection = database.open_for_writing(os.path.join(folder, "library.db"))
        run, models = start(connection)
        write_batch(connection, run, models, [photo(path, "a dog")], [])
        write_batch(connection, run, None, [], [Failure(path + "x", "why")])
        add_roots(connection, [path])
        assert set(known_below(connection, "/p")) == {path, path + "x"}
        assert set(known_below(connection, path)) == {path}
        assert outer_roots(connection) == [path]
        assert [result.path for result in find(connection, "dog")] == [path]
        assert set_missing(connection, [path]) == 1
        set_found(connection, [path], "/p")
        assert [result.path for result in find(connection, "dog")] == [path]
        connection.close()


some_names = st.lists(st.sampled_from(["a", "b", "ab", "a-b", "a.b", "a b", "A", "é", "\udcff"]))


some_folders = some_names.map(lambda names: "/" + "/".join(names[:4]))


@settings(max_examples=30, deadline=None)
@given(paths=st.lists(some_folders, max_size=8, unique=True), root=some_folders)
def test_known_are_the_paths_below(
    photo: MakePhoto, start: Start, paths: list[str], root: str
) -> None:
    paths = [path for path in paths if path != "/"]
    with tempfile.TemporaryDirectory() as folder:
        connection = database.open_for_writing(os.path.join(folder, "library.db"))
        run, models = start(connection)
        half = len(paths) // 2
        photos = [photo(path, "a dog", root="/") for path in paths[:half]]
        failures = [Failure(path, "why", 2, 3) for path in paths[half:]]
        write_batch(connection, run, models, photos, failures)
        below = {path for path in paths if os.path.commonpath([path, root]) == root}
        assert known_below(connection, root) == {
            path: captioned(1, 1) if path in paths[:half] else failed(2, 3, "why") for path in below
        }
        connection.close()
