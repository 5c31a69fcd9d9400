"""Moves: photos that change places, and those that another photo took the place of."""

import os
import sqlite3
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.describe.description import Caption, Description, Tag
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.search.results import Hits
from photosearch.store.descriptions import DESCRIBING, Models
from photosearch.store.edits import write_edit
from photosearch.store.failures import Failure, list_failures
from photosearch.store.known import known_below, photos_of_size
from photosearch.store.moves import copy_photo, move_photos, relocate
from photosearch.store.photos import Photo, set_aside, write_batch
from photosearch.store.removal import forget, prune
from photosearch.store.roots import add_roots, all_roots
from photosearch.store.schema import migrate

MakePhoto = Callable[..., Photo]
Start = Callable[[sqlite3.Connection], tuple[int, Models]]
Find = Callable[..., Hits]

NAMES = ["a", "b", "c", "d", "e"]


def paths_of(connection: sqlite3.Connection) -> dict[int, str]:
    query = "SELECT id, path FROM photos WHERE path IS NOT NULL"
    return {photo_id: os.fsdecode(path) for photo_id, path in connection.execute(query)}


def fill(connection: sqlite3.Connection, start: Start, photo: MakePhoto, paths: list[str]) -> None:
    photos = [photo(path, f"a dog {number}", size=7) for number, path in enumerate(paths)]
    write_batch(connection, *start(connection), photos, [])


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(NAMES), moved=st.sets(st.sampled_from(NAMES)))
def test_any_photos_may_change_places(
    start: Start, photo: MakePhoto, order: list[str], moved: set[str]
) -> None:
    connection = sqlite3.connect(":memory:")
    migrate(connection)
    fill(connection, start, photo, [f"/p/{name}.jpg" for name in NAMES])
    goes = {old: new for old, new in zip(NAMES, order, strict=True) if old in moved}
    before = {
        os.path.basename(path)[0]: photo_id for photo_id, path in paths_of(connection).items()
    }
    with connection:
        move_photos(
            connection,
            {before[old]: ("/p", File(f"/p/{new}.jpg", 7, 2, 2)) for old, new in goes.items()},
        )
    # A photo that stays is set aside where another one comes.
    expected = {before[name]: f"/p/{goes.get(name, name)}.jpg" for name in NAMES}
    taken = {before[name] for name in NAMES if name not in goes and name in goes.values()}
    assert paths_of(connection) == {k: v for k, v in expected.items() if k not in taken}
    aside = [each for each in photos_of_size(connection, 7) if each.path is None]
    assert {each.photo_id: each.last_path for each in aside} == {k: expected[k] for k in taken}
    assert all(each.missing for each in aside)
    shown = {photo_id for (photo_id,) in connection.execute("SELECT photo_id FROM search")}
    assert shown == expected.keys() - taken
    connection.close()


@pytest.fixture
def album(library: sqlite3.Connection, start: Start, photo: MakePhoto) -> sqlite3.Connection:
    """Three photos in /p, of which /p/a.jpg is set aside: a copy of /p/b.jpg lies there."""
    fill(library, start, photo, ["/p/a.jpg", "/p/b.jpg", "/p/c.jpg"])
    add_roots(library, ["/p"])
    write_edit(library, "/p/a.jpg", "my own words")
    with library:
        copy_photo(library, 2, "/p", File("/p/a.jpg", 7, 1, 1))
    return library


def test_a_copy_has_the_whole_description(library: sqlite3.Connection, start: Start) -> None:
    """In the place of a photo that had a description of its own."""
    run, models = start(library)
    for path, said in (("/p/a.jpg", b"one"), ("/p/b.jpg", b"two")):
        text = said.decode()
        seen = Description([Caption(text, -1.0, 2)], [Tag(text, 0.5, True)], said, 0.5, said)
        file = File(path, 7, 1, 1)
        write_batch(library, run, models, [Photo(file, "/p", "PNG", 4, 3, Exif(), seen)], [])
    with library:
        copy_photo(library, 1, "/p", File("/p/b.jpg", 7, 1, 1))
        copy_photo(library, 1, "/p", File("/p/c.jpg", 7, 1, 1))
    for table in DESCRIBING:
        names = [row[1] for row in library.execute(f"PRAGMA table_info({table})")]
        rest = ", ".join(name for name in names if name != "photo_id")
        rows = library.execute(f"SELECT photo_id, {rest} FROM {table} ORDER BY 1").fetchall()
        assert [row[0] for row in rows] == [1, 2, 3], table
        assert len({row[1:] for row in rows}) == 1, table


def test_a_photo_that_is_set_aside_is_hidden_and_kept(
    album: sqlite3.Connection, find: Find
) -> None:
    assert len(photos_of_size(album, 7)) == 4
    assert [photo.last_path for photo in photos_of_size(album, 7) if photo.edited] == ["/p/a.jpg"]
    assert find(album, "words") == []
    assert set(known_below(album, "/p")) == {"/p/a.jpg", "/p/b.jpg", "/p/c.jpg"}
    assert not any(known.missing for known in known_below(album, "/p").values())
    with album:
        move_photos(album, {1: ("/p", File("/p/again.jpg", 7, 3, 3))})
    (result,) = find(album, "words")
    assert (result.path, result.caption) == ("/p/again.jpg", "my own words")
    assert all(photo.path for photo in photos_of_size(album, 7))


def test_several_photos_may_be_set_aside_at_one_path(
    album: sqlite3.Connection, start: Start, photo: MakePhoto
) -> None:
    with album:
        set_aside(album, b"/p/a.jpg")
    write_batch(album, *start(album), [photo("/p/a.jpg", "a cat", size=7)], [])
    found = [photo for photo in photos_of_size(album, 7) if photo.last_path == "/p/a.jpg"]
    assert sorted(photo.path is None for photo in found) == [False, True, True]


def test_a_folder_is_relocated_with_what_was_set_aside(album: sqlite3.Connection) -> None:
    write_batch(album, 1, None, [], [Failure("/p/broken.jpg", "empty"), Failure("/q/x", "old")])
    assert relocate(album, "/p", "/p/inner") == 4
    assert {photo.last_path for photo in photos_of_size(album, 7)} == {
        "/p/inner/a.jpg", "/p/inner/b.jpg", "/p/inner/c.jpg",
    }  # fmt: skip
    assert all_roots(album) == ["/p/inner"]
    assert [failure["path"] for failure in list_failures(album)] == ["/p/inner/broken.jpg", "/q/x"]
    (aside,) = (photo for photo in photos_of_size(album, 7) if photo.path is None)
    assert aside.last_path == "/p/inner/a.jpg"
    assert relocate(album, "/p/inner", "/q") == 4
    assert relocate(album, "/nowhere", "/q") is None
    assert album.execute("SELECT display FROM photos WHERE id = 1").fetchone() == ("/q/a.jpg",)


def test_a_relocation_onto_known_photos_changes_nothing(
    album: sqlite3.Connection, start: Start, photo: MakePhoto
) -> None:
    write_batch(album, *start(album), [photo("/q/b.jpg", "a cat", root="/q")], [])
    before = list(album.iterdump())
    with pytest.raises(ValueError, match=r"^/q/b\.jpg is in the library already, and 0 more"):
        relocate(album, "/p", "/q")
    assert list(album.iterdump()) == before


def test_a_folder_is_forgotten_with_what_was_set_aside(album: sqlite3.Connection) -> None:
    assert forget(album, "/p/a.jpg") == 1  # the photo that lies there, not the one that did
    assert len(photos_of_size(album, 7)) == 3
    assert forget(album, "/p") == 3
    assert photos_of_size(album, 7) == []
    assert forget(album, "/p") is None


def test_a_photo_that_was_set_aside_is_pruned_where_its_folder_is_seen(
    library: sqlite3.Connection, start: Start, photo: MakePhoto, tmp_path: os.PathLike[str]
) -> None:
    folder = os.path.join(tmp_path, "Photos")
    os.mkdir(folder)
    path = os.path.join(folder, "a.jpg")
    fill(library, start, photo, [path])
    add_roots(library, [folder])
    with library:
        set_aside(library, os.fsencode(path))
    assert prune(library) == 0  # an empty folder may be the place of a drive
    with open(path, "wb"):
        pass
    assert prune(library, dry_run=True) == prune(library) == 1
    assert photos_of_size(library, 7) == []
